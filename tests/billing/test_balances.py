"""Whatever is billed and credited in whatever order: a balance is what the sessions that stand have taken."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruling import HOUR, NOW, OWNER, Ruling, add, ruling_on, tariff
from sqlalchemy import func, select

from hub.billing import rating
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import adjustments
from hub.prices.rules.adjustments import Account
from hub.prices.rules.rules import Kind, Per
from hub.store import charges, documents
from hub.store.assignments import uses
from hub.store.audit import Actor
from hub.store.unit import Unit

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
FREE, CAP = Decimal(50), Decimal("12.5")
CONTRACT = "DE-MSP-C1"
steps = st.lists(
    st.one_of(
        st.tuples(st.just("bill"), st.integers(1, 4000).map(lambda tenths: Decimal(tenths) / 100)),
        st.tuples(st.just("credit"), st.integers(0, 20)),
    ),
    min_size=3,
    max_size=12,
)


@pytest.fixture
def ruling(database_url: str) -> Iterator[Ruling]:
    made = ruling_on(database_url)
    yield made
    made.store.close()


def place(unit: Unit) -> None:
    parts = [{"type": "ENERGY", "price": Decimal("0.37"), "vat": 20, "step_size": 1}]
    publishing.publish(
        unit, tariff("T", elements=[{"price_components": parts}]), OWNER, Edit(Actor("ann", "CLI"))
    )
    connector = example("2.3.0", "connectors", id="1", tariff_ids=["T"])
    evse = example("2.3.0", "evses", uid="E1", connectors=[connector])
    body = example("2.3.0", "locations", id="HARBOUR", evses=[evse], country_code="NL", party_id="CPO")
    existing = documents.claim(unit, "locations", OWNER, "HARBOUR")
    document = Document("locations", OWNER, "HARBOUR", "2.3.0", body, body)
    documents.save(unit, document, existing, audience=None, source=None)


def bill(unit: Unit, number: int, kwh: Decimal) -> str:
    start = {"start_date_time": instants.text(NOW + HOUR), "end_date_time": instants.text(NOW + 2 * HOUR)}
    token = example("2.3.0", "sessions")["cdr_token"] | {"contract_id": CONTRACT}
    where = {"location_id": "HARBOUR", "evse_uid": "E1", "connector_id": "1", "cdr_token": token}
    body = example("2.3.0", "sessions", id=f"S{number}", status="COMPLETED", kwh=kwh, charging_periods=None)
    told: dict[str, Any] = body | start | where | {"country_code": "NL", "party_id": "CPO", "currency": "EUR"}
    session = Document("sessions", OWNER, f"S{number}", "2.3.0", told, told)
    documents.save(unit, session, None, audience=None, source=None)
    rating.bill(unit, session)
    charge = charges.of_session(unit, OWNER.code, session.key)
    assert charge is not None
    assert charge.state == "RATED", charge.message
    return session.key


def credit(unit: Unit, key: str) -> None:
    charge = charges.of_session(unit, OWNER.code, key)
    assert charge is not None
    for session_key in charges.credit(unit, OWNER.code, str(charge.cdr_key)):
        adjustments.give_back(unit, OWNER.code, session_key)


def quote_of(unit: Unit, key: str) -> Any:
    charge = charges.of_session(unit, OWNER.code, key)
    assert charge is not None
    return strictjson.reread(charge.quote or b"")


@FEW
@given(steps)
def test_a_balance_is_what_stands_and_never_more_than_is_given(ruling: Ruling, steps: list[Any]) -> None:
    with ruling.undone() as unit:
        place(unit)
        free = add(unit, Kind.FREE_KWH, value=FREE, per=Per.MONTH)
        cap = add(unit, Kind.MONTHLY_CAP, value=CAP, currency="EUR")
        standing: list[str] = []
        for number, (what, value) in enumerate(steps):
            if what == "bill":
                standing.append(bill(unit, number, value))
            elif standing:
                credit(unit, standing.pop(value % len(standing)))
            of = Account(CONTRACT, "2026-02")
            taken, paid = adjustments.used(unit, free, of), adjustments.used(unit, cap, of)
            quotes = [quote_of(unit, key) for key in standing]
            assert taken == sum(freed(quote) for quote in quotes) <= FREE * 10**6
            assert paid == sum(billed(quote) for quote in quotes) <= CAP * 10**6
            kept = select(func.coalesce(func.sum(uses.c.used), 0))
            assert int(unit.connection.execute(kept).scalar_one()) == taken + paid


def freed(quote: Any) -> int:
    return sum(
        int(each["quantity"] * 10**6) for each in quote.get("adjustments", ()) if each["kind"] == "FREE_KWH"
    )


def billed(quote: Any) -> int:
    return int(round(Decimal(quote["before_taxes"]), 4) * 10**6)
