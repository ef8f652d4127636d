"""How a partner is read from its rows, and how its settings are written there."""

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import literal, or_, select

from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties.partner import Partner, PartnerRole, PartnerSettings, Status
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import WAITS, tariff_versions
from hub.store.readers import reader_state

PRICES_VARY = or_(
    select(literal(1)).select_from(reader_state).exists(),
    select(literal(1)).select_from(tariff_versions).where(WAITS).exists(),
).label("prices_vary")
"""Whether one partner may see other prices than the next: because a tariff is, or was, for some only, because
of a rule, or because a version is still to come. It is read with the partner, so that no request asks for it
on its own."""

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
