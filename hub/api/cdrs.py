"""CDRs, received once and never changed (CDR-01 to CDR-06)."""

from urllib.parse import quote

from flask import Response

from hub.api import envelope, guard
from hub.ocpi.document import Party
from hub.ocpi.wire import Wire
from hub.store import conflicts, documents
from hub.sync import intake
from hub.sync.intake import Kept, OtherContent, Sender


def post(wire: Wire) -> Response:
    """Keep a CDR and answer where it can be read (CDR-01); the same again gets the same answer (CDR-04)."""
    sender = Sender(guard.caller().partner, wire)
    body, written = guard.body_and_written()
    owner, checked = sender.check(body, guard.now(), written)
    try:
        with guard.hub().store.unit() as unit:
            document = wire.lift(checked, owner, sender.around(unit))
            existing = documents.claim(unit, wire.module.name, owner, document.key)
            kept = intake.keep_cdr(unit, sender, document, existing)
    except OtherContent:
        with guard.hub().store.unit() as unit:  # the other one was undone with all that was in it
            conflicts.keep(unit, document)
        raise
    where = {"Location": location_of(wire, owner, str(checked.body[wire.module.id_field]))}
    return envelope.answer(http_status=201 if kept is Kept.NEW else 200, headers=where)


def location_of(wire: Wire, owner: Party, identity: str) -> str:
    """Where the CDR can be read, by its sender only (CDR-02)."""
    path = "/".join(quote(part, safe="") for part in (*owner, identity))
    return f"{guard.hub().settings.public_url}/ocpi/{wire.edition.version}/receiver/{wire.module.name}/{path}"
