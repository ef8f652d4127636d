"""Which OCPI versions the hub speaks, and where the interfaces of each are (A2 of the requirements).

Every URL is made from HUB_PUBLIC_URL, never from what the request says its host is.
"""

from collections.abc import Collection, Iterator

from flask import Blueprint, Response

from hub.api import guard
from hub.api.envelope import answer
from hub.ocpi.document import Json
from hub.ocpi.edition import Edition
from hub.ocpi.editions import EDITIONS, edition
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.parties.interfaces import CREDENTIALS, RECEIVER, SENDER, faced

OLDEST = EDITIONS[0].version
SHOWN: dict[str, frozenset[Role]] = {"cpo": frozenset({Role.EMSP}), "emsp": frozenset({Role.CPO})}
"""How the hub shows itself to 2.1.1 platforms that have both roles -> the role it then faces (VER-05)."""


def versions() -> Response:
    """The versions on offer; an invitation may be for one of them alone."""
    partner = guard.caller().partner
    only = partner.version if partner.registered_at is None else None
    offered = [each for each in EDITIONS if only in (None, each.version)]
    return answer([{"version": each.version, "url": url_of(each.version)} for each in offered])


def details(version: str) -> Response:
    partner = guard.caller().partner
    return answer(described(edition(version), {held.role for held in partner.roles}))


def versions_shown(shown: str) -> Response:
    """The same list, with 2.1.1 as the hub shows itself here."""
    urls = {each.version: url_of(each.version) for each in EDITIONS} | {OLDEST: url_of(shown, OLDEST)}
    return answer([{"version": version, "url": url} for version, url in urls.items()])


def details_shown(shown: str) -> Response:
    return answer(described(edition(OLDEST), SHOWN[shown]))


def described(spoken: Edition, roles: Collection[Role]) -> Json:
    """The version details, for a platform in these roles."""
    credentials = endpoint(spoken, CREDENTIALS, SENDER, url_of(spoken.version, CREDENTIALS))  # VER-04
    functional = [
        endpoint(spoken, module, side, url_of(spoken.version, side.lower(), module))
        for module, side in interfaces(spoken, roles)
    ]
    return {"version": spoken.version, "endpoints": [credentials, *functional]}


def interfaces(spoken: Edition, roles: Collection[Role]) -> Iterator[tuple[str, str]]:
    """The hub's modules and the sides it shows: both, or in 2.1.1 the one opposite to the platform's.

    To a 2.1.1 platform with both roles it is a CPO; `/ocpi/emsp/versions` shows the other side (VER-05).
    """
    one_role = set(roles) - {Role.CPO} or roles
    for module in MODULES:
        if module in spoken.schemas:
            sides = (SENDER, RECEIVER) if spoken.has_roles else faced(module, one_role)
            yield from ((module, side) for side in sides)


def endpoint(spoken: Edition, module: str, side: str, url: str) -> Json:
    role = {"role": side} if spoken.has_roles else {}  # VER-02
    return {"identifier": module, **role, "url": url}


def url_of(*path: str) -> str:
    return "/".join((guard.hub().settings.public_url, "ocpi", *path))


def blueprint_of_versions() -> Blueprint:
    blueprint = Blueprint("versions", __name__, url_prefix="/ocpi")
    blueprint.before_request(guard.admit)
    shown = f"<any({', '.join(SHOWN)}):shown>"
    spoken = ", ".join(f'"{each.version}"' for each in EDITIONS)
    for path, view in (
        ("/versions", versions),
        (f"/{shown}/versions", versions_shown),
        (f"/{shown}/{OLDEST}", details_shown),
        (f"/<any({spoken}):version>", details),
    ):
        blueprint.add_url_rule(path, view_func=view, methods=["GET"], provide_automatic_options=False)
    return blueprint


blueprint = blueprint_of_versions()
