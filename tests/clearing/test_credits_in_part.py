"""Where it is agreed, a CPO credits its CDR in parts: never more than it together; the rest stays owed."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platforms import code, envelope
from roaming import ANN, CPO, EMSP, NOON, complete, own, prepare
from sqlalchemy import func, select

from hub.clearing import clerk, crediting, deciding, disputes, explaining, goodwill, rows
from hub.clearing.checks.credit import more_than_is_left
from hub.clearing.costs import rest
from hub.clearing.crediting import CannotBeCredited, Replacement
from hub.clearing.deciding import Decision
from hub.clearing.disputes import Claim, Word
from hub.clearing.facts import Cost
from hub.clearing.states import NoSuchTransition
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store import adjustments, charges
from hub.store.clearings import clearings
from hub.store.deliveries import deliveries

WHOLE = Decimal("5.625"), Decimal("6.2375")


def part(number=1, net="-2", gross="-2.2", **changes):
    """A credit of a part of OWN-1; all else is as the CDR has it."""
    about = {"id": f"OWN-1-P{number}", "credit": True, "credit_reference_id": "OWN-1"}
    cost = {"excl_vat": Decimal(net), "incl_vat": Decimal(gross)}
    return own(**{**about, "total_cost": cost, **changes})


LAST = part(2, "-3.625", "-4.0375")
"""What the part that is usual here leaves."""


@pytest.fixture
def before(cpo, emsp):
    """Nothing is agreed about parts."""
    prepare(cpo, emsp)
    return cpo


@pytest.fixture
def roaming(before):
    with before.hub.store.unit() as unit:
        agreements.end(unit, 1, 1, Signed(ANN))
        agreements.add(unit, Pair(CPO, EMSP, "EUR"), Terms(credits="PARTIAL"), (2, None), Signed(ANN))
    return before


def send(cpo, *bodies):
    """CDRs of the CPO, and what became of all there are."""
    for body in bodies:
        assert code(cpo.receiver("POST", "cdrs", body)) == (201, 1000)
    clerk.look(cpo.hub.store)
    clerk.everything(cpo.hub.store)
    return found(cpo)


def found(cpo):
    with cpo.hub.store.reading() as unit:
        return {row.cdr_key: row for row in unit.connection.execute(select(clearings))}


def refused(cpo, body):
    answer = cpo.receiver("POST", "cdrs", body)
    assert code(answer) == (200, 2001)
    return envelope(answer)["status_message"]


def give_part(cpo, row, amount):
    with cpo.hub.store.unit() as unit:
        return goodwill.give_part(unit, row, Decimal(amount), ANN, "agreed")


def accept(cpo, key):
    with cpo.hub.store.unit() as unit:
        return deciding.decide(unit, rows.one(unit, CPO.code, key), Decision.ACCEPT, ANN, None)


def owed(cpo):
    """All that CDRs and lines come to."""
    with cpo.hub.store.reading() as unit:
        lines = sum(line.net for line in adjustments.listed(unit))
        paid = {"RATED", "STATED", "SETTLED", "CREDITED"}
        return lines + sum(row.net for row in found(cpo).values() if row.state in paid)


# At the door -----------------------------------------------------------------------------------------------


def test_without_an_agreement_a_credit_is_of_the_whole(before):  # CDR-06
    send(before, own())
    assert "no agreement lets it be credited in part" in refused(before, part())
    assert found(before).keys() == {"OWN-1"}


@pytest.mark.parametrize("net", ["0", "2", "-5.6251"])
def test_a_part_is_of_what_is_left(roaming, net):  # G4
    send(roaming, own())
    assert "5.625 EUR before taxes are left" in refused(roaming, part(net=net))
    send(roaming, part())
    assert "3.625 EUR before taxes are left" in refused(roaming, part(2, "-3.7"))
    whole = {"excl_vat": -WHOLE[0], "incl_vat": -WHOLE[1]}
    assert "3.625 EUR before taxes are left" in refused(roaming, part(2, total_cost=whole))
    assert "credit itself" in refused(roaming, part(3, credit_reference_id="OWN-1-P1"))


def test_many_parts_at_once_are_never_more_than_the_whole(roaming):  # I9
    send(roaming, own())

    def one(number):
        return code(roaming.receiver("POST", "cdrs", part(number)))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert answers.count((201, 1000)) == 2  # of 5.625, by 2 each
    clerk.everything(roaming.hub.store)
    assert owed(roaming) == Decimal("1.625")


# What becomes of it ----------------------------------------------------------------------------------------


def test_the_rest_stays_owed_and_the_emsp_hears_of_the_part(roaming):
    send(roaming, own())
    with roaming.hub.store.reading() as unit:
        before = unit.connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
    rated = send(roaming, part())
    assert [(row.kind, row.state) for row in rated.values()] == [("NORMAL", "RATED"), ("PARTIAL", "RATED")]
    assert rated["OWN-1"].credited_by is None
    assert owed(roaming) == Decimal("3.625")
    with roaming.hub.store.reading() as unit:
        after = unit.connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
        told = explaining.explained(unit, rated["OWN-1"])
    assert after == before + 1
    assert [(each["id"], each["net"]) for each in told["taken_back_by"]] == [("OWN-1-P1", -2)]


def test_parts_that_make_up_the_whole_have_credited_it(roaming):
    send(roaming, own(session_id="S9"), part(session_id="S9"))
    with roaming.hub.store.reading() as unit:
        assert charges.seen(unit, CPO.code, "S9").state == charges.OWN
    assert "billed already" in refused(roaming, own(id="OWN-2", session_id="S9"))
    rated = send(roaming, LAST | {"session_id": "S9"})
    assert {key: (row.kind, row.state) for key, row in rated.items()} == {
        "OWN-1": ("NORMAL", "CREDITED"),
        "OWN-1-P1": ("PARTIAL", "RATED"),
        "OWN-1-P2": ("PARTIAL", "RATED"),
    }
    assert (rated["OWN-1"].credited_by, owed(roaming)) == ("OWN-1-P2", 0)
    assert "credited already" in refused(roaming, part(3))
    anew = send(roaming, own(id="OWN-2", session_id="S9"))
    assert (anew["OWN-2"].kind, anew["OWN-2"].state) == ("REPLACEMENT", "RATED")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (part(net="-2", gross="-2.7"), "it takes back 0.7 of the tax, of which 0.6125 is left"),
        (part(net="-2", gross="-1.9"), "it takes back -0.1 of the tax"),
    ],
)
def test_a_part_takes_back_no_more_of_a_tax_than_there_is(roaming, body, says):  # G4
    row = send(roaming, own(), body)["OWN-1-P1"]
    assert row.state == "HELD"
    assert says in row.codes
    accept(roaming, "OWN-1-P1")  # whoever knows better may
    assert found(roaming)["OWN-1-P1"].kind == "PARTIAL"


def test_a_part_that_rows_round_to_nought_takes_back_no_whole(roaming):  # I9
    """Hostile: a tenth of a millionth, for which the eMSP would have been owed all or nothing."""
    rated = send(roaming, own(), part(net="-0.0000001", gross="-0.0000001"))
    assert {key: (row.kind, row.state) for key, row in rated.items()} == {
        "OWN-1": ("NORMAL", "RATED"),
        "OWN-1-P1": ("PARTIAL", "RATED"),
    }
    rated = send(roaming, part(2, "-5.6249999", "-6.2374999"))
    assert (rated["OWN-1"].state, rated["OWN-1-P2"].kind, owed(roaming)) == ("CREDITED", "PARTIAL", 0)


@pytest.mark.parametrize("rate", [Decimal(19), None])
def test_a_part_names_no_tax_more_often_than_what_it_credits(rate):  # G4
    """Hostile: the first of a rate is what the CDR has, the second anything."""
    left = Cost(Decimal(10), Decimal("11.9"), ((rate, Decimal("1.9")),))
    twice = ((rate, Decimal("0.19")), (rate, Decimal(100)))
    says = list(more_than_is_left(Cost(Decimal(1), Decimal("101.19"), twice), left))
    assert says == ["it names a tax that the CDR it credits has not, or one more often"]


def test_the_last_part_takes_back_what_is_left_of_the_tax(roaming):  # I4
    row = send(roaming, own(), part(), part(2, "-3.625", "-4"))["OWN-1-P2"]
    assert row.state == "HELD"
    assert "0.375 of the tax, of which 0.4125 is left" in row.codes


def test_a_part_of_what_is_held_waits_for_it(roaming):
    other = own(id="OWN-0", cdr_token=own()["cdr_token"] | {"uid": "OTHER"})
    held = send(roaming, other, own(), part())
    assert [row.state for row in held.values()] == ["RATED", "HELD", "HELD"]
    with pytest.raises(NoSuchTransition, match="OWN-1 is held; decide upon that first"):
        accept(roaming, "OWN-1-P1")
    roaming.hub.store.clock = lambda: NOON + 1
    accept(roaming, "OWN-1")
    assert send(roaming)["OWN-1-P1"].state == "RATED"


def test_a_part_of_what_is_not_paid_is_dropped(roaming):
    other = own(id="OWN-0", cdr_token=own()["cdr_token"] | {"uid": "OTHER"})
    send(roaming, other, own(), part())
    roaming.hub.store.clock = lambda: NOON + 1
    with roaming.hub.store.unit() as unit:
        row = rows.one(unit, CPO.code, "OWN-1")
        deciding.decide(unit, row, Decision.REJECT, ANN, "a duplicate")
    dropped = send(roaming)
    assert (dropped["OWN-1-P1"].state, dropped["OWN-1"].credited_by) == ("DROPPED", None)


# With lines and disputes -----------------------------------------------------------------------------------


def test_parts_by_lines_and_by_cdrs_count_together(roaming):  # I9
    row = send(roaming, own())["OWN-1"]
    give_part(roaming, row, "4")
    held = send(roaming, part())
    assert held["OWN-1-P1"].state == "HELD"
    assert "it takes back 2, and of the CDR it credits 1.625" in held["OWN-1-P1"].codes
    with pytest.raises(NoSuchTransition, match=r"of OWN-1 1\.625 EUR is left"):
        accept(roaming, "OWN-1-P1")
    small = send(roaming, part(2, "-1", "-1.05"))
    assert small["OWN-1-P2"].state == "HELD"  # as long as the other one may be accepted
    accept(roaming, "OWN-1-P2")
    with pytest.raises(CannotBeCredited, match=r"at most 0\.625"):
        give_part(roaming, row, "0.7")
    give_part(roaming, row, "0.625")
    assert owed(roaming) == 0


def test_what_is_left_is_taken_back_by_a_line(roaming):
    row = send(roaming, own(), part())["OWN-1"]
    with roaming.hub.store.unit() as unit:
        done = crediting.credit_by_line(unit, row, ANN, "by phone")
        line = adjustments.listed(unit, adjustments.adjustments.c.id == done.adjustment_id)[0]
    assert (line.net, line.gross) == (Decimal("-3.625"), Decimal("-4.0375"))
    assert (found(roaming)["OWN-1"].state, owed(roaming)) == ("CREDITED", 0)


def test_a_part_as_large_as_the_claim_ends_the_dispute(roaming):
    row = send(roaming, own())["OWN-1"]
    with roaming.hub.store.unit() as unit:
        number = disputes.open_(unit, row, Claim("WRONG_PRICE", Decimal(2)), Word("dear", EMSP), ANN)
    rated = send(roaming, part())
    with roaming.hub.store.reading() as unit:
        told = disputes.shown(unit, number)
    assert (told["outcome"], told["credit"], rated["OWN-1"].state) == ("PARTIAL", "OWN-1-P1", "RATED")


def test_a_smaller_part_is_told_in_the_thread(roaming):
    row = send(roaming, own())["OWN-1"]
    with roaming.hub.store.unit() as unit:
        number = disputes.open_(unit, row, Claim("WRONG_PRICE"), Word("dear", EMSP), ANN)
    rated = send(roaming, part())
    with roaming.hub.store.reading() as unit:
        told = disputes.shown(unit, number)
    assert (told["outcome"], rated["OWN-1"].state) == (None, "DISPUTED")
    assert told["messages"][-1]["text"] == "OWN-1-P1 credits 2 EUR of it"


def test_of_what_the_hub_issued_a_line_takes_back_the_rest(roaming):
    complete(roaming)
    (billed,) = send(roaming).values()
    net, gross = billed.net, billed.gross
    about = {"id": "P", "credit": True, "credit_reference_id": billed.cdr_key, "session_id": "S1"}
    cost = {"excl_vat": Decimal(-1), "incl_vat": Decimal("-1.1")}
    taken = send(roaming, own(**about, total_cost=cost))["P"]
    assert (taken.kind, taken.state) == ("PARTIAL", "RATED")
    with roaming.hub.store.unit() as unit:
        done = crediting.credit(unit, billed, ANN, "wrong", Replacement())
        (line,) = adjustments.listed(unit)
    assert (line.id, line.net, line.gross) == (done.adjustment_id, 1 - net, Decimal("1.1") - gross)
    assert (net, gross) == WHOLE
    rated = send(roaming)
    assert (rated[billed.cdr_key].state, rated[done.replacement_key].kind) == ("CREDITED", "REPLACEMENT")
    assert owed(roaming) == net


# By the figures --------------------------------------------------------------------------------------------

amounts = st.decimals(min_value=Decimal("0.01"), max_value=100, places=4)


@given(net=amounts, rates=st.lists(st.sampled_from([None, Decimal(9), Decimal(21)]), max_size=2), cut=amounts)
def test_what_is_left_and_what_is_gone_make_up_the_whole(net, rates, cut):
    taxes = tuple((rate, net / 10) for rate in rates)
    whole = Cost(net, net + sum(tax for _, tax in taxes), taxes)
    gone = Cost(cut, None, tuple((rate, cut / 20) for rate in reversed(rates)))
    left = rest(whole, (gone, gone))
    assert left.net + 2 * cut == net
    assert [amount + cut / 10 for _, amount in left.taxes] == [amount for _, amount in whole.taxes]
