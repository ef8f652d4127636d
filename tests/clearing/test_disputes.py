"""A dispute keeps its CDR off statements until it is credited, given back in part, declined or expired."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platforms import code
from roaming import ANN, CPO, EMSP, NOON, complete, own, prepare
from sqlalchemy import select

from hub.clearing import clerk, crediting, disputes, goodwill, rows
from hub.clearing.costs import rest
from hub.clearing.crediting import CannotBeCredited, Replacement
from hub.clearing.disputes import DAY, Claim, DisputeProblem, Evidence, Remedy, Word
from hub.clearing.facts import Cost
from hub.ocpi.document import Party
from hub.store import adjustments, audit
from hub.store.clearings import clearings

CREDIT = Remedy()
PRICE = Claim("WRONG_PRICE", Decimal("1.5"))
SAYS = Word("tariff T2 held", EMSP, Evidence("mail.eml", "0" * 64))


@pytest.fixture
def roaming(cpo, emsp):
    prepare(cpo, emsp)
    return cpo


@pytest.fixture
def billed(roaming):
    complete(roaming)
    (row,) = cleared(roaming).values()
    return row


@pytest.fixture
def of_cpo(roaming):
    roaming.receiver("POST", "cdrs", own())
    return cleared(roaming)["OWN-1"]


def cleared(cpo):
    clerk.everything(cpo.hub.store)
    with cpo.hub.store.reading() as unit:
        return {row.cdr_key: row for row in unit.connection.execute(select(clearings))}


def opened(cpo, row, claim=PRICE, word=SAYS):
    with cpo.hub.store.unit() as unit:
        return disputes.open_(unit, row, claim, word, ANN)


def accepted(cpo, number, remedy=CREDIT):
    with cpo.hub.store.unit() as unit:
        return disputes.accept(unit, number, remedy, ANN, "right")


def shown(cpo, number):
    with cpo.hub.store.reading() as unit:
        return disputes.shown(unit, number)


def state(cpo, row):
    return cleared(cpo)[row.cdr_key].state


def part(cpo, row, amount):
    with cpo.hub.store.unit() as unit:
        return goodwill.give_part(unit, row, amount, ANN, None)


def lines(cpo):
    with cpo.hub.store.reading() as unit:
        return adjustments.listed(unit)


def test_what_is_disputed_waits_with_a_term_and_a_thread(roaming, billed):
    number = opened(roaming, billed)
    with roaming.hub.store.unit() as unit:
        disputes.answer(unit, number, Word("see the log", CPO), ANN)
    told = shown(roaming, number)
    assert (told["state"], told["opened_by"], told["claimed"]) == ("DISPUTED", "DE/MSP", Decimal("1.5"))
    assert (told["days_left"], told["outcome"]) == (30, None)
    said = [(each["party"], each["text"], each["file"]) for each in told["messages"]]
    assert said == [("DE/MSP", "tariff T2 held", "mail.eml"), ("NL/CPO", "see the log", None)]
    with roaming.hub.store.reading() as unit:
        trail = audit.listed(unit, audit.audit_events.c.what == f"dispute/{number}", limit=9)
    assert [event.action for event in trail] == ["answer", "open"]


ODD = (
    (Claim("BAD_MOOD"), SAYS, "no reason"),
    (Claim("OTHER", Decimal(7)), SAYS, "at most 5.625"),
    (Claim("OTHER", Decimal(0)), SAYS, "more than 0"),
    (PRICE, Word("x", Party("FR", "XXX")), "neither CPO nor eMSP"),
)


def test_a_claim_that_makes_no_sense_is_refused(roaming, billed):
    for claim, word, says in ODD:
        with pytest.raises(DisputeProblem, match=says):
            opened(roaming, billed, claim, word)
    assert state(roaming, billed) == "RATED"


def test_only_what_is_to_be_paid_is_disputed_and_that_once(roaming, billed):
    number = opened(roaming, billed)
    with pytest.raises(DisputeProblem, match="disputed already"):
        opened(roaming, billed)
    accepted(roaming, number)
    with pytest.raises(DisputeProblem, match="credited already"):
        opened(roaming, billed)
    with pytest.raises(DisputeProblem, match="closed: ACCEPTED"):
        accepted(roaming, number)
    with pytest.raises(DisputeProblem, match="no dispute 99"):
        shown(roaming, 99)


def test_what_a_line_took_back_is_not_disputed_any_more(roaming):
    """Also when it is on a statement, where it stays as it was: nobody could end the dispute but in vain."""
    roaming.receiver("POST", "cdrs", own())
    row = cleared(roaming)["OWN-1"]
    with roaming.hub.store.unit() as unit:
        unit.connection.execute(clearings.update().values(state="STATED", statement_id=7))
        crediting.credit_by_line(unit, row, ANN, "by phone")
    with pytest.raises(DisputeProblem, match="credited already"):
        opened(roaming, row)


def test_an_accepted_dispute_makes_the_credit_and_the_replacement(roaming, billed):
    number = opened(roaming, billed)
    done = accepted(roaming, number, Remedy(replacement=Replacement()))
    found = cleared(roaming)
    assert [found[key].state for key in (billed.cdr_key, done.credit_key, done.replacement_key)] == [
        "CREDITED",
        "RATED",
        "RATED",
    ]
    told = shown(roaming, number)
    assert (told["outcome"], told["credit"], told["replacement"]) == (
        "ACCEPTED",
        done.credit_key,
        done.replacement_key,
    )


def test_what_its_cpo_issued_is_taken_back_by_a_line_or_by_its_own_credit(roaming, of_cpo):
    number = opened(roaming, of_cpo)
    with pytest.raises(CannotBeCredited, match="Ask it for one"):
        accepted(roaming, number)
    assert shown(roaming, number)["outcome"] is None
    minus = {"excl_vat": Decimal("-5.625"), "incl_vat": Decimal("-6.2375")}
    told = own(id="OWN-1-C", credit=True, credit_reference_id="OWN-1", total_cost=minus)
    assert code(roaming.receiver("POST", "cdrs", told)) == (201, 1000)
    assert state(roaming, of_cpo) == "CREDITED"
    assert (shown(roaming, number)["outcome"], shown(roaming, number)["credit"]) == ("ACCEPTED", "OWN-1-C")


def test_by_a_line(roaming, of_cpo):
    done = accepted(roaming, opened(roaming, of_cpo), Remedy(by_line=True))
    (line,) = lines(roaming)
    assert (line.id, line.kind, line.net, line.gross) == (
        done.adjustment_id,
        "CREDIT",
        Decimal("-5.625"),
        Decimal("-6.2375"),
    )
    assert state(roaming, of_cpo) == "CREDITED"


def test_in_part_by_a_line_and_the_rest_stays_owed(roaming, billed):
    number = opened(roaming, billed)
    accepted(roaming, number, Remedy(part=Decimal("1.5")))
    assert (state(roaming, billed), shown(roaming, number)["outcome"]) == ("RATED", "PARTIAL")
    (line,) = lines(roaming)
    assert (line.kind, line.net, line.agreement_id) == ("PARTIAL", Decimal("-1.5"), 1)
    assert line.gross == line.net + sum(amount for _, amount in adjustments.taxes_of(line))


def test_parts_are_never_more_than_the_whole(roaming, billed):  # I9
    part(roaming, billed, Decimal("2.0001"))
    part(roaming, billed, Decimal(3))
    with pytest.raises(CannotBeCredited, match=r"at most 0\.6249"):
        part(roaming, billed, Decimal("0.625"))
    part(roaming, billed, Decimal("0.6249"))
    with pytest.raises(CannotBeCredited, match="at most 0"):
        part(roaming, billed, Decimal("0.0001"))
    assert sum(line.net for line in lines(roaming)) == -billed.net
    assert sum(line.gross for line in lines(roaming)) == -billed.gross


def test_a_credit_of_all_takes_the_parts_back_before(roaming, billed):  # I9
    part(roaming, billed, Decimal(2))
    with roaming.hub.store.unit() as unit:
        crediting.credit(unit, rows.one(unit, CPO.code, billed.cdr_key), ANN)
    found = cleared(roaming).values()
    total = sum(row.net for row in found)
    assert total + sum(line.net for line in lines(roaming)) == 0
    assert [line.kind for line in lines(roaming)] == ["PARTIAL", "REVERSAL"]


money = st.decimals(min_value=Decimal("0.0001"), max_value=1000, places=4)


@given(net=money, rates=st.lists(st.integers(0, 25), max_size=3), cuts=st.lists(money, max_size=5))
def test_parts_of_a_cost_make_up_the_cost_and_no_tax_more_than_its_own(net, rates, cuts):  # I9
    taxes = tuple((Decimal(rate), round(net * rate / 100, 4)) for rate in rates)
    total = Cost(net, net + sum(tax for _, tax in taxes), taxes)
    left, parts = net, []
    for cut in [*cuts, net]:
        amount = min(cut, left)
        if not amount:
            break
        left -= amount
        parts.append(goodwill.part(total, amount, rest(total, parts), last=not left))
    assert sum(each.net for each in parts) == total.net
    assert sum(each.gross for each in parts) == total.gross
    for place, (_, whole) in enumerate(taxes):
        shares = [each.taxes[place][1] for each in parts]
        assert sum(shares) == whole
        assert min(shares, default=0) >= 0


def test_goodwill_for_a_charger_that_failed_is_given_once_and_the_cdr_stays(roaming, billed):
    number = opened(roaming, billed, Claim("CHARGER_FAULT"))
    accepted(roaming, number, Remedy(goodwill=Decimal(10)))  # more than it cost: for the trouble
    (line,) = lines(roaming)
    assert (line.kind, line.net, line.gross) == ("GOODWILL", -10, -10)
    assert (state(roaming, billed), shown(roaming, number)["outcome"]) == ("RATED", "PARTIAL")
    with roaming.hub.store.unit() as unit, pytest.raises(CannotBeCredited, match="already"):
        goodwill.give(unit, billed, Decimal(1), ANN, None)


def test_a_refund_for_a_charger_that_failed_comes_after_it_was_paid_too(roaming, billed):
    with roaming.hub.store.unit() as unit:
        unit.connection.execute(clearings.update().values(state="SETTLED", statement_id=7))
    done = accepted(roaming, opened(roaming, billed, Claim("CHARGER_FAULT")))
    found = cleared(roaming)
    assert (found[billed.cdr_key].state, found[done.credit_key].state) == ("SETTLED", "RATED")


def test_what_is_declined_is_owed_as_before(roaming, billed):
    number = opened(roaming, billed)
    with roaming.hub.store.unit() as unit:
        disputes.decline(unit, number, ANN, "T1 held")
    assert (state(roaming, billed), shown(roaming, number)["outcome"]) == ("RATED", "DECLINED")


def test_what_nobody_decides_in_time_expires(roaming, billed):
    number = opened(roaming, billed)
    clerk.look(roaming.hub.store)
    assert shown(roaming, number)["outcome"] is None
    roaming.hub.store.clock = lambda: NOON + 30 * DAY
    clerk.look(roaming.hub.store)
    assert (state(roaming, billed), shown(roaming, number)["outcome"]) == ("RATED", "EXPIRED")
