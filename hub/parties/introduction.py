"""What the hub says of itself to a partner: its credentials object, in the partner's version."""

from collections.abc import Callable, Collection, Mapping

from hub.ocpi.document import Json, Party
from hub.ocpi.edition import Edition
from hub.ocpi.module import Role
from hub.parties import registry
from hub.parties.partner import PartnerRole
from hub.settings import Settings
from hub.store.unit import Unit


def versions_url(settings: Settings) -> str:
    return f"{settings.public_url}/ocpi/versions"


def versions_url_facing(settings: Settings, roles: Collection[Role]) -> str:
    """For a 2.1.1 platform of which the hub knows only in which role it acts (VER-05)."""
    shown = "emsp" if Role.CPO in roles else "cpo"
    return f"{settings.public_url}/ocpi/{shown}/versions"


def credentials(unit: Unit, settings: Settings, edition: Edition, partner_id: int, token: str) -> Json:
    """The credentials object for one partner; `token` is the one this partner must use (CRED-16)."""
    said = SELF[edition.version](unit, settings.party, partner_id)
    return {"token": token, "url": versions_url(settings), **said}


def as_one_party(unit: Unit, party: Party, partner_id: int) -> Json:
    """2.1.1 knows one party a connection, and no roles (CRED-25)."""
    return {"business_details": named(party), "party_id": party.party_id, "country_code": party.country_code}


def as_hub(unit: Unit, party: Party, partner_id: int) -> Json:
    """2.2.1 wants the hub alone; whom it connects is told by hub client info (CRED-20)."""
    return {"roles": [described(PartnerRole(Role.HUB, party, named(party)))]}


def with_those_behind(unit: Unit, party: Party, partner_id: int) -> Json:
    """2.3.0 wants the parties reachable through the hub, and has no role for the hub itself (CRED-21)."""
    others = [other for other in registry.everyone(unit) if other.id != partner_id]
    connected = [held for other in others if registry.is_connected(other) for held in other.roles]
    behind = [held for held in connected if held.role is not Role.HUB]
    roles = behind or [PartnerRole(Role.OTHER, party, named(party))]
    return {"hub_party_id": party.code, "roles": [described(held) for held in roles]}


SELF: Mapping[str, Callable[[Unit, Party, int], Json]] = {
    "2.1.1": as_one_party,
    "2.2.1": as_hub,
    "2.3.0": with_those_behind,
}


def described(held: PartnerRole) -> Json:
    return {
        "role": str(held.role),
        "business_details": dict(held.business_details) or {"name": str(held.party)},
        "party_id": held.party.party_id,
        "country_code": held.party.country_code,
    }


def named(party: Party) -> Json:
    return {"name": f"OCPI hub {party}"}
