"""What the rows of an export refer to, looked up once a portion and remembered while it is few."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    func,
    select,
    true,
    tuple_,
    type_coerce,
)

from hub.closing.exports.cdr_reading import Apart, read_apart
from hub.closing.exports.columns import WHOLE
from hub.closing.exports.snapshot import Finding, Snapshot
from hub.closing.invoices import keeping
from hub.ocpi import strictjson
from hub.ocpi.wire import fold
from hub.parties.terms import Terms, of_plain
from hub.prices.rules.memberships import Kind
from hub.store.agreements import agreements
from hub.store.assignments import memberships
from hub.store.base import Micro
from hub.store.clearings import clearing_events, clearings
from hub.store.disputes import disputes
from hub.store.documents import TABLES
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import tariff_versions
from hub.store.statements import statement_lines, statements

FROM_ROW = (
    "id", "owner", "emsp", "kind", "state", "codes", "received_at", "started_at", "ended_at", "currency",
    "net", "gross", "recomputed_net", "recomputed_gross", "cause", "why", "agreement_id", "tariff_version_id",
    "rules", "policy", "input_hash", "statement_id", "cdr_key", "cdr_seq",
)  # fmt: skip
LINES = ("line", "fee", "line_net", "line_tax", "category", "line_rate")
"""How a CDR stands on its statement, empty where it stands on none: the number of its first line there, what
the hub gets and what is billed in millionths, rounded as the document is; and of which VAT, empty where it
has several."""
CDRS = TABLES["cdrs"]
FEW = 5_000
"""So many sites and versions are remembered at a time."""
SPOTS = 20_000
MOST_WATTS = 10**12
"""More than all power stations of the world give."""
GROUP = Kind.GROUP.value
HELD = ("HELD", "REJECTED", "DROPPED")


def recomputed(name: str) -> ColumnElement[Any]:
    """What the tariff at the start makes of it; where none is known, what those make that it carries."""
    return func.coalesce(clearings.c[f"expected_{name}"], clearings.c[f"carried_{name}"])


def why() -> ColumnElement[Any]:
    """Of those that are not paid, why not."""
    event = clearing_events.c
    mine = event.clearing_id == clearings.c.id, event.after.in_(HELD)
    last = select(event.why).where(*mine).order_by(event.id.desc()).limit(1).correlate(clearings)
    return case((clearings.c.state.in_(HELD), last.scalar_subquery()))


COMPUTED = {"recomputed_net": recomputed("net"), "recomputed_gross": recomputed("gross"), "why": why()}


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


class Spot(NamedTuple):
    """What many CDRs have in common: the clock of the place, what the connector gives in ten-thousandths of a
    kilowatt, the first tariff they carry, the percentage of their taxes, whether they are signed."""

    zone: str
    power: int | None
    tariff: str | None
    rate: int | None
    signed: bool


class Version(NamedTuple):
    """A version of a tariff."""

    tariff: str
    number: int


class Dispute(NamedTuple):
    """The last one over a CDR."""

    id: int
    status: str
    reason: str


ZONES = available_timezones()
UNKNOWN = Site("UTC", {})
NOWHERE = Version("", 0)
read_location = msgspec.json.Decoder(Location, strict=False).decode


def from_row(names: Iterable[str]) -> Iterator[ColumnElement[Any]]:
    """Columns of the row of a clearing; whole numbers as they lie in the table."""
    return (plain(COMPUTED[name] if name in COMPUTED else clearings.c[name]) for name in names)


def plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(column, BigInteger) if isinstance(column.type, Micro) else column


def with_lines(snapshot: Snapshot, names: Sequence[str], *others: ColumnElement[Any]) -> Select[Any]:
    """The number of each clearing, `LINES`, these columns of its row, and others, which the caller is to
    join: as many rows as it has lines. PostgreSQL is told to look at the lines of one after the other: where
    it thinks that they are few, it reads all there are."""
    line = statement_lines.c
    told = (line.number, line.fee, line.net, line.tax, line.category, line.rate)
    columns = [plain(column).label(name) for name, column in zip(LINES, told, strict=True)]
    mine = and_(line.clearing_id == clearings.c.id, line.left_in.is_(None))
    if snapshot.sqlite:
        joined = clearings.outerjoin(statement_lines, mine)
    else:
        each = select(*columns).where(mine).correlate(clearings).offset(0).lateral("stated")
        joined, columns = clearings.outerjoin(each, true()), [*each.c]
    return select(*from_row(["id"]), *columns, *from_row(names), *others).select_from(joined)


@dataclass
class Books:
    """The look-ups of one export."""

    snapshot: Snapshot
    month: str
    _spots: dict[tuple[str, str], Spot] = field(default_factory=dict)
    _sites: dict[tuple[str, str], Site] = field(default_factory=dict)
    _versions: dict[int, Version] = field(default_factory=dict)

    @cached_property
    def with_bodies(self) -> Finding:
        """Rows with their CDRs, in no order."""
        body = func.coalesce(CDRS.c.newest, CDRS.c.sent)
        query = with_lines(self.snapshot, FROM_ROW[1:], CDRS.c.last_updated, body)
        query = query.join(CDRS, CDRS.c.seq == clearings.c.cdr_seq)
        return self.snapshot.finding(query.where(self.snapshot.among(clearings.c.id)))

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

    def spots(self, wanted: Sequence[tuple[str, str]]) -> list[Spot]:
        """Of CPO and what their CDRs have in common, as `cdr_reading.Apart` in JSON."""
        try:
            return [self._spots[each] for each in wanted]
        except KeyError:
            return self._new_spots(wanted)

    def _new_spots(self, wanted: Sequence[tuple[str, str]]) -> list[Spot]:
        if len(self._spots) > SPOTS:
            self._spots.clear()
        aparts = {(owner, text): read_apart(text) for owner, text in set(wanted) - self._spots.keys()}
        sites = self.sites({(owner, apart.location) for (owner, _), apart in aparts.items()})
        self._spots |= {key: spot(sites[key[0], apart.location], apart) for key, apart in aparts.items()}
        return list(map(self._spots.__getitem__, wanted))

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
            for identity, number, body in self._read_versions(missing):
                self._versions[identity] = Version(read_named(bytes(body)).id, number)
        return self._versions

    @cached_property
    def _read_versions(self) -> Finding:
        table = tariff_versions.c
        query = select(table.id, table.number, func.coalesce(table.newest, table.sent))
        return self.snapshot.finding(query.where(self.snapshot.among(table.id)))

    @cached_property
    def disputed(self) -> frozenset[int]:
        """All clearings that ever were: few among many."""
        return frozenset(row[0] for row in self.snapshot.raw(select(disputes.c.clearing_id)))

    def disputes(self, wanted: Iterable[int]) -> Mapping[int, Dispute]:
        """The last dispute over each clearing that has one."""
        ids = self.disputed.intersection(wanted)
        found = self._read_disputes(ids) if ids else ()
        return {clearing: Dispute(identity, state or "OPEN", why) for clearing, identity, state, why in found}

    @cached_property
    def _read_disputes(self) -> Finding:
        table = disputes.c
        query = select(table.clearing_id, table.id, table.outcome, table.reason).order_by(table.id)
        return self.snapshot.finding(query.where(self.snapshot.among(table.clearing_id)))

    @cached_property
    def states(self) -> Mapping[int, str]:
        """Of statements of the month."""
        mine = statements.c.month == self.month
        return dict(self.snapshot.raw(select(statements.c.id, statements.c.state).where(mine)))

    @cached_property
    def invoicing(self) -> bool:
        """Whether any record tells of an invoice."""
        return keeping.last_change(self.snapshot.unit) > 0

    def invoices(self, ids: Collection[int]) -> Mapping[int, str]:
        """Those that bill each of these clearings, several with a semicolon between."""
        found: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for clearing, invoice in self._read_invoices(ids):
            found[clearing][invoice] = None
        return {clearing: "; ".join(told) for clearing, told in found.items()}

    @cached_property
    def _read_invoices(self) -> Finding:
        return self.snapshot.finding(keeping.of_clearings().where(self.snapshot.among(clearings.c.id)))

    @cached_property
    def grouping(self) -> bool:
        """Whether any CPO has told of groups of drivers."""
        query = select(memberships.c.id).where(memberships.c.kind == GROUP).limit(1)
        return bool(self.snapshot.raw(query))

    def groups(self, wanted: Sequence[tuple[str, str | None, int]]) -> list[str | None]:
        """Of CPO, contract and instant: the group in which the contract was then."""
        contracts = {contract for _, contract, _ in wanted if contract is not None}
        found: defaultdict[tuple[str, str | None], list[Any]] = defaultdict(list)
        for owner, member, *rest in self._read_groups(contracts):
            found[owner, member].append(rest)
        return [held_at(found.get((owner, contract), ()), at) for owner, contract, at in wanted]

    @cached_property
    def _read_groups(self) -> Finding:
        table = memberships.c
        query = select(table.owner, table.member, table.valid_from, table.valid_to, table.name)
        mine = table.kind == GROUP, self.snapshot.among(table.member, Text)
        return self.snapshot.finding(query.where(*mine).order_by(table.id))


def in_order(rows: Sequence[Sequence[Any]], ids: Sequence[int]) -> list[Sequence[Any]]:
    """Of `with_lines`, one for each of these clearings."""
    found = {row[0]: row for row in rows}
    if len(found) < len(rows):  # most have one line
        found.clear()
        for row in rows:
            before = found.get(row[0])
            found[row[0]] = row if before is None else both(before, row)
    return [found[each] for each in ids]


def both(first: Sequence[Any], second: Sequence[Any]) -> Sequence[Any]:
    """Of a CDR that has two lines, since it has several rates or categories."""
    identity, line, fee, net, tax, category, rate, *rest = first
    _, line_, fee_, net_, tax_, category_, rate_, *_ = second
    one = category if category == category_ else None, rate if rate == rate_ else None
    return identity, min(line, line_), fee + fee_, net + net_, tax + tax_, *one, *rest


def held_at(memberships_: Iterable[Sequence[Any]], at: int) -> str | None:
    """The name of the membership that held at an instant."""
    names = (name for since, until, name in memberships_ if since <= at and (until is None or at < until))
    return next(names, None)


def spot(site: Site, apart: Apart) -> Spot:
    watts = site.watts.get((apart.evse_uid, apart.connector_id))
    power = None if watts is None else min(watts, MOST_WATTS) * WHOLE // 1000
    return Spot(site.zone, power, apart.tariff, apart.rate, apart.signed)


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
