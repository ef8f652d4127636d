"""A month is closed once and whole: by two at once, with a fault at every step, with what came late."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from months_of import ANN, LATER, agree, cdr, cleared, close, give, put
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import DBAPIError
from truths import refuse_untruth

from hub.clearing import deciding
from hub.clearing.deciding import Decision
from hub.clearing.states import State
from hub.closing import candidates, months, periods, replay, statements
from hub.closing.problems import LaterOneClosed, NoSuchMonth, NotOver
from hub.ocpi.document import Party
from hub.parties import agreements
from hub.store.clearings import clearing_events
from hub.store.ledger import postings
from hub.store.statements import (
    MAY_CHANGE,
    period_carried,
    statement_lines,
    statement_revisions,
)
from hub.store.statements import periods as table
from hub.store.statements import statements as documents

PARTS = [("10.005", 19), ("1.335", 7)]


def counts(store):
    """How many rows a close has written."""
    tables = [*MAY_CHANGE, postings, clearing_events]
    with store.reading() as unit:
        found = {
            t.name: unit.connection.execute(select(func.count()).select_from(t)).scalar() for t in tables
        }
    return found | {"stated": sum(row.state == "STATED" for row in cleared(store).values())}


def a_month(store):
    """Two CDRs, one of them credited, an adjustment; one held, one disputed; a fee."""
    agree(store, fee_per_cdr=Decimal("0.10"), fee_percent=Decimal(1))
    put(store, cdr("A", PARTS))
    put(store, cdr("B", PARTS), state=State.CREDITED)
    put(store, cdr("B-C", PARTS, of="B"))
    put(store, cdr("H", PARTS), state=State.HELD)
    put(store, cdr("D", PARTS), state=State.DISPUTED)
    give(store)
    store.clock = lambda: LATER


def test_all_that_ended_by_then_is_on_one_statement(store):
    a_month(store)
    closed = close(store)
    found = cleared(store)
    assert {key: row.state for key, row in found.items()} == {
        "A": "STATED",
        "B": "STATED",
        "B-C": "STATED",
        "H": "HELD",
        "D": "DISPUTED",
    }
    with store.reading() as unit:
        (revision,) = statements.revisions_of(unit, closed.statement.id)
        told = list(statements.rows_of(unit, closed.statement.id))
        carried = {(row.cdr_key, row.state) for row in periods.carried_of(unit, closed.period.id)}
    # 10.005 - 1.5 = 8.505 and 1.335 net; B and its credit make nought
    assert (revision.net, revision.tax) == (Decimal("9.85"), Decimal("1.71"))  # 8.51 + 1.34; 1.62 + 0.09
    assert revision.fee == Decimal("0.20")  # 0.10 + 1 % of 11.34 - 1.5
    assert (revision.receivable, revision.payable) == (Decimal("11.56"), Decimal("11.36"))
    assert [row.kind for row in told].count("FEE") == 1
    assert carried == {("H", "HELD"), ("D", "DISPUTED")}
    assert {row.engine for row in told if row.clearing_id} == {"1"}
    refuse_untruth(store)


def test_how_far_a_close_is_can_be_watched_and_a_replay_too(store):
    a_month(store)
    totals, done = [], []
    with store.unit() as unit:
        periods.close(unit, 1, "2026-10", ANN, lambda _, total: totals.append(total) or done.append)
    assert totals == [2 * 4] == [sum(done)]  # three CDRs and a gift, each looked at twice
    done.clear()
    with store.reading() as unit:
        replay.replay(unit, "2026-10", done.append)
        assert sum(done) == replay.size(unit, "2026-10")


def test_a_month_that_is_open_tells_what_its_statement_would_have(store):
    a_month(store)
    with store.reading() as unit:
        agreement = agreements.by_id(unit, 1)
        coming = candidates.coming(unit, agreement, LATER)
        assert (coming.lines, coming.net) == (4, Decimal("9.84"))  # 10.005 + 1.335 - 1.5
        assert {row.cdr_key for row in coming.carried} == {"H", "D"}
        assert candidates.is_any(unit, agreement, LATER)
        assert not candidates.is_any(unit, agreement, 0)


def test_a_second_close_is_the_same_close(store):
    a_month(store)
    first = close(store)
    before = counts(store)
    second = close(store)
    assert (first.fresh, second.fresh) == (True, False)
    assert (second.period, second.statement.id, second.carried) == (first.period, first.statement.id, 2)
    assert counts(store) == before


def test_two_closes_at_once_are_one_close(store):
    a_month(store)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: close(store), range(4)))
    assert sorted(each.fresh for each in found) == [False, False, False, True]
    assert len({each.statement.id for each in found}) == 1
    assert counts(store)["statements"] == 1
    refuse_untruth(store)


def test_a_fault_at_any_step_leaves_nothing_and_the_next_close_is_whole(store):
    """O2: raised before each statement of SQL in turn."""
    a_month(store)
    before, step = counts(store), 0
    while True:
        step += 1
        failing = Failing(store, step)
        try:
            close(store)
        except Stop:
            assert counts(store) == before
        else:
            break
        finally:
            failing.over()
    assert step > 15
    assert counts(store)["statement_lines"] == 8
    refuse_untruth(store)
    with store.reading() as unit:
        assert replay.replay(unit, "2026-10", lambda _: None).differences == ()


def test_nothing_is_both_stated_and_said_to_wait_whoever_decides_meanwhile(store):
    """On PostgreSQL others write while a month is closed: one that is held is accepted in the midst of it."""
    agree(store)
    put(store, cdr("A", PARTS))
    put(store, cdr("H", PARTS), state=State.HELD)
    held = cleared(store)["H"]

    def accept(_connection, _cursor, statement, *_):
        if "INTO period_carried" in statement and not store.sqlite and cleared(store)["H"].state == "HELD":
            with store.unit() as unit:
                deciding.decide(unit, held, Decision.ACCEPT, ANN, None)

    event.listen(store.engine, "after_cursor_execute", accept)
    closed = close(store)
    event.remove(store.engine, "after_cursor_execute", accept)
    with store.reading() as unit:
        on_it = {row.cdr_key for row in statements.rows_of(unit, closed.statement.id)}
        waiting = {row.cdr_key for row in periods.carried_of(unit, closed.period.id)}
    assert (on_it, waiting) == ({"A"}, {"H"})
    assert cleared(store)["H"].state == ("HELD" if store.sqlite else "RATED")


class Stop(Exception):
    """What the tests raise."""


class Failing:
    """Raises before the n-th statement on any connection of a store."""

    def __init__(self, store, nth):
        self.engine, self.left = store.engine, nth
        event.listen(self.engine, "before_cursor_execute", self.count)

    def count(self, *_):
        self.left -= 1
        if self.left == 0:
            raise Stop

    def over(self):
        event.remove(self.engine, "before_cursor_execute", self.count)


def test_what_comes_late_is_on_the_next_statement_with_its_month(store):
    """O8, I8."""
    agree(store, time_zone="Europe/Amsterdam")
    put(store, cdr("A", PARTS))
    first = close(store, "2026-10")
    before = checksums(store)
    put(store, cdr("LATE", PARTS, ended="2026-10-31T22:59:59Z"))  # 23:59:59 in Amsterdam
    put(store, cdr("NEXT", PARTS, ended="2026-10-31T23:00:00Z"))
    assert not close(store, "2026-10").fresh
    second = close(store, "2026-11")
    with store.reading() as unit:
        told = {(row.cdr_key, row.service_month) for row in statements.rows_of(unit, second.statement.id)}
    assert told == {("LATE", "2026-10"), ("NEXT", "2026-11")}
    assert checksums(store).items() >= before.items()
    assert first.statement.id != second.statement.id
    refuse_untruth(store)


def checksums(store):
    with store.reading() as unit:
        found = unit.connection.execute(select(statement_revisions))
        return {(row.statement_id, row.revision): row.checksum for row in found}


@pytest.mark.parametrize(
    "change",
    [
        update(table).values(month="2026-09"),
        delete(table),
        update(documents).values(currency="CHF"),
        delete(documents),
        update(statement_lines).values(net=Decimal(1)),
        delete(statement_lines),
        update(statement_revisions).values(gross=Decimal(1)),
        delete(period_carried),
    ],
)
def test_the_database_refuses_to_change_what_was_closed(store, change):
    """I8."""
    a_month(store)
    close(store)
    with pytest.raises(DBAPIError, match="stays as it was"), store.unit() as unit:
        unit.connection.execute(change)


def test_a_month_that_is_not_over_and_one_before_a_closed_one_are_refused(store):
    agree(store)
    with pytest.raises(NotOver, match="2027-01-01T00:00:00Z"):
        close(store, "2026-12")
    assert close(store, "2026-11").statement is None
    with pytest.raises(LaterOneClosed, match="2026-12"):
        close(store, "2026-10")
    with pytest.raises(NoSuchMonth, match="2026-10"):
        months.read("2026-13")


def test_a_cdr_accepted_before_there_was_an_agreement_is_stated_by_the_one_that_covers_it(store):
    agree(store)
    put(store, cdr("A", PARTS), agreement=None)
    closed = close(store)
    assert (closed.statement.id, cleared(store)["A"].agreement_id) == (1, 1)


def test_closing_all_closes_each_agreement_that_had_begun(store):
    agree(store)
    agree(store, emsp=Party("BE", "BBB"))
    put(store, cdr("A", PARTS))
    store.clock = lambda: LATER
    found = list(periods.close_all(store, "2026-10", ANN))
    assert [(each.agreement.id, each.statement is not None) for each in found] == [(2, False), (1, True)]
    assert [each.fresh for each in periods.close_all(store, "2026-10", ANN)] == [False, False]
