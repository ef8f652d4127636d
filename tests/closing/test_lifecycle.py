"""A statement goes its way step by step; contested lines leave it, and the rest is settled."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest
from months_of import ANN, CPO, EMSP, agree, cdr, cleared, close, contest, put, settled, step
from sqlalchemy import update
from test_periods import Failing, Stop, counts
from truths import booked, refuse_untruth

from hub.clearing.disputes import decline
from hub.closing import lifecycle, replay, statements, tolerance
from hub.closing.lifecycle import COMMANDS, TRANSITIONS, Step
from hub.closing.problems import NoSuchStatement, NotOnStatement, OutsideTolerance, WrongState
from hub.ocpi.document import Party
from hub.parties.terms import Terms
from hub.store import disputes
from hub.store.clearings import clearings
from hub.store.engine import engine_for

PARTS = [("10.005", 19), ("1.335", 7)]


def stated(store, *names, **terms):
    agree(store, **terms)
    for name in names or ("A", "B", "C"):
        put(store, cdr(name, PARTS))
    return close(store).statement


def replayed(store):
    with store.reading() as unit:
        return replay.replay(unit, "2026-10", lambda _: None)


def test_it_is_approved_sent_accepted_and_settled(store):
    statement = stated(store)
    approved = step(store, "approve", statement)
    assert (approved.number, approved.state) == ("NLCPO-2026-000001", "APPROVED")
    sent = step(store, "send", statement)
    assert sent.due_at - sent.sent_at == 30 * 86_400_000_000
    step(store, "accept", statement)
    assert step(store, "finalise", statement).state == "FINAL"
    assert {row.state for row in cleared(store).values()} == {"SETTLED"}
    with store.reading() as unit:
        steps = [row.after for row in statements.events_of(unit, statement.id)]
    assert steps == ["DRAFT", "APPROVED", "SENT", "ACCEPTED", "FINAL"]


def test_only_the_listed_steps_can_be_taken(store):
    """O7; the refusal says which step is next."""
    statement = stated(store, "A")
    found = {(here, to): taken(store, statement, here, to) for here in Step for to in COMMANDS}
    assert found == {(here, to): to in TRANSITIONS[here] for here, to in found}


def taken(store, statement, here, to):
    """Whether a step can be taken from there; nothing is kept of it."""
    try:
        with store.unit() as unit:
            statements.change(unit, statement, state=here, number=None if here == Step.DRAFT else "N-1")
            take(unit, statement, to)
            stop()
    except WrongState as refused:
        return "`hub statement" not in str(refused) and here is not Step.FINAL
    except Stop:
        return True


def take(unit, statement, to):
    if to is Step.CONTESTED:
        lifecycle.contest(unit, str(statement.id), {"A"}, ANN, ("OTHER", "no"))
    else:
        lifecycle.STEPS[to](unit, str(statement.id), ANN, None)


def stop():
    raise Stop


def test_numbers_have_no_gap_whoever_approves_at_once(store):
    """O3: also when some of the transactions fail."""
    partners = [Party("BE", f"B{number:02}") for number in range(8)]
    made = []
    for number, emsp in enumerate(partners, 1):
        agree(store, emsp=emsp)
        put(store, cdr(f"A{number}", PARTS), agreement=number, emsp=emsp)
        made.append(close(store, agreement=number).statement)

    def approve(statement):
        if statement.id % 3 == 0:
            with suppress(Stop), store.unit() as unit:
                lifecycle.approve(unit, str(statement.id), ANN)
                stop()
        return step(store, "approve", statement).number

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(approve, made))
    assert numbers == [f"NLCPO-2026-{number:06}" for number in range(1, 9)]


def test_where_the_emsp_writes_the_documents_they_have_their_own_numbers(store):
    assert step(store, "approve", stated(store, billing="REVERSE")).number == "NLCPO-R-2026-000001"


@pytest.mark.parametrize("rounded", ["DOCUMENT", "LINE"])
def test_contested_lines_leave_and_the_rest_is_settled(store, rounded):
    statement = stated(store, fee_per_cdr=Decimal("0.105"), rounded=rounded)
    for name in ("approve", "send"):
        step(store, name, statement)
    contested = contest(store, statement, "B")
    assert (contested.state, contested.revision) == ("CONTESTED", 2)
    row = cleared(store)["B"]
    assert (row.state, row.statement_id) == ("DISPUTED", None)
    with store.reading() as unit:
        (dispute,) = disputes.listed(unit)
        assert (dispute.clearing_id, dispute.reason, dispute.opened_by) == (row.id, "WRONG_PRICE", "DEMSP")
        told = {line.cdr_key for line in statements.rows_of(unit, statement.id) if line.cdr_key}
        before = {line.cdr_key for line in statements.rows_of(unit, statement.id, 1) if line.cdr_key}
    assert (told, before) == ({"A", "C"}, {"A", "B", "C"})
    refuse_untruth(store)
    assert contest(store, statement, "C").revision == 3
    step(store, "finalise", statement)
    assert {key: row.state for key, row in cleared(store).items()} == {
        "A": "SETTLED",
        "B": "DISPUTED",
        "C": "DISPUTED",
    }
    refuse_untruth(store)
    assert replayed(store).differences == ()


def test_what_was_contested_in_vain_is_on_the_next_statement(store):
    """I5: never on two at a time."""
    statement = stated(store)
    for name in ("approve", "send"):
        step(store, name, statement)
    contest(store, statement, "A", "B", "C")
    with store.unit() as unit:
        (dispute,) = disputes.listed(unit, disputes.disputes.c.cdr_key == "A")
        decline(unit, dispute.id, ANN, "it is right")
    second = close(store, "2026-11")
    assert cleared(store)["A"].statement_id == second.statement.id
    with store.reading() as unit:
        assert booked(unit, f"statement/{statement.id}") == {}
    refuse_untruth(store)
    assert replayed(store).differences == ()


def test_a_fault_while_contesting_leaves_the_statement_as_it_was(store):
    """O2."""
    statement = stated(store, fee_per_cdr=Decimal("0.1"))
    for name in ("approve", "send"):
        step(store, name, statement)
    before, nth = counts(store), 0
    while True:
        nth += 1
        failing = Failing(store, nth)
        try:
            contest(store, statement, "B")
        except Stop:
            assert counts(store) == before
        else:
            break
        finally:
            failing.over()
    assert nth > 10
    refuse_untruth(store)


def test_what_is_not_on_it_cannot_be_contested(store):
    statement = stated(store, "A")
    for name in ("approve", "send"):
        step(store, name, statement)
    with pytest.raises(NotOnStatement, match="ZZZ"):
        contest(store, statement, "ZZZ")
    with pytest.raises(NoSuchStatement, match="hub statement list"), store.reading() as unit:
        statements.named(unit, "NLCPO-2026-999999")


def test_one_that_differs_by_more_than_agreed_is_approved_only_on_purpose(store):
    statement = stated(store)
    with store.unit() as unit:
        unit.connection.execute(update(clearings).values(expected_net=Decimal(11)))
    with pytest.raises(OutsideTolerance, match="--anyway"):
        step(store, "approve", statement)
    assert step(store, "approve", statement, anyway=True).state == "APPROVED"


def test_the_tolerance_grows_with_the_square_root_of_the_lines():
    assert tolerance.allowed(0, Terms()) == Decimal("0.01")
    assert tolerance.allowed(10_000, Terms()) == Decimal("1.17")


def test_what_both_owe_each_other_is_set_off_where_both_agreed(store):
    one, other = Party("NL", "AAA"), Party("NL", "BBB")
    for number, (cpo, emsp) in enumerate([(one, other), (other, one)], 1):
        agree(store, cpo, emsp, netting=True, vat_category="O", fee_per_cdr=Decimal(1))
        put(store, cdr(f"A{number}", [(f"{number}0", 0)]), agreement=number, cpo=cpo, emsp=emsp)
        settled(store, close(store, agreement=number).statement)
    with store.reading() as unit:
        assert booked(unit, "netting/1/2") == {
            "payable:NL/AAA": Decimal(9),
            "receivable:NL/AAA": Decimal(-9),
            "payable:NL/BBB": Decimal(10),
            "receivable:NL/BBB": Decimal(-10),
        }
    assert replayed(store).differences == ()


OFF = {
    "sqlite": "DROP TRIGGER statement_lines_no_update",
    "postgresql": "ALTER TABLE statement_lines DISABLE TRIGGER USER",
}


def test_a_figure_that_somebody_changed_is_named(store, database_url):
    """The triggers are off, as for somebody with the rights of the database's owner."""
    statement = stated(store)
    assert replayed(store).differences == ()
    engine = engine_for(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(OFF[engine.dialect.name])
        connection.exec_driver_sql("UPDATE statement_lines SET net = net + 10000 WHERE number = 1")
    engine.dispose()
    (found,) = replayed(store).differences
    assert (found.statement, found.where) == (statement.id, "line 1: net")
    assert Decimal(found.stands) == Decimal(found.computed) + Decimal("0.01")


def test_the_parties_of_a_statement_stay_who_they_were(store):
    statement = stated(store, cpo_vat_id="NL1", emsp_vat_id="DE1")
    assert (statement.cpo, statement.emsp) == (CPO.code, EMSP.code)
    assert '"vat_id":"NL1"' in statement.parties
