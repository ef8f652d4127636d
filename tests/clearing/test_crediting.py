"""CDRs are taken back once and whole, whoever issued them, whatever their eMSP takes."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platforms import code
from roaming import ANN, CPO, EMSP, NOON, complete, own, prepare
from sqlalchemy import func, select

from hub.clearing import clerk, crediting, deciding, rows
from hub.clearing.crediting import CannotBeCredited, Replacement
from hub.clearing.deciding import Decision
from hub.clearing.facts import facts_of
from hub.clearing.states import NoSuchTransition
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store import adjustments, charges, documents
from hub.store.clearings import clearings
from hub.store.deliveries import deliveries
from hub.sync import completeness

cents = st.decimals(min_value=0, max_value=10**6, places=4)
CREDIT = {
    "id": "OWN-1-C",
    "credit": True,
    "credit_reference_id": "OWN-1",
    "total_cost": {"excl_vat": Decimal("-5.625"), "incl_vat": Decimal("-6.2375")},
}


@pytest.fixture
def roaming(cpo, emsp):
    prepare(cpo, emsp)
    return cpo


@pytest.fixture
def billed(roaming):
    """A CDR of the hub's, rated: its row."""
    complete(roaming)
    (row,) = cleared(roaming).values()
    return row


def cleared(cpo):
    clerk.everything(cpo.hub.store)
    with cpo.hub.store.reading() as unit:
        return {row.cdr_key: row for row in unit.connection.execute(select(clearings))}


def credit(cpo, row, **more):
    with cpo.hub.store.unit() as unit:
        return crediting.credit(unit, row, ANN, "wrong", **more)


def cdr(cpo, key):
    with cpo.hub.store.reading() as unit:
        return documents.find(unit, "cdrs", CPO, key).document.newest


def lines(cpo):
    with cpo.hub.store.reading() as unit:
        return adjustments.listed(unit)


def decide(cpo, key, decision):
    with cpo.hub.store.unit() as unit:
        return deciding.decide(unit, rows.one(unit, CPO.code, key), decision, ANN, None)


# By the text (CDR-06) --------------------------------------------------------------------------------------


@given(net=cents, taxes=st.lists(st.tuples(st.sampled_from([None, 7, 19]), cents), max_size=3), kwh=cents)
def test_a_credit_and_what_it_credits_make_nought(net, taxes, kwh):  # I4
    told = [{"name": "VAT", "percentage": rate, "amount": amount} for rate, amount in taxes]
    whole = {"id": "C", "total_cost": {"before_taxes": net, "taxes": told}, "total_energy": kwh}
    made = crediting.credit_of(whole, "2025-03-10T12:00:00Z")
    assert made["total_cost"]["before_taxes"] + net == 0
    assert [
        tax["amount"] + amount for tax, (_, amount) in zip(made["total_cost"]["taxes"], taxes, strict=True)
    ] == [0] * len(taxes)
    assert made["total_energy"] == kwh  # CDR-06: only total_cost is negative; reports multiply by the sign
    assert (made["credit"], made["credit_reference_id"], made["id"]) == (True, "C", "C-C")


@given(st.text("AB-1", min_size=1, max_size=39))
def test_the_id_of_a_credit_fits_and_is_its_own(identity):
    whole = {"id": identity, "total_cost": {"before_taxes": Decimal(1)}}
    made = crediting.credit_of(whole, "2025-03-10T12:00:00Z")
    assert len(made["id"]) <= 39
    assert made["id"] != identity


def test_only_the_total_is_negative_and_all_else_is_as_it_was(roaming, billed):
    done = credit(roaming, billed)
    whole, made = cdr(roaming, billed.cdr_key), cdr(roaming, done.credit_key)
    changed = {name for name in {*whole, *made} if whole.get(name) != made.get(name)}
    assert changed == {"id", "credit", "credit_reference_id", "total_cost", "last_updated"} - (
        {"last_updated"} if whole["last_updated"] == made["last_updated"] else set()
    )
    facts, taken = facts_of(whole).total, facts_of(made).total
    assert (facts.net + taken.net, facts.gross + taken.gross) == (0, 0)


def test_a_credit_is_owed_to_the_emsp_and_both_are_paid(roaming, billed):
    with roaming.hub.store.reading() as unit:
        before = unit.connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
    done = credit(roaming, billed)
    found = cleared(roaming)
    assert {row.kind: row.state for row in found.values()} == {"NORMAL": "CREDITED", "CREDIT": "RATED"}
    assert found[billed.cdr_key].credited_by == done.credit_key
    with roaming.hub.store.reading() as unit:
        count = unit.connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
        assert count == before + 1
        assert charges.seen(unit, CPO.code, "S1").state == charges.CREDITED


def test_nothing_is_credited_twice_nor_is_a_credit(roaming, billed):
    done = credit(roaming, billed)
    found = cleared(roaming)
    for key, says in ((billed.cdr_key, "already"), (done.credit_key, "a credit itself")):
        with pytest.raises(CannotBeCredited, match=says):
            credit(roaming, found[key])


def test_of_many_who_credit_at_once_one_does(roaming, billed):
    def once(_):
        try:
            return credit(roaming, billed).credit_key
        except CannotBeCredited:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [key for key in pool.map(once, range(8)) if key]
    assert len(made) == 1
    assert len(cleared(roaming)) == 2


# What comes in its place -----------------------------------------------------------------------------------


def test_a_session_is_rated_anew_in_the_place_of_its_cdr(roaming, billed):
    done = credit(roaming, billed, replacement=Replacement())
    found = cleared(roaming)
    new = found[done.replacement_key]
    assert (new.kind, new.state, new.net) == ("REPLACEMENT", "RATED", billed.net)
    assert found[billed.cdr_key].replaced_by == new.cdr_key != billed.cdr_key
    again = credit(roaming, new, replacement=Replacement())  # and once more
    assert len({billed.cdr_key, new.cdr_key, again.replacement_key}) == 3
    assert sorted(row.state for row in cleared(roaming).values()) == ["CREDITED"] * 2 + ["RATED"] * 3


def test_a_cdr_can_be_given_for_its_place_if_it_is_of_the_same_session(roaming, billed):
    body = cdr(roaming, billed.cdr_key)
    with pytest.raises(CannotBeCredited, match="look at id"):
        credit(roaming, billed, replacement=Replacement(body))
    with pytest.raises(CannotBeCredited, match="session_id"):
        credit(roaming, billed, replacement=Replacement(body | {"id": "NEW", "session_id": "S2"}))
    with pytest.raises(CannotBeCredited, match="cannot be"):
        credit(roaming, billed, replacement=Replacement(body | {"id": "NEW", "total_cost": None}))
    done = credit(roaming, billed, replacement=Replacement(body | {"id": "NEW"}))
    assert (done.replacement_key, cleared(roaming)["NEW"].kind) == ("NEW", "REPLACEMENT")


# Where no credit CDR can be --------------------------------------------------------------------------------


def test_an_emsp_that_takes_no_credits_gets_a_line(roaming, emsp, billed):
    emsp.set(credit_cdrs=False)
    done = credit(roaming, billed, replacement=Replacement())
    (line,) = lines(roaming)
    assert (line.kind, line.net + billed.net, line.gross + billed.gross) == ("CREDIT", 0, 0)
    assert sum(amount for _, amount in adjustments.taxes_of(line)) == line.gross - line.net
    found = cleared(roaming)
    assert (found[billed.cdr_key].state, found[done.replacement_key].state) == ("CREDITED", "RATED")
    with pytest.raises(CannotBeCredited, match="already"):
        credit(roaming, billed)


@pytest.mark.parametrize("state", ["STATED", "SETTLED"])
def test_what_comes_in_the_place_of_a_stated_cdr_that_a_line_took_back_is_owed(roaming, emsp, billed, state):
    emsp.set(credit_cdrs=False)
    with roaming.hub.store.unit() as unit:
        unit.connection.execute(clearings.update().values(state=state, statement_id=1))
    done = credit(roaming, billed, replacement=Replacement())
    found = cleared(roaming)
    assert (found[billed.cdr_key].state, found[billed.cdr_key].credited_by) == (state, None)
    new = found[done.replacement_key]
    assert (new.kind, new.state) == ("REPLACEMENT", "RATED")


def test_terms_without_credits_are_held_to(roaming, billed):
    with roaming.hub.store.unit() as unit:
        agreements.end(unit, 1, 1, Signed(ANN))
        agreements.add(unit, Pair(CPO, EMSP, "EUR"), Terms(credits="NONE"), (2, None), Signed(ANN))
        unit.connection.execute(clearings.update().values(agreement_id=2))
    assert credit(roaming, billed).adjustment_id is not None


def test_what_its_cpo_issued_the_cpo_must_credit_or_a_line_does(roaming):
    roaming.receiver("POST", "cdrs", own())
    row = cleared(roaming)["OWN-1"]
    with pytest.raises(CannotBeCredited, match="NL/CPO issued OWN-1"):
        credit(roaming, row)
    with roaming.hub.store.unit() as unit:
        crediting.credit_by_line(unit, row, ANN, "by phone")
    assert cleared(roaming)["OWN-1"].state == "CREDITED"
    assert code(roaming.receiver("POST", "cdrs", own(**CREDIT))) == (201, 1000)
    assert cleared(roaming)["OWN-1-C"].state == "HELD"
    with pytest.raises(NoSuchTransition, match="credited already"):
        decide(roaming, "OWN-1-C", Decision.ACCEPT)


# Credits that a CPO sends ----------------------------------------------------------------------------------


def test_a_credit_of_what_nobody_has_accepted_is_dropped_with_it(roaming):
    later = own(id="OWN-0", cdr_token=own()["cdr_token"] | {"uid": "OTHER"})
    roaming.receiver("POST", "cdrs", later)
    roaming.receiver("POST", "cdrs", own())
    assert cleared(roaming)["OWN-1"].state == "HELD"
    assert code(roaming.receiver("POST", "cdrs", own(**CREDIT))) == (201, 1000)
    first = cleared(roaming)
    if first["OWN-1-C"].state == "HELD":
        decide(roaming, "OWN-1-C", Decision.ACCEPT)
    found = cleared(roaming)
    assert {key: found[key].state for key in ("OWN-1", "OWN-1-C")} == {
        "OWN-1": "DROPPED",
        "OWN-1-C": "DROPPED",
    }
    with pytest.raises(NoSuchTransition, match="neither is paid"):
        decide(roaming, "OWN-1", Decision.CHECK)


def test_a_credit_of_what_is_on_a_statement_comes_onto_the_next(roaming):
    roaming.receiver("POST", "cdrs", own())
    cleared(roaming)
    with roaming.hub.store.unit() as unit:
        unit.connection.execute(clearings.update().values(state="SETTLED", statement_id=7))
    roaming.receiver("POST", "cdrs", own(**CREDIT))
    found = cleared(roaming)
    assert (found["OWN-1"].state, found["OWN-1"].credited_by) == ("SETTLED", "OWN-1-C")
    assert (found["OWN-1-C"].state, found["OWN-1-C"].statement_id) == ("RATED", None)


# CDRs that a CPO sends in the place of others --------------------------------------------------------------


def of_session(number, credit=False, **changes):
    """The CPO's CDR of a session, or its credit."""
    changes = {"session_id": "S9", **changes}
    if credit:
        about = {"id": f"OWN-{number}-C", "credit_reference_id": f"OWN-{number}"}
        return own(**{**CREDIT, **about, **changes})
    return own(id=f"OWN-{number}", **changes)


def sent(cpo, *bodies):
    for body in bodies:
        assert code(cpo.receiver("POST", "cdrs", body)) == (201, 1000)
        cleared(cpo)
    clerk.look(cpo.hub.store)
    return cleared(cpo)


def test_what_comes_after_a_credit_takes_the_place_of_what_it_credits(roaming):
    bodies = [of_session(1), of_session(1, credit=True), of_session(2), of_session(2, credit=True)]
    found = sent(roaming, *bodies, of_session(3))
    assert {key: (row.kind, row.state, row.replaced_by) for key, row in found.items()} == {
        "OWN-1": ("NORMAL", "CREDITED", "OWN-2"),
        "OWN-1-C": ("CREDIT", "RATED", None),
        "OWN-2": ("REPLACEMENT", "CREDITED", "OWN-3"),
        "OWN-2-C": ("CREDIT", "RATED", None),
        "OWN-3": ("REPLACEMENT", "RATED", None),
    }
    assert [found[key].credits for key in ("OWN-1-C", "OWN-2-C")] == ["OWN-1", "OWN-2"]


def test_it_waits_for_the_credit_to_be_right(roaming):
    wrong = {"total_cost": {"excl_vat": Decimal("-5.625"), "incl_vat": Decimal(-6)}}
    found = sent(roaming, of_session(1), of_session(1, credit=True, **wrong), of_session(2))
    assert [row.state for row in found.values()] == ["RATED", "HELD", "HELD"]
    roaming.hub.store.clock = lambda: NOON + 1
    decide(roaming, "OWN-1-C", Decision.ACCEPT)
    found = sent(roaming)
    assert (found["OWN-2"].kind, found["OWN-2"].state) == ("REPLACEMENT", "RATED")
    assert found["OWN-1"].replaced_by == "OWN-2"


def test_it_takes_the_place_of_what_nobody_accepted_too(roaming):
    other = own(id="OWN-0", cdr_token=own()["cdr_token"] | {"uid": "OTHER"})
    sent(roaming, other, of_session(1))
    found = sent(roaming, of_session(1, credit=True), of_session(2))
    assert [row.state for row in found.values()] == ["RATED", "DROPPED", "DROPPED", "HELD"]
    assert (found["OWN-2"].kind, found["OWN-1"].replaced_by) == ("REPLACEMENT", "OWN-2")


def test_of_another_session_or_without_one_it_takes_no_place(roaming):
    found = sent(roaming, of_session(1), of_session(1, credit=True), of_session(2, session_id="S10"))
    assert (found["OWN-2"].kind, found["OWN-1"].replaced_by) == ("NORMAL", None)


# What is missing -------------------------------------------------------------------------------------------


def test_no_list_of_the_cpo_has_to_show_what_the_hub_wrote(roaming, billed):
    done = credit(roaming, billed, replacement=Replacement())
    new = cleared(roaming)[done.replacement_key]
    alone = credit(roaming, new)
    roaming.receiver("POST", "cdrs", own(session_id="S9"))
    cleared(roaming)
    with roaming.hub.store.reading() as unit:
        ours = {key for _, key in completeness.issued_by_hub(unit, [CPO.code])}
    assert ours == {billed.cdr_key, done.credit_key, new.cdr_key, alone.credit_key}
