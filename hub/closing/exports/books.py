"""What the rows of an export refer to, looked up once a portion and remembered while it is few."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import BigInteger, func, select, tuple_, type_coerce

from hub.closing.exports.snapshot import Snapshot
from hub.ocpi import strictjson
from hub.ocpi.wire import fold
from hub.parties.terms import Terms, of_plain
from hub.store.agreements import agreements
from hub.store.clearings import clearing_events
from hub.store.disputes import disputes
from hub.store.documents import TABLES
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import tariff_versions
from hub.store.statements import statement_lines, statements

FEW = 5_000
"""So many sites are remembered at a time."""
HELD = ("HELD", "REJECTED", "DROPPED")


class Connector(msgspec.Struct, frozen=True):
    id: str
    power_type: str
    max_voltage: int = 0
    max_amperage: int = 0
    max_electric_power: int | None = None

    @property
    def watts(self) -> int:
        phases = {"AC_3_PHASE": 3, "AC_2_PHASE": 2}.get(self.power_type, 1)
        return self.max_electric_power or self.max_voltage * self.max_amperage * phases


class Evse(msgspec.Struct, frozen=True):
    uid: str
    connectors: list[Connector] = []


class Location(msgspec.Struct, frozen=True):
    time_zone: str
    evses: list[Evse] = []


class Site(NamedTuple):
    """A location: by which clock, and how many watts each (EVSE, connector) gives."""

    zone: str
    watts: Mapping[tuple[str, str], int]


class Version(NamedTuple):
    """A version of a tariff."""

    tariff: str
    number: int


class Dispute(NamedTuple):
    """The last one over a CDR."""

    id: int
    status: str
    reason: str


class Stated(NamedTuple):
    """How a CDR stands on its statement: its first line there, what the hub gets, whether it is paid.

    category, rate  None where it has several; rate and fee as millionths
    """

    line: int
    fee: int
    category: str | None
    rate: int | None
    state: str


ZONES = available_timezones()
UNKNOWN = Site("UTC", {})
NOWHERE = Version("", 0)
read_location = msgspec.json.Decoder(Location, strict=False).decode


@dataclass
class Books:
    """The look-ups of one export."""

    snapshot: Snapshot
    _sites: dict[tuple[str, str], Site] = field(default_factory=dict)
    _versions: dict[int, Version] = field(default_factory=dict)

    @cached_property
    def terms(self) -> Mapping[int, Terms]:
        """By the number of the agreement."""
        found = self.snapshot.rows(select(agreements.c.id, agreements.c.terms))
        return {row.id: of_plain(strictjson.reread(row.terms.encode())) for row in found}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Of a party's code: the name of its business, or of its connection."""
        same = partner_roles.c.partner_id == partners.c.id
        query = select(partner_roles.c.party, partner_roles.c.business_details, partners.c.name).where(same)
        found = self.snapshot.rows(query.order_by(partner_roles.c.party, partner_roles.c.role))
        return {row.party: json.loads(row.business_details).get("name") or row.name for row in found}

    def sites(self, wanted: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Site]:
        """Of (CPO, location id)."""
        missing = set(wanted) - self._sites.keys()
        if missing:
            if len(self._sites) > FEW:
                self._sites.clear()
                missing = set(wanted)
            self._sites |= dict.fromkeys(missing, UNKNOWN) | self._read_sites(missing)
        return self._sites

    def _read_sites(self, missing: Collection[tuple[str, str]]) -> dict[tuple[str, str], Site]:
        table = TABLES["locations"]
        body = func.coalesce(table.c.newest, table.c.sent).label("body")
        by_key = {(owner, fold(identity)): (owner, identity) for owner, identity in missing}
        found: dict[tuple[str, str], Site] = {}
        for some in portions(sorted(by_key), 400):
            query = select(table.c.owner, table.c.key, body).where(
                tuple_(table.c.owner, table.c.key).in_(some)
            )
            found |= {
                by_key[row.owner, row.key]: site_of(bytes(row.body)) for row in self.snapshot.rows(query)
            }
        return found

    def versions(self, wanted: Collection[int]) -> Mapping[int, Version]:
        """By the number of the row in the price book."""
        missing = set(wanted) - self._versions.keys()
        if missing:
            if len(self._versions) > FEW:
                self._versions.clear()
                missing = set(wanted)
            table = tariff_versions.c
            body = func.coalesce(table.newest, table.sent).label("body")
            query = select(table.id, table.number, body)
            for row in self.snapshot.rows(query.where(self.snapshot.among(table.id, missing))):
                self._versions[row.id] = Version(read_named(bytes(row.body)).id, row.number)
        return self._versions

    def disputes(self, ids: Iterable[int]) -> Mapping[int, Dispute]:
        """The last dispute over each clearing that has one."""
        table = disputes.c
        query = select(table.clearing_id, table.id, table.outcome, table.reason).order_by(table.id)
        found = self.snapshot.rows(query.where(self.snapshot.among(table.clearing_id, ids)))
        return {row.clearing_id: Dispute(row.id, row.outcome or "OPEN", row.reason) for row in found}

    def stated(self, ids: Collection[int]) -> Mapping[int, Stated]:
        """Of those that stand on a statement."""
        if not ids:
            return {}
        line, on = statement_lines.c, statements.c
        query = select(
            line.clearing_id,
            func.min(line.number),
            func.sum(type_coerce(line.fee, BigInteger)),
            func.min(line.category),
            func.max(line.category),
            func.min(type_coerce(line.rate, BigInteger)),
            func.max(type_coerce(line.rate, BigInteger)),
            func.max(on.state),
        ).where(line.statement_id == on.id, line.left_in.is_(None))
        found = self.snapshot.rows(
            query.where(self.snapshot.among(line.clearing_id, ids)).group_by(line.clearing_id)
        )
        return {row[0]: stated(*row[1:]) for row in found}

    def whys(self, ids: Collection[int]) -> Mapping[int, str]:
        """Why each of these clearings, which are not paid, is not."""
        if not ids:
            return {}
        table = clearing_events.c
        query = select(table.clearing_id, table.why).where(
            self.snapshot.among(table.clearing_id, ids), table.after.in_(HELD)
        )
        return {row.clearing_id: row.why for row in self.snapshot.rows(query.order_by(table.id))}


def stated(  # noqa: PLR0913, PLR0917 (a row of the query)
    line: int, fee: Any, first: str, last: str, low: int, high: int, state: str
) -> Stated:
    return Stated(line, int(fee), first if first == last else None, low if low == high else None, state)


class Named(msgspec.Struct, frozen=True):
    id: str


read_named = msgspec.json.Decoder(Named).decode


def site_of(body: bytes) -> Site:
    told = read_location(body)
    watts = {
        (evse.uid, connector.id): connector.watts for evse in told.evses for connector in evse.connectors
    }
    return Site(told.time_zone if told.time_zone in ZONES else UNKNOWN.zone, watts)


def portions(values: list[Any], size: int) -> Iterable[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))
