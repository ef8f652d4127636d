"""The price book as partners meet it: a CPO puts and deletes, an operator publishes, eMSPs see and pay."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from apps import app, connect, cpo, emsp
from factories import example
from platforms import Platform, code
from pricebooks import ANN, OWNER, Clock, price_of, tariff
from sqlalchemy import select

from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.ocpi.module import Role
from hub.prices.book import publishing, taking_force, versions
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import Version
from hub.store import charges, documents
from hub.store.deliveries import deliveries

__all__ = ["app", "connect", "cpo", "emsp"]

PATH = "tariffs/NL/CPO/T1"
ELEMENTS = [{"price_components": [{"type": "ENERGY", "price": Decimal("0.25"), "vat": 20, "step_size": 1}]}]


@pytest.fixture
def clock(cpo: Platform) -> Clock:
    """Sets the time of the hub."""
    made = Clock()
    cpo.hub.store.clock = made
    return made


def put(cpo: Platform, clock: Clock, price: str = "0.25", **changes: Any) -> Json:
    """What was put, said now."""
    body = example("2.2.1", "tariffs", id="T1", last_updated=instants.text(clock.now), elements=ELEMENTS)
    body = body | {"start_date_time": None, "end_date_time": None, "min_price": None, "max_price": None}
    body = {name: value for name, value in body.items() if value is not None}
    body |= {"elements": tariff(price)["elements"]} | changes
    assert code(cpo.put(PATH, body))[1] == 1000
    return body


def book(cpo: Platform) -> list[Version]:
    with cpo.hub.store.reading() as unit:
        return versions.of_tariff(unit, OWNER, "T1")


def publish(cpo: Platform, price: str, at: int | None = None) -> None:
    with cpo.hub.store.unit() as unit:
        publishing.publish(unit, tariff(price), OWNER, Edit(ANN, at=at))


def test_what_a_cpo_puts_is_a_version_in_its_own_name_and_words(cpo: Platform, clock: Clock) -> None:
    sent = put(cpo, clock, x_own={"kept": True})
    (version,) = book(cpo)
    assert (version.author, version.origin, version.edition) == ("CPO NL/CPO", "OCPI", "2.2.1")
    assert version.document.sent == sent
    assert cpo.get(PATH) == sent


def test_what_a_cpo_deletes_ends(cpo: Platform, clock: Clock) -> None:
    put(cpo, clock)
    clock.forward(60)
    assert code(cpo.receiver("DELETE", PATH))[1] == 1000
    (version,) = book(cpo)
    assert version.valid_to == clock.now
    clock.forward(60)
    put(cpo, clock)
    assert [each.holds_at(clock.now) for each in book(cpo)] == [False, True]


def test_partners_get_a_planned_price_at_its_instant_in_their_own_version(
    cpo: Platform, clock: Clock, connect: Callable[..., Platform]
) -> None:
    old, new = (
        connect(f"DE/E{number}X", Role.EMSP, version) for number, version in ((1, "2.1.1"), (2, "2.3.0"))
    )
    put(cpo, clock)
    at = clock.now + 60_000_000
    publish(cpo, "0.40", at)
    clock.forward(59)
    taking_force.all_due(cpo.hub.store)
    assert {owed_of(cpo, each) for each in (old, new)} == {1}
    clock.forward(60)
    taking_force.all_due(cpo.hub.store)
    assert {owed_of(cpo, each) for each in (old, new)} == {2}
    (shown,) = old.pulled("tariffs")
    assert (price_of(shown), shown["last_updated"]) == (Decimal("0.40"), instants.text(at))
    assert "start_date_time" not in shown


def owed_of(cpo: Platform, partner: Platform) -> int:
    """The revision of the tariff that the partner is owed."""
    with cpo.hub.store.reading() as unit:
        mine = (deliveries.c.partner_id == partner.id) & (deliveries.c.module == "tariffs")
        return int(unit.connection.execute(select(deliveries.c.wanted_rev).where(mine)).scalar_one())


# What sessions cost ----------------------------------------------------------------------------------------


def place(cpo: Platform, clock: Clock) -> None:
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["T1"])
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    location = example("2.2.1", "locations", id="HARBOUR", evses=[evse])
    cpo.put("locations/NL/CPO/HARBOUR", location | {"last_updated": instants.text(clock.now)})


def session(clock: Clock, start: int, **changes: Any) -> Json:
    """Of 10 kWh, as it stands now."""
    text = instants.text(clock.now)
    period = {"start_date_time": instants.text(start), "dimensions": [{"type": "ENERGY", "volume": 10}]}
    body = example("2.2.1", "sessions", id="S1", kwh=10, total_cost=None, status="ACTIVE", end_date_time=None)
    told = {"start_date_time": instants.text(start), "charging_periods": [period], "last_updated": text}
    return body | told | changes


def complete(cpo: Platform, clock: Clock, start: int) -> None:
    text = instants.text(clock.now)
    cpo.put("sessions/NL/CPO/S1", session(clock, start, status="COMPLETED", end_date_time=text))


def cost(emsp: Platform) -> Decimal:
    (cdr,) = emsp.pulled("cdrs")
    return Decimal(cdr["total_cost"]["excl_vat"])


def test_a_price_that_changes_during_a_session_does_not_touch_it(
    cpo: Platform, emsp: Platform, clock: Clock
) -> None:
    put(cpo, clock, "0.30")
    place(cpo, clock)
    clock.forward(60)
    start = clock.now
    cpo.put("sessions/NL/CPO/S1", session(clock, start))
    clock.forward(60)
    publish(cpo, "0.90")
    clock.forward(60)
    put(cpo, clock, "0.70")
    complete(cpo, clock, start)
    assert cost(emsp) == 3


def test_a_word_that_comes_late_does_not_touch_a_session_that_was_known_before(
    cpo: Platform, emsp: Platform, clock: Clock
) -> None:
    """The CPO changed its price before the session began, and said so only afterwards."""
    put(cpo, clock, "0.30")
    place(cpo, clock)
    clock.forward(60)
    start = clock.now
    cpo.put("sessions/NL/CPO/S1", session(clock, start))
    clock.forward(60)
    put(cpo, clock, "0.90", last_updated=instants.text(start - 30_000_000))
    assert book(cpo)[1].valid_from == start - 30_000_000
    complete(cpo, clock, start)
    assert cost(emsp) == 3


def test_a_planned_price_is_billed_from_its_instant_although_no_worker_is_awake(
    cpo: Platform, emsp: Platform, clock: Clock
) -> None:
    put(cpo, clock, "0.30")
    place(cpo, clock)
    publish(cpo, "0.50", clock.now + 60_000_000)
    clock.forward(61)
    start = clock.now
    cpo.put("sessions/NL/CPO/S1", session(clock, start))
    clock.forward(60)
    complete(cpo, clock, start)
    assert cost(emsp) == 5


def test_a_tariff_that_had_ended_before_a_session_does_not_price_it(
    cpo: Platform, emsp: Platform, clock: Clock
) -> None:
    put(cpo, clock, "0.30")
    place(cpo, clock)
    clock.forward(60)
    cpo.receiver("DELETE", PATH)
    clock.forward(60)
    start = clock.now
    clock.forward(60)
    complete(cpo, clock, start)
    assert emsp.pulled("cdrs") == []
    with cpo.hub.store.reading() as unit:
        assert [each.reason for each in charges.held(unit)] == ["TARIFF_NOT_IN_FORCE"]


def test_one_tariff_is_there_as_often_as_it_was_put(cpo: Platform, clock: Clock) -> None:
    """The same words once more, and the same price in newer words."""
    sent = put(cpo, clock)
    cpo.put(PATH, sent)
    clock.forward(60)
    put(cpo, clock)
    assert len(book(cpo)) == 1
    with cpo.hub.store.reading() as unit:
        found = documents.find(unit, "tariffs", OWNER, "T1")
    assert found is not None
    assert found.rev == 2
