"""What-if on real history: the figures of the bill, each CDR once, whatever is late, credited or deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from factories import example
from platforms import Platform, code
from ruling import add
from sqlalchemy import delete, func, select

import tariffs
from hub.billing.cdr import metered
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.ocpi.wire import fold
from hub.prices.past import history
from hub.prices.past.history import Wanted
from hub.prices.past.packing import as_rated
from hub.prices.rules.rules import Kind
from hub.store import documents
from hub.store import history as blobs
from hub.store.documents import TABLES
from hub.sync import schedule_defaults
from hub.sync.jobs import Jobs
from tariffs import Terms, WhatIf

Json = dict[str, Any]
OWNER = Party.of("NL", "CPO")
MONTH = Wanted(["2025-03"])
ZONE = "Europe/Amsterdam"


def part(kind: str, price: str, step: int = 1) -> Json:
    return {"type": kind, "price": Decimal(price), "vat": 21, "step_size": step}


def tariff(*elements: Json, name: str = "T") -> Json:
    head = {"country_code": "NL", "party_id": "CPO", "id": name, "currency": "EUR", "tax_included": "NO"}
    return head | {"elements": list(elements), "last_updated": "2025-01-01T00:00:00Z"}


def element(*parts: Json, **restrictions: Any) -> Json:
    return {"price_components": list(parts)} | ({"restrictions": restrictions} if restrictions else {})


NIGHTLY = tariff(
    element(part("FLAT", "0.5")),
    element(part("ENERGY", "0.21", 100), start_time="22:00", end_time="06:00"),
    element(part("ENERGY", "0.35"), max_kwh=15),
    element(part("ENERGY", "0.30"), part("PARKING_TIME", "3", 300)),
)
DRAFT = tariff(
    element(part("ENERGY", "0.11"), start_time="23:30", end_time="05:15"),
    element(part("ENERGY", "0.40"), part("PARKING_TIME", "6", 60)),
)


def period(start: datetime, **volumes: Any) -> Json:
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": stamp(start), "dimensions": dimensions}


def stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def sessions(count: int, seed: int = 1) -> list[Json]:
    """Of March 2025, at all times of the day; every fourth tells no periods."""
    random, made = Random(seed), []
    for number in range(count):
        start = datetime(2025, 3, 2, tzinfo=UTC) + timedelta(seconds=random.randrange(27 * 86_400))
        half, end = start + timedelta(minutes=47), start + timedelta(minutes=190)
        kwh = Decimal(random.randrange(1000, 60_000)) / 1000
        times = [Decimal(47 * 60) / 3600, Decimal(143 * 60) / 3600]
        hours = [time.quantize(Decimal("0.0001")) for time in times]
        periods = [period(start, ENERGY=kwh, TIME=hours[0]), period(half, PARKING_TIME=hours[1])]
        body = example(
            "2.3.0", "sessions", id=f"S{seed}-{number}", status="COMPLETED", kwh=kwh, total_cost=None
        )
        body |= {"start_date_time": stamp(start), "end_date_time": stamp(end), "last_updated": stamp(end)}
        made.append(body | {"charging_periods": periods if number % 4 else []})
    return made


@pytest.fixture
def cpo(connect: Callable[..., Platform]) -> Platform:
    found = connect("NL/CPO", Role.CPO, "2.3.0")
    connector = example("2.3.0", "connectors", tariff_ids=["T"], last_updated="2025-01-01T00:00:00Z")
    evse = example("2.3.0", "evses", uid="EVSE-1", connectors=[connector])
    place = example("2.3.0", "locations", id="HARBOUR", evses=[evse], last_updated="2025-01-01T00:00:00Z")
    assert code(found.put("tariffs/NL/CPO/T", NIGHTLY)) == (201, 1000)
    assert code(found.put("locations/NL/CPO/HARBOUR", place)) == (201, 1000)
    return found


def complete(cpo: Platform, given: list[Json]) -> None:
    for one in given:
        assert code(cpo.put(f"sessions/NL/CPO/{one['id']}", one)) == (201, 1000)


def cdrs(cpo: Platform) -> list[Json]:
    with cpo.hub.store.reading() as unit:
        return [one.document.newest for one in documents.where(unit, "cdrs", owner=OWNER.code)]


def asked(cpo: Platform, draft: Json = DRAFT, wanted: Wanted = MONTH) -> WhatIf:
    return history.what_if(cpo.hub.store, OWNER, Terms(tariffs.read_tariff(draft)), wanted)


def billed_under(draft: Json, given: list[Json]) -> Decimal:
    """What rating would have billed, session by session."""
    read = tariffs.read_tariff(draft)
    quotes = [tariffs.price(read, tariffs.read_session(metered(one, "T", alone=True)), ZONE) for one in given]
    return sum((Decimal(quote.whole_amounts(4)[0]) / 10_000 for quote in quotes), Decimal(0))


def test_what_if_is_the_bill_before_and_after(cpo: Platform) -> None:  # P1
    """Also where a price changes within a period, by the clock or by the energy."""
    given = sessions(60)
    complete(cpo, given)
    same, other = asked(cpo, NIGHTLY), asked(cpo)
    billed = sum(one["total_cost"]["before_taxes"] for one in cdrs(cpo))
    assert (same.total.count, same.total.before, same.total.after, same.unpriced) == (60, billed, billed, 0)
    assert (same.dearer, same.cheaper) == (0, 0)
    assert (other.total.before, other.total.after) == (billed, billed_under(DRAFT, given))
    assert sum(sums.delta for sums in other.groups["hour"].values()) == other.total.delta
    assert set(other.groups["partner"]) == {"DE/MSP"}
    assert set(other.groups["location"]) == {"HARBOUR"}
    assert set(other.groups["component"]) == {"energy", "parking", "fixed"}


def test_thousands_of_sessions_cost_in_the_history_what_rating_bills() -> None:
    """Each session, its gross amount and its components; and hardly one has to be priced by itself."""
    given = sessions(3000, seed=3)
    columns = tariffs.pack(as_rated(one) for one in given)
    for document in (NIGHTLY, DRAFT):
        read = tariffs.read_tariff(document)
        found = tariffs.price_columns(read, columns, ZONE)
        for place, one in enumerate(given):
            quote = tariffs.price(read, tariffs.read_session(metered(one, "T", alone=True)), ZONE)
            assert (found.before_taxes[place], found.after_taxes[place]) == quote.whole_amounts(4)
            shares = {name: share.net[place] for name, share in found.shares.items() if share.used[place]}
            assert shares == {name: net * 10_000 for name, net in quote.nets(4).items()}
        assert found.general < 30


def test_each_cdr_is_packed_once_whenever_it_arrives(cpo: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PORTION", 3)
    monkeypatch.setattr(blobs, "MOST", 5)
    complete(cpo, sessions(4))
    assert history.fill(cpo.hub.store) == 4
    assert history.fill(cpo.hub.store) == 0
    complete(cpo, sessions(8, seed=2))
    told: list[tuple[int, int]] = []
    assert history.fill(cpo.hub.store, watch=lambda done, total: told.append((done, total))) == 8
    assert told == [(3, 8), (6, 8), (8, 8)]
    assert asked(cpo).total.count == 12
    with cpo.hub.store.reading() as unit:
        assert [count for _, count in blobs.counts(unit, OWNER.code, ["2025-03"])] == [5, 5, 2]


def test_any_number_may_pack_at_once(cpo: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PORTION", 2)
    complete(cpo, sessions(12))
    with ThreadPoolExecutor(4) as pool:
        done = [each.result() for each in [pool.submit(history.fill, cpo.hub.store) for _ in range(4)]]
    assert sum(done) == 12
    assert asked(cpo).total.count == 12


class Died(Exception):
    """In the midst of it."""


def pack_and_die(cpo: Platform) -> None:
    store = cpo.hub.store
    with store.reading() as unit:
        portion = history.read(unit)
    packed = {group: list(tariffs.pack_billed(mine)) for group, mine in portion.groups.items()}
    with store.unit() as unit:
        assert history.keep(unit, portion, packed)
        raise Died


def test_who_dies_in_the_midst_leaves_nothing_half_done(cpo: Platform) -> None:
    complete(cpo, sessions(3))
    for _ in range(2):
        with pytest.raises(Died):
            pack_and_die(cpo)
    assert history.fill(cpo.hub.store) == 3
    assert asked(cpo).total.count == 3


def test_what_cannot_be_priced_is_told(cpo: Platform) -> None:
    complete(cpo, sessions(2))
    with cpo.hub.store.unit() as unit:
        first = unit.connection.execute(select(func.min(TABLES["cdrs"].c.seq))).scalar_one()
        blobs.put_unread(unit, [{"seq": first, "owner": OWNER.code, "month": "2025-03", "reason": "odd"}])
    found = asked(cpo)
    assert (found.total.count, found.unpriced) == (2, 1)
    assert found.reasons == [(fold(cdrs(cpo)[0]["id"]), "odd")]


def test_who_is_second_with_a_portion_writes_nothing(cpo: Platform) -> None:
    complete(cpo, sessions(3))
    store = cpo.hub.store
    with store.reading() as unit:
        first, second = history.read(unit), history.read(unit)
    for portion, kept in ((first, True), (second, False)):
        packed = {group: list(tariffs.pack_billed(mine)) for group, mine in portion.groups.items()}
        with store.unit() as unit:
            assert history.keep(unit, portion, packed) is kept
    assert asked(cpo).total.count == 3


def test_a_number_that_was_missing_is_packed_when_it_is_there(cpo: Platform) -> None:
    """PostgreSQL gives numbers before it commits."""
    complete(cpo, sessions(5))
    table, store = TABLES["cdrs"], cpo.hub.store
    with store.unit() as unit:
        held = (
            unit.connection.execute(select(table).order_by(table.c.seq).offset(2).limit(1)).mappings().one()
        )
        unit.connection.execute(delete(table).where(table.c.seq == held["seq"]))
    assert asked(cpo).total.count == 4
    with store.unit() as unit:
        unit.connection.execute(table.insert().values(dict(held)))
    assert history.fill(store) == 1
    assert asked(cpo).total.count == 5
    with store.reading() as unit:
        assert blobs.progress(unit).gaps == "[]"


def test_credited_and_deleted_cdrs_do_not_count(cpo: Platform) -> None:
    complete(cpo, sessions(4))
    assert asked(cpo).total.count == 4
    first, second = cdrs(cpo)[:2]
    cpo.set(hub_issues_cdrs=False)
    credit = first | {"id": "CREDIT-1", "credit": True, "credit_reference_id": first["id"]}
    credit["total_cost"] = {"before_taxes": -first["total_cost"]["before_taxes"]}
    assert code(cpo.receiver("POST", "cdrs", credit)) == (201, 1000)
    assert asked(cpo).total.count == 3
    with cpo.hub.store.unit() as unit:
        stored = documents.claim(unit, "cdrs", OWNER, fold(second["id"]))
        assert stored is not None
        documents.remove(unit, stored, source=None)
        unit.changes.clear()
    assert asked(cpo).total.count == 2


def test_cdrs_of_the_cpo_itself_are_priced_by_the_start_of_their_periods(cpo: Platform) -> None:
    cpo.set(hub_issues_cdrs=False)
    own = example("2.3.0", "cdrs", id="OWN", session_id=None, authorization_reference=None)
    start = datetime(2025, 3, 10, 22, tzinfo=UTC)
    periods = [period(start, ENERGY=10, TIME=1) | {"tariff_id": "t"}]
    own |= {"start_date_time": stamp(start), "end_date_time": stamp(start + timedelta(hours=1))}
    own |= {"charging_periods": periods, "total_energy": 10, "total_time": 1}
    assert code(cpo.receiver("POST", "cdrs", own)) == (201, 1000)
    found = asked(cpo)
    assert (found.total.count, found.total.after) == (1, Decimal(4))  # 23:00, half an hour before the night
    assert found.total.before == own["total_cost"]["before_taxes"]


def test_what_rules_take_off_is_on_neither_side(cpo: Platform) -> None:
    """So the tariff itself as a draft changes nothing."""
    store = cpo.hub.store
    store.clock = lambda: instants.micros("2025-03-01T00:00:00Z")
    with store.unit() as unit:
        add(unit, Kind.PERCENT, value=Decimal(-10))
        add(unit, Kind.FREE_KWH, value=Decimal(30))
    store.clock = lambda: instants.micros("2025-04-02T00:00:00Z")
    given = sessions(4)
    complete(cpo, given)
    same, other = asked(cpo, NIGHTLY), asked(cpo)
    billed = sum(one["total_cost"]["before_taxes"] for one in cdrs(cpo))
    assert same.total.before == same.total.after == billed_under(NIGHTLY, given) > billed
    assert {name: sums.delta for name, sums in same.groups["component"].items()} == dict.fromkeys(
        same.groups["component"], Decimal(0)
    )
    assert (other.total.before, other.total.after) == (same.total.before, billed_under(DRAFT, given))


def test_only_what_is_wanted_counts(cpo: Platform) -> None:
    complete(cpo, sessions(6))
    for wanted, count in (
        (Wanted(["2025-02"]), 0),
        (Wanted(["2025-02", "2025-03"], tariffs=["t"]), 6),
        (Wanted(["2025-03"], tariffs=["OTHER"]), 0),
        (Wanted(["2025-03"], partners=["de/msp"], locations=["harbour", "ELSEWHERE"]), 6),
        (Wanted(["2025-03"], partners=["FR/XXX"]), 0),
    ):
        assert asked(cpo, DRAFT, wanted).total.count == count
    assert (
        history.what_if(
            cpo.hub.store, Party.of("NL", "XXX"), Terms(tariffs.read_tariff(DRAFT)), MONTH
        ).total.count
        == 0
    )


def test_a_month_is_that_of_the_place(cpo: Platform) -> None:
    (one,) = sessions(1)
    moved = one | {"start_date_time": "2025-03-31T22:30:00Z", "end_date_time": "2025-03-31T23:30:00Z"}
    complete(cpo, [moved])
    assert asked(cpo, DRAFT, Wanted(["2025-04"])).total.count == 1


def test_a_draft_in_another_currency_prices_nothing_and_says_which(cpo: Platform) -> None:
    complete(cpo, sessions(2))
    found = asked(cpo, DRAFT | {"currency": "CHF"})
    assert (found.total.count, found.unpriced) == (0, 2)
    assert {name for name, _ in found.reasons} == {fold(one["id"]) for one in cdrs(cpo)}


def test_the_job_packs_what_has_come(cpo: Platform) -> None:
    complete(cpo, sessions(2))
    with cpo.hub.store.unit() as unit:
        schedule_defaults.of_hub(unit)
    assert history.JOB in Jobs(cpo.hub).jobs
    with cpo.hub.store.reading() as unit:
        count = unit.connection.execute(select(func.count()).select_from(blobs.history)).scalar_one()
    assert count == 0
