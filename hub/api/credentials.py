"""The credentials endpoint: how a partner registers, renews that, and leaves (A3 of the requirements)."""

from typing import NoReturn

from flask import Blueprint, Response
from werkzeug.exceptions import MethodNotAllowed

from hub.api import guard
from hub.api.envelope import answer
from hub.ocpi.editions import EDITIONS, edition
from hub.parties import handshake

REGISTERED_MAY = ("GET", "PUT", "DELETE")
INVITED_MAY = ("GET", "POST")


def get(version: str) -> Response:
    return answer(handshake.ours(guard.hub(), edition(version), guard.caller()))


def post(version: str) -> Response:
    if guard.caller().kind != "A":
        not_allowed(
            "This platform is registered; it can renew its registration by PUT", REGISTERED_MAY
        )  # CRED-10
    return answer(handshake.accept(guard.hub(), edition(version), guard.caller(), guard.body()))


def put(version: str) -> Response:
    refuse_unregistered()
    return answer(handshake.renew(guard.hub(), edition(version), guard.caller(), guard.body()))


def delete(version: str) -> Response:
    refuse_unregistered()
    handshake.leave(guard.hub(), guard.caller())
    return answer()


def refuse_unregistered() -> None:
    if guard.caller().kind == "A":
        not_allowed("This platform is not registered yet; it can register by POST", INVITED_MAY)  # CRED-11


def not_allowed(why: str, methods: tuple[str, ...]) -> NoReturn:
    raise MethodNotAllowed(valid_methods=methods, description=why)


def blueprint_of_credentials() -> Blueprint:
    blueprint = Blueprint("credentials", __name__, url_prefix="/ocpi")
    blueprint.before_request(guard.admit)
    spoken = ", ".join(f'"{each.version}"' for each in EDITIONS)
    for view in (get, post, put, delete):
        method = view.__name__.upper()
        rule = f"/<any({spoken}):version>/credentials"
        blueprint.add_url_rule(rule, view_func=view, methods=[method], provide_automatic_options=False)
    return blueprint


blueprint = blueprint_of_credentials()
