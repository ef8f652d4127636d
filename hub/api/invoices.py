"""Invoice reconciliation records as they are sent at first: to no place of their own (IRR-04, IRR-08)."""

from flask import Response

from hub.api import envelope, guard
from hub.api.cdrs import location_of
from hub.ocpi.document import Document
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.wire import Wire
from hub.store import documents
from hub.store.documents import Stored
from hub.sync import intake
from hub.sync.intake import Sender


def post(wire: Wire) -> Response:
    """Keep a new record; the same again changes nothing, another one of the same id is refused (IRR-06)."""
    sender = Sender(guard.caller().partner, wire, guard.route().to)
    body, written = guard.body_and_written()
    owner, checked = sender.check(body, guard.now(), written)
    with guard.hub().store.unit() as unit:
        document = wire.lift(checked, owner, sender.around(unit))
        existing = documents.claim(unit, wire.module.name, owner, document.key)
        is_new = existing is None or existing.deleted
        if existing is None or existing.deleted:
            intake.store(unit, sender, document, existing)
        else:
            refuse_other(existing, document)
    where = {"Location": location_of(wire, owner, str(checked.body[wire.module.id_field]))}
    return envelope.answer(http_status=201 if is_new else 200, headers=where)


def refuse_other(existing: Stored, document: Document) -> None:
    if existing.document.newest != document.newest:
        raise InvalidParameter(
            "A record with this id is already here, with another content: PUT changes it",
            fields={"id": "known already"},
        )
