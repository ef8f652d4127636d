"""How a partner is read from its rows, and how its settings are written there."""

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, literal, or_, select

from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties.partner import Partner, PartnerRole, PartnerSettings, Status
from hub.store.assignments import rule_states
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import WAITS, tariff_ends, tariff_versions
from hub.store.readers import reader_state, sightings


def any_in(table: Table) -> Select[Any]:
    return select(literal(1)).select_from(table)


PRICES_VARY = or_(
    any_in(reader_state).exists(),
    any_in(rule_states).exists(),
    any_in(sightings).exists(),
    any_in(tariff_versions).where(WAITS).exists(),
    any_in(tariff_ends).where(WAITS).exists(),
).label("prices_vary")
"""Whether there is anything by which one partner sees other prices than the next: a tariff for some only, a
rule, a version or an end still to come. It is read with the partner, so that no request asks for it on its
own, and from the tables themselves, so that nobody has to remember to say so."""

COLUMNS = (
    partners.c.id,
    partners.c.name,
    partners.c.status,
    partners.c.version,
    partners.c.versions_url,
    partners.c.settings,
    partners.c.registered_at,
    partner_roles.c.role,
    partner_roles.c.party,
    partner_roles.c.business_details,
    PRICES_VARY,
)
"""Of a partner joined with its roles: one row a role, or a single one without."""


class Row(NamedTuple):
    """The same columns, read."""

    id: int
    name: str
    status: str
    version: str | None
    versions_url: str | None
    settings: str
    registered_at: int | None
    role: str | None
    party: str | None
    business_details: str | None
    prices_vary: bool


@lru_cache(maxsize=4096)
def partner_of(rows: tuple[tuple[Any, ...], ...]) -> Partner:
    """The partner that these rows say; asked for on every request, so equal rows are read once."""
    first = Row(*rows[0])
    return Partner(
        first.id,
        first.name,
        Status(first.status),
        first.version,
        first.versions_url,
        tuple(role_of(row) for row in map(Row._make, rows) if row.role),
        settings_of(first.settings),
        first.registered_at,
        bool(first.prices_vary),
    )


def role_of(row: Row) -> PartnerRole:
    details = strictjson.reread((row.business_details or "{}").encode())
    return PartnerRole(Role(row.role or ""), Party.of_code(row.party or ""), details)


READ: Mapping[str, Any] = {
    "lenient": frozenset,
    "hosts": frozenset,
    "pull_only": frozenset,
    "vat": Decimal,
    "counterpart": Party.of_code,
}
"""Settings that JSON cannot hold as they are; only what differs from its default is there, so no nulls."""
WRITTEN: Mapping[str, Any] = {
    "lenient": sorted,
    "hosts": sorted,
    "pull_only": sorted,
    "vat": str,
    "counterpart": lambda party: party.code,
}


def settings_of(text: str) -> PartnerSettings:
    return PartnerSettings(**{name: READ.get(name, same)(value) for name, value in json.loads(text).items()})


def settings_text(settings: PartnerSettings) -> str:
    """Only what differs from the defaults."""
    changed = {
        field.name: WRITTEN.get(field.name, same)(getattr(settings, field.name))
        for field in fields(PartnerSettings)
        if getattr(settings, field.name) != field.default
    }
    return json.dumps(changed, sort_keys=True)


def same(value: Any) -> Any:
    return value
