"""What the hub says of itself to a partner: its credentials object, in the partner's version."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping

from sqlalchemy import select

from hub.ocpi.document import Json, Party
from hub.ocpi.edition import Edition
from hub.ocpi.module import Role
from hub.parties import registry
from hub.parties.partner import PartnerRole
from hub.settings import Settings
from hub.store.base import INSERTS
from hub.store.parties import introductions
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


LISTING = frozenset({"2.3.0"})
"""Versions in which what the hub says of itself changes with those that are connected."""


def digest(unit: Unit, party: Party, version: str, partner_id: int) -> bytes:
    """Of what the partner is to know of who is behind the hub."""
    said = SELF[version](unit, party, partner_id)
    roles = sorted(json.dumps(role, sort_keys=True, default=str) for role in said.get("roles", ()))
    return hashlib.sha256("\n".join(roles).encode()).digest()


def note(unit: Unit, party: Party, version: str, partner_id: int) -> None:
    """In the transaction in which it is told."""
    fresh = {"hash": digest(unit, party, version, partner_id), "told_at": unit.now}
    new = INSERTS[unit.dialect.name](introductions).values(partner_id=partner_id, **fresh)
    unit.connection.execute(new.on_conflict_do_update(index_elements=["partner_id"], set_=fresh))


def is_known(unit: Unit, party: Party, version: str, partner_id: int) -> bool:
    """Whether the partner was told who is connected now."""
    query = select(introductions.c.hash).where(introductions.c.partner_id == partner_id)
    told = unit.connection.execute(query).scalar()
    return told is not None and bytes(told) == digest(unit, party, version, partner_id)


def described(held: PartnerRole) -> Json:
    return {
        "role": str(held.role),
        "business_details": dict(held.business_details) or {"name": str(held.party)},
        "party_id": held.party.party_id,
        "country_code": held.party.country_code,
    }


def named(party: Party) -> Json:
    return {"name": f"OCPI hub {party}"}
