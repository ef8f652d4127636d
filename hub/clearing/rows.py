"""The rows of clearing: how a CDR gets one, and which others lie near it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, or_, select, update
from sqlalchemy.sql.base import Executable

from hub.clearing import bounds, readings
from hub.clearing.case import Other
from hub.clearing.facts import Facts
from hub.clearing.states import State
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold, key_of
from hub.store import documents
from hub.store.adjustments import adjustments
from hub.store.base import INSERTS, Instant, of_micro
from hub.store.clearings import clearing_progress, clearings, in_millionths
from hub.store.documents import Stored
from hub.store.prepared import Prepared
from hub.store.unit import Unit

NEAR = 4 * 3600 * 1_000_000
"""How long before and after it other CDRs are looked at."""
LONGEST = 7 * 86400 * 1_000_000
"""How long before it others may have begun that still overlap it."""
MOST = 50
"""So many of each kind are compared with one CDR, whatever lies there."""


NORMAL, CREDIT, PARTIAL, REPLACEMENT = "NORMAL", "CREDIT", "PARTIAL", "REPLACEMENT"
CREDITS = (CREDIT, PARTIAL)
"""Those that take another CDR back: all of it, or a part."""
NOBODY, NO_CURRENCY = "XXXXX", "XXX"


ENTERED = (
    "owner",
    "cdr_key",
    "cdr_seq",
    "emsp",
    "kind",
    "home",
    "state",
    "received_at",
    "session_key",
    "evse_key",
    "connector_key",
    "token_key",
    "reference",
    "credits",
    "started_at",
    "ended_at",
    "energy",
    "fingerprint",
    "latitude",
    "longitude",
    "currency",
    "net",
    "gross",
)
"""What a row has from the beginning; all else is told by what becomes of the CDR."""


def entering(dialect: str) -> Executable:
    row: Executable = (
        INSERTS[dialect](clearings)
        .values({name: bindparam(name) for name in ENTERED})
        .on_conflict_do_nothing(index_elements=["owner", "cdr_key"])
    )
    return row


ENTER = Prepared(**{dialect: entering(dialect) for dialect in INSERTS})


def enter(unit: Unit, stored: Stored, facts: Facts) -> None:
    """Give a CDR its row, in state RECEIVED; nothing happens when it has one."""
    put_all(unit, [columns(stored, facts)])


def put_all(unit: Unit, entered: Sequence[Mapping[str, Any]]) -> None:
    """The rows of new CDRs, each with its columns; those that have one keep it."""
    nothing = dict.fromkeys(ENTERED)
    told = [of_a_part(unit, each) if each["kind"] == CREDIT else each for each in entered]
    ENTER.many(unit, [nothing | in_millionths(values) for values in told])


def of_a_part(unit: Unit, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a credit, which does not tell itself whether it takes back all: neither it nor that ever changes.

    Both are told apart with all their digits: what rows round to nought is a part too.
    """
    original = documents.find(unit, "cdrs", Party.of_code(values["owner"]), str(values["credits"]))
    credit = documents.by_seq(unit, "cdrs", values["cdr_seq"])
    if original is None or credit is None:
        return values
    net, whole = (Decimal(each.document.newest["total_cost"]["before_taxes"]) for each in (credit, original))
    return {**values, "kind": PARTIAL} if 0 < -net < whole else values


def columns(stored: Stored, facts: Facts) -> Mapping[str, Any]:
    document, cdr = stored.document, stored.document.newest
    token, place = cdr["cdr_token"], cdr["cdr_location"]
    reference, session = cdr.get("credit_reference_id"), cdr.get("session_id")
    latitude, longitude = coordinates(document)
    return {
        "owner": stored.owner,
        "cdr_key": stored.key,
        "cdr_seq": stored.seq,
        "emsp": Party.of(token["country_code"], token["party_id"]).code,
        "kind": CREDIT if cdr.get("credit") else NORMAL,
        "home": cdr.get("home_charging_compensation") is True,
        "state": State.RECEIVED,
        "received_at": stored.received_at,
        "session_key": None if session is None else fold(session),
        "evse_key": fold(place["evse_uid"]),
        "connector_key": fold(place["connector_id"]),
        "token_key": fold(token["uid"]),
        "reference": cdr.get("authorization_reference"),
        "credits": None if reference is None else key_of(MODULES["cdrs"], reference, None),
        "started_at": facts.start,
        "ended_at": facts.end,
        "energy": bounds.kept(facts.energy),
        "fingerprint": fingerprint_of(cdr),
        "latitude": latitude,
        "longitude": longitude,
        "currency": str(cdr["currency"]).upper(),
        "net": bounds.kept(facts.total.net),
        "gross": None if facts.total.gross is None else bounds.kept(facts.total.gross),
    }


def unread(stored: Stored) -> Mapping[str, Any]:
    """The columns of a CDR that cannot be read: it is held, and cannot be accepted."""
    return {
        "owner": stored.owner,
        "cdr_key": stored.key,
        "cdr_seq": stored.seq,
        "emsp": NOBODY,
        "kind": NORMAL,
        "home": False,
        "state": State.RECEIVED,
        "received_at": stored.received_at,
        **dict.fromkeys(("evse_key", "connector_key", "token_key"), ""),
        **dict.fromkeys(("started_at", "ended_at"), stored.received_at),
        **dict.fromkeys(("energy", "net"), bounds.LARGEST),
        "currency": NO_CURRENCY,
    }


def fingerprint_of(cdr: Json) -> str | None:
    key = (cdr.get("signed_data") or {}).get("public_key")
    return readings.fingerprint(key) if key else None


def rounded(value: Decimal) -> Decimal:
    """To the six places that rows have; documents keep every digit, and finer ones are remarked upon (A4)."""
    return round(value, 6)


def coordinates(document: Document) -> tuple[Decimal, Decimal]:
    told = document.newest["cdr_location"]["coordinates"]
    return rounded(Decimal(told["latitude"])), rounded(Decimal(told["longitude"]))


def one(unit: Unit, owner: str, cdr_key: str) -> Any:
    """The row of a CDR; None when it has none yet."""
    query = select(clearings).where(clearings.c.owner == owner, clearings.c.cdr_key == cdr_key)
    return unit.connection.execute(query).first()


STATE = Prepared(every=select(clearings.c.state).where(clearings.c.id == bindparam("this")))


def stands(unit: Unit, row: Any) -> bool:
    """Whether it is still in the state in which it was read."""
    return bool(STATE.first(unit, this=row.id).state == row.state)


def again(unit: Unit, row: Any) -> Any:
    """The same row as it is now."""
    return unit.connection.execute(select(clearings).where(clearings.c.id == row.id)).one()


def locked(unit: Unit, owner: str, cdr_key: str) -> Any:
    """The row of a CDR, locked until the commit; None when it has none yet."""
    mine = select(clearings).where(clearings.c.owner == owner, clearings.c.cdr_key == cdr_key)
    return unit.connection.execute(mine.with_for_update()).first()


def link(unit: Unit, original: Any, replacement: Any) -> None:
    """The one stands in the place of the other."""
    for row, values in (
        (original, {"replaced_by": replacement.cdr_key}),
        (replacement, {"kind": REPLACEMENT}),
    ):
        unit.connection.execute(update(clearings).where(clearings.c.id == row.id).values(values))


def come_in_place(unit: Unit, row: Any, key: str) -> None:
    """A CDR that its CPO has sent in the place of one that it credited."""
    link(unit, one(unit, row.owner, key), row)


def through(unit: Unit) -> int:
    """Up to which number in `cdrs` every CDR has its row."""
    return int(unit.connection.execute(select(clearing_progress.c.through)).scalar() or 0)


def put_through(unit: Unit, seq: int | None) -> None:
    if seq is None:
        return
    row = INSERTS[unit.dialect.name](clearing_progress).values(id=1, through=seq)
    later = clearing_progress.c.through < seq
    unit.connection.execute(
        row.on_conflict_do_update(index_elements=["id"], set_={"through": seq}, where=later)
    )


LIKE = tuple(
    clearings.c[name]
    for name in (
        "id",
        "owner",
        "emsp",
        "cdr_key",
        "state",
        "session_key",
        "evse_key",
        "connector_key",
        "token_key",
        "reference",
        "started_at",
        "ended_at",
        "energy",
        "latitude",
        "longitude",
        "credited_by",
        "replaced_by",
    )
)
"""What is compared of others."""
ROW = clearings.c
BY_LINE = exists().where(adjustments.c.key == "credit/" + ROW.owner + "/" + ROW.cdr_key).label("by_line")
"""Whether a line took back all of it: on a statement it stays STATED or SETTLED, and no credit is named."""


def given(name: str) -> BindParameter[Any]:
    """A column of the row that is compared, or a number of its type."""
    return bindparam(name, type_=ROW[name].type if name in ROW else Instant)


def same(*names: str) -> list[ColumnElement[bool]]:
    return [ROW[name] == given(name) for name in names]


ALIVE = or_(and_(ROW.state != State.REJECTED, ROW.state != State.DROPPED), ROW.credited_by.is_not(None))
BILLING = tuple(ROW.kind != kind for kind in CREDITS)
OTHERS = (
    select(*LIKE, BY_LINE)
    .where(ROW.id != given("this"), *BILLING, ALIVE)
    .where(or_(ROW.received_at < given("received_at"), ROW.cdr_seq < given("cdr_seq")))
    .order_by(ROW.id.desc())
    .limit(MOST)
)
"""Other CDRs that bill something, or did until they were credited, received before this one."""
NEAR_EVSE = Prepared(
    every=OTHERS.where(
        *same("owner", "evse_key"),
        ROW.started_at.between(given("long_before"), given("ended_at")),
        ROW.ended_at > given("before"),
    )
)
NEAR_TOKEN = Prepared(
    every=OTHERS.where(*same("token_key", "emsp"), ROW.started_at.between(given("before"), given("after")))
)
OF_SESSION = Prepared(every=OTHERS.where(*same("owner", "session_key")))
OF_REFERENCE = Prepared(every=OTHERS.where(*same("owner", "reference")))


def near(unit: Unit, row: Any) -> tuple[Other, ...]:
    """The CDRs that a new one is compared with; each look-up goes by an index and takes the first few."""
    mine = {"this": row.id, "received_at": row.received_at, "cdr_seq": row.cdr_seq}
    owner, before = row.owner, row.started_at - NEAR
    found = NEAR_EVSE.all(
        unit,
        owner=owner,
        evse_key=row.evse_key,
        long_before=row.started_at - LONGEST,
        ended_at=row.ended_at,
        before=before,
        **mine,
    )
    token = {"token_key": row.token_key, "emsp": row.emsp}
    found += NEAR_TOKEN.all(unit, before=before, after=row.ended_at + NEAR, **token, **mine)
    if row.session_key is not None:
        found += OF_SESSION.all(unit, owner=owner, session_key=row.session_key, **mine)
    if row.reference is not None:
        found += OF_REFERENCE.all(unit, owner=owner, reference=row.reference, **mine)
    each = {one.id: one for one in found}
    return tuple(other(each[identity]) for identity in sorted(each))


amount = lru_cache(maxsize=4096)(of_micro)
"""Of a whole number of millionths; the same places come again and again."""


def other(row: Any) -> Other:
    placed = row.latitude is not None and row.longitude is not None
    return Other(
        owner=row.owner,
        emsp=row.emsp,
        key=row.cdr_key,
        session_id=row.session_key,
        evse_uid=row.evse_key,
        connector_id=row.connector_key,
        token_uid=row.token_key,
        start=row.started_at,
        end=row.ended_at,
        energy=amount(row.energy),
        credited=row.credited_by is not None or row.state == State.CREDITED or bool(row.by_line),
        replaced=row.replaced_by is not None,
        reference=row.reference,
        coordinates=(amount(row.latitude), amount(row.longitude)) if placed else None,
    )


def in_place_of(row: Any, others: Sequence[Other]) -> Other | None:
    """Which CDR of the same session and parties, credited since, this one comes in the place of."""
    same = [
        each
        for each in others
        if row.session_key is not None
        and (each.owner, each.emsp, each.session_id) == (row.owner, row.emsp, row.session_key)
    ]
    if not same or not all(each.credited for each in same):
        return None
    return None if same[-1].replaced else same[-1]


LAST_FINGERPRINT = Prepared(
    every=select(ROW.fingerprint)
    .where(*same("owner", "evse_key"), ROW.id != given("this"), ROW.started_at < given("started_at"))
    .where(ROW.fingerprint.is_not(None))
    .order_by(ROW.started_at.desc())
    .limit(1)
)


def last_fingerprint(unit: Unit, row: Any) -> str | None:
    """That of the meter's key in the CDR of the EVSE before this one."""
    mine = {"owner": row.owner, "evse_key": row.evse_key}
    found = LAST_FINGERPRINT.first(unit, this=row.id, started_at=row.started_at, **mine)
    return None if found is None else str(found.fingerprint)


def credits_of(unit: Unit, row: Any) -> list[Any]:
    """The earlier credits of the CDR that this one credits."""
    same = [clearings.c.owner == row.owner, clearings.c.credits == row.credits, clearings.c.id != row.id]
    alive = clearings.c.state.not_in([State.REJECTED, State.DROPPED])
    query = select(clearings).where(*same, alive, clearings.c.cdr_seq < row.cdr_seq)
    return list(unit.connection.execute(query.order_by(clearings.c.cdr_seq)))


USUAL = Prepared(
    every=select(ROW.started_at, ROW.net, ROW.energy)
    .where(*same("owner", "evse_key", "emsp", "currency"), ROW.id != given("this"), *BILLING)
    .where(or_(*(ROW.state == state for state in (State.RATED, State.STATED, State.SETTLED))))
    .where(ROW.started_at.between(given("since"), given("started_at")))
    .order_by(ROW.started_at.desc())
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Rated:
    """A CDR that was found right in this very transaction, as far as others are compared with it."""

    owner: str
    evse_key: str
    emsp: str
    currency: str
    started_at: int
    net: Decimal
    energy: Decimal

    def beside(self, row: Any, since: int) -> bool:
        mine = (self.owner, self.evse_key, self.emsp, self.currency)
        theirs = (row.owner, row.evse_key, row.emsp, row.currency)
        return mine == theirs and since <= self.started_at <= int(row.started_at)


def rated(row: Any, facts: Facts) -> Rated:
    net, energy = bounds.kept(facts.total.net), bounds.kept(facts.energy)
    return Rated(row.owner, row.evse_key, row.emsp, row.currency, row.started_at, net, energy)


def usual(unit: Unit, row: Any, since: int, fresh: Sequence[Rated] = ()) -> tuple[Decimal, ...]:
    """Prices per kWh of the last CDRs of the EVSE for the same eMSP: what others pay is not its to know.

    fresh  those that are to be written with this one
    """
    mine = {"owner": row.owner, "evse_key": row.evse_key, "emsp": row.emsp, "currency": row.currency}
    kept = USUAL.all(unit, this=row.id, since=since, started_at=row.started_at, **mine)
    found = [(each.started_at, amount(each.net), amount(each.energy)) for each in kept]
    beside = [(each.started_at, each.net, each.energy) for each in fresh if each.beside(row, since)]
    if beside:
        found = sorted(found + beside, key=itemgetter(0), reverse=True)[:MOST]
    return tuple(net / energy for _, net, energy in found if energy >= 1)
