"""The routes of the functional modules: a loop over the tables of modules and editions."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint
from flask.typing import ResponseReturnValue

from hub.api import authorize, cdrs, guard, invoices, preferences, receiver, sender
from hub.ocpi.edition import Edition
from hub.ocpi.module import Module
from hub.ocpi.wire import WIRES, Wire

View = Callable[..., ResponseReturnValue]
Rule = tuple[str, str, View]
"""Method, path below the module, view."""

OWNER = "/<country_code>/<party_id>"
OBJECT = "/<object_id>"
PARTS = "/<evse_uid>", "/<connector_id>"

RECEIVER_VIEWS: dict[str, View] = {
    "GET": receiver.get,
    "PUT": receiver.put,
    "PATCH": receiver.patch,
    "DELETE": receiver.delete,
}
POSTED: dict[str, View] = {
    "cdrs": cdrs.post,  # TR-59
    "invoicereconciliation": invoices.post,  # IRR-08
}
"""What is not put where it belongs, but given its place by whoever receives it."""


def spoken(verbs: tuple[str, ...], edition: Edition) -> Iterator[str]:
    """The verbs of this edition; `PATCH@2.1.1` stands for one that only 2.1.1 has."""
    for verb in verbs:
        method, _, only = verb.partition("@")
        if only in ("", edition.version):
            yield method


def receiver_rules(module: Module, edition: Edition) -> Iterator[Rule]:
    """The Receiver interface: the owner of the objects pushes here."""
    for method in spoken(module.receiver, edition):
        if method == "POST":
            yield "POST", "", POSTED[module.name]
        else:
            for path in depths(module):
                yield method, OWNER + path, RECEIVER_VIEWS[method]


def depths(module: Module) -> Iterator[str]:
    """The paths of an object and of its parts."""
    path = OBJECT
    yield path
    for part in PARTS[: len(module.parts)]:
        path += part
        yield path


def sender_rules(module: Module, edition: Edition) -> Iterator[Rule]:
    """The Sender interface: those who hear of the objects pull here; what is irregular is told by hand."""
    yield "GET", "", sender.get_list
    if module.parts:  # LOC-02
        yield from (("GET", path, sender.get_one) for path in depths(module))
    if module.name == "tokens":  # TOK-07
        yield "POST", "/<token_uid>/authorize", authorize.post
    if module.name == "sessions" and edition.routing_headers:  # SES-16, from 2.2 on
        yield "PUT", "/<session_id>/charging_preferences", preferences.put


def blueprint_of_modules() -> Blueprint:
    blueprint = Blueprint("modules", __name__, url_prefix="/ocpi")
    blueprint.before_request(guard.admit)
    for (name, version), wire in WIRES.items():
        for side, rules in (("receiver", receiver_rules), ("sender", sender_rules)):
            for method, path, view in rules(wire.module, wire.edition):
                add(blueprint, f"/{version}/{side}/{name}{path}", method, view, wire)
    return blueprint


def add(blueprint: Blueprint, path: str, method: str, view: View, wire: Wire) -> None:
    endpoint = f"{method} {path}".replace(".", "_")
    bound = partial(view, wire)
    blueprint.add_url_rule(path, endpoint, bound, methods=[method], provide_automatic_options=False)


blueprint = blueprint_of_modules()
