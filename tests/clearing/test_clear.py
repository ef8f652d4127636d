"""CDRs that came over OCPI, or that the hub issued, are cleared by what the hub knows of them."""

import json
from decimal import Decimal

import pytest
from platforms import code
from roaming import ANN, CPO, DEAR, ELEMENTS, EMSP, NOON, complete, own, prepare, tariff
from sqlalchemy import select

from hub.clearing import clear, clerk, rows, rule_sets
from hub.clearing.checks import Setting
from hub.clearing.rule import Severity
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store.clearings import clearing_events, clearings


@pytest.fixture
def roaming(cpo, emsp):
    prepare(cpo, emsp)
    return cpo


def cleared(cpo):
    """Everything is cleared; the rows, by the key of the CDR."""
    clerk.everything(cpo.hub.store)
    with cpo.hub.store.reading() as unit:
        return {row.cdr_key: row for row in unit.connection.execute(select(clearings))}


def codes(row):
    return {told[0] for told in json.loads(row.codes)}


def test_a_cdr_that_the_hub_issued_is_right(roaming):
    complete(roaming)
    (row,) = cleared(roaming).values()
    assert (row.state, codes(row), row.cause) == ("RATED", set(), None)
    assert (row.net, row.expected_net, row.carried_net) == (Decimal("5.625"),) * 3
    assert (row.gross, row.expected_gross) == (Decimal("6.2375"),) * 2
    assert row.tariff_version_id is not None


def test_a_cdr_that_its_cpo_issued_is_recomputed_by_the_book(roaming):
    assert code(roaming.receiver("POST", "cdrs", own())) == (201, 1000)
    (row,) = cleared(roaming).values()
    assert (row.state, codes(row)) == ("RATED", set())
    assert (row.expected_net, row.tariff_version_id is not None) == (Decimal("5.625"), True)


def test_the_tariffs_of_a_cdr_go_by_the_clocks_of_its_place(roaming):
    """It begins at eight by UTC, and at nine in Amsterdam, where the dear hours are over."""
    dear = {
        "price_components": [{"type": "ENERGY", "price": Decimal("0.99"), "step_size": 1}],
        "restrictions": {"start_time": "07:00", "end_time": "09:00"},
    }
    carried = tariff() | {"elements": [dear, *ELEMENTS]}
    roaming.receiver("POST", "cdrs", own(tariffs=[carried]))
    (row,) = cleared(roaming).values()
    assert row.carried_net == Decimal("5.625")


def test_a_cdr_that_costs_too_much_is_held_with_the_cause(roaming):
    """The step of 100 Wh was taken for one of a whole kWh."""
    roaming.receiver("POST", "cdrs", own(**DEAR))
    (row,) = cleared(roaming).values()
    assert (row.state, "F6" in codes(row)) == ("HELD", True)
    assert (row.net, row.expected_net) == (Decimal("5.75"), Decimal("5.625"))
    assert row.cause is not None


def test_without_an_agreement_it_waits_for_one(cpo, emsp, roaming):
    with roaming.hub.store.unit() as unit:
        agreements.end(unit, 1, 1, Signed(ANN))
    roaming.receiver("POST", "cdrs", own())
    (row,) = cleared(roaming).values()
    assert (row.state, codes(row)) == ("HELD", {"E9"})
    roaming.hub.store.clock = lambda: NOON + 1
    with roaming.hub.store.unit() as unit:
        agreements.add(unit, Pair(CPO, EMSP, "EUR"), Terms(), (2, None), Signed(ANN))
    roaming.hub.store.clock = lambda: NOON + 2
    clerk.look(roaming.hub.store)
    (row,) = cleared(roaming).values()
    assert (row.state, codes(row) <= {"I1"}) == ("RATED", True)


def test_what_is_looked_at_again_and_still_the_same_leaves_no_event(roaming):
    with roaming.hub.store.unit() as unit:
        agreements.end(unit, 1, 1, Signed(ANN))
    roaming.receiver("POST", "cdrs", own())
    cleared(roaming)
    with roaming.hub.store.reading() as unit:
        first = unit.connection.execute(select(clearing_events)).all()
    roaming.hub.store.clock = lambda: NOON + 1
    with roaming.hub.store.unit() as unit:
        (row,) = unit.connection.execute(select(clearings)).all()
        clear.clear(unit, row)
        assert unit.connection.execute(select(clearing_events)).all() == first
    assert [(event.before, event.after) for event in first] == [("RECEIVED", "CHECKED"), ("CHECKED", "HELD")]


def test_a_second_cdr_of_the_same_charge_is_held(roaming):
    roaming.receiver("POST", "cdrs", own())
    cleared(roaming)
    roaming.receiver("POST", "cdrs", own(id="OWN-2"))
    assert {key: row.state for key, row in cleared(roaming).items()} == {"OWN-1": "RATED", "OWN-2": "HELD"}


def test_a_credit_is_checked_as_a_credit(roaming):
    roaming.receiver("POST", "cdrs", own())
    minus = {"excl_vat": Decimal("-5.625"), "incl_vat": Decimal("-6.2375")}
    told = own(id="OWN-1-C", credit=True, credit_reference_id="OWN-1", total_cost=minus)
    assert code(roaming.receiver("POST", "cdrs", told)) == (201, 1000)
    rows = cleared(roaming)
    assert {key: (row.kind, row.state) for key, row in rows.items()} == {
        "OWN-1": ("NORMAL", "CREDITED"),
        "OWN-1-C": ("CREDIT", "RATED"),
    }


def on(day, **changes):
    """The usual charge, on another day."""
    start, end = f"2025-02-{day:02}T08:00:00Z", f"2025-02-{day:02}T10:30:00Z"
    period = own()["charging_periods"][0] | {"start_date_time": start}
    return own(start_date_time=start, end_date_time=end, charging_periods=[period], **changes)


def test_what_is_cleared_together_is_judged_as_one_after_the_other(roaming):
    """However many are taken at once: the odd price has ten usual ones before it, the copy a first, and what
    was credited is in nobody's way any more."""
    minus = {"excl_vat": Decimal("-5.625"), "incl_vat": Decimal("-6.2375")}
    for told in (
        *(on(day, id=f"USUAL-{day}") for day in range(1, 11)),
        on(20, id="ODD", total_cost={"excl_vat": Decimal(20), "incl_vat": Decimal(24)}),
        own(id="FIRST"),
        own(id="COPY"),
        own(id="FIRST-C", credit=True, credit_reference_id="FIRST", total_cost=minus),
        own(id="AGAIN"),
    ):
        assert code(roaming.receiver("POST", "cdrs", told)) == (201, 1000)
    rows = cleared(roaming)
    assert [key for key, row in rows.items() if "F12" in codes(row)] == ["ODD"]
    like = {
        key: [told[2].split()[1] for told in json.loads(row.codes) if told[0] == "B4"]
        for key, row in rows.items()
    }
    assert (rows["FIRST"].state, like["COPY"], like["AGAIN"]) == ("CREDITED", ["FIRST"], ["COPY"])


def test_a_check_can_be_set_for_one_cpo(roaming):
    with roaming.hub.store.unit() as unit:
        rule_sets.put(unit, None, "E10", Setting(Severity.HOLD), ANN)
        rule_sets.put(unit, CPO, "C5", Setting(limits={"minutes": Decimal(1000), "kwh": Decimal(100)}), ANN)
        assert rule_sets.settings_for(unit, "NLCPO")["E10"].severity is Severity.HOLD
        assert "C5" not in rule_sets.settings_for(unit, "NLXXX")
    roaming.receiver("POST", "cdrs", own())
    (row,) = cleared(roaming).values()
    assert (row.state, "C5" in codes(row)) == ("HELD", True)
    with roaming.hub.store.unit() as unit:
        assert rule_sets.reset(unit, CPO, "C5", ANN)
        assert not rule_sets.reset(unit, CPO, "C5", ANN)


@pytest.mark.parametrize(
    ("check", "setting"),
    [
        ("Z9", Setting()),
        ("C5", Setting(limits={"miles": Decimal(1)})),
        ("C5", Setting(limits={"kwh": Decimal(-1)})),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(store, check, setting):
    with store.unit() as unit, pytest.raises(ValueError, match=check):
        rule_sets.put(unit, None, check, setting, ANN)


def test_every_cdr_gets_its_row_once_however_often_it_is_looked_for(roaming):
    for number in range(7):
        roaming.receiver("POST", "cdrs", own(id=f"OWN-{number}"))
    with roaming.hub.store.unit() as unit:
        assert [clear.enter_new(unit, 3) for _ in range(4)] == [3, 3, 1, 0]
        roaming.hub.store.clock = lambda: NOON + clear.SETTLED
    roaming.receiver("POST", "cdrs", own(id="OWN-9"))
    with roaming.hub.store.unit() as unit:
        assert [clear.enter_new(unit) for _ in range(2)] == [1, 0]
        assert len(unit.connection.execute(select(clearings)).all()) == 8


def test_a_cdr_that_came_below_where_all_had_their_rows_gets_one(roaming):
    """Its transaction took minutes, or its process another clock: it was acknowledged, and is billed."""
    assert code(roaming.receiver("POST", "cdrs", own())) == (201, 1000)
    store = roaming.hub.store
    with store.unit() as unit:
        rows.put_through(unit, 10)
    assert clerk.some(store) == 0
    if store.sqlite:  # where writers come one after the other, and it cannot be
        with store.unit() as unit:
            assert (clear.enter_left_out(unit), clear.enter_left_out(unit)) == (1, 0)
    clerk.look(store)
    assert clerk.some(store) == 1
