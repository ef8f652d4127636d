"""What must be true of the books of a hub, whatever was done and whoever died meanwhile (I1-I10, O3, O7).

It is read from the tables with as little of the hub's own code as that takes: sums, and the tables of states.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text

from hub.clearing.states import TRANSITIONS, State
from hub.closing import accounts, statements
from hub.closing.rounding import places_of, rounded
from hub.closing.statements import in_revision
from hub.store.adjustments import adjustments
from hub.store.audit import audit_events as trail
from hub.store.base import Micro
from hub.store.clearings import clearing_events, clearings
from hub.store.disputes import disputes
from hub.store.engine import Store
from hub.store.ledger import entries, postings
from hub.store.statements import (
    number_series,
    period_carried,
    periods,
    statement_events,
    statement_lines,
    statement_revisions,
    statement_totals,
)
from hub.store.statements import statements as documents
from hub.store.unit import Unit

NOUGHT = Decimal(0)
STATED = {State.STATED, State.SETTLED}
CREDITS = ("CREDIT", "PARTIAL")
PAID_BACK = ("CREDIT", "PARTIAL", "REVERSAL")


def refuse_untruth(store: Store) -> None:
    """All of it; cheap enough to be asked after every step of a test."""
    with store.reading() as unit:
        for truth in TRUTHS:
            truth(unit)


def all_of(unit: Unit, table: Any) -> list[Any]:
    return list(unit.connection.execute(select(table).order_by(table.c.id)))


def ledger_is_in_balance(unit: Unit) -> None:
    """I1: every posting by itself; a reversal is the exact opposite of what it takes back."""
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    told: defaultdict[int, Counter[Any]] = defaultdict(Counter)
    for row in all_of(unit, entries):
        sums[row.posting_id, row.currency] += row.amount
        told[row.posting_id][row.account, row.currency, row.amount, row.period, row.tax] += 1
    assert not [key for key, total in sums.items() if total]
    for posting in all_of(unit, postings):
        assert told[posting.id], f"posting {posting.id} has no entries"
        if posting.reverses is not None:
            opposite = {(a, c, -amount, p, t): n for (a, c, amount, p, t), n in told[posting.id].items()}
            assert opposite == told[posting.reverses]


def statements_add_up(unit: Unit) -> None:
    """I2, I6, I7: lines make up totals, totals the sums, and the ledger has the same."""
    for statement in statements.listed(unit):
        for revision in statements.revisions_of(unit, statement.id):
            one_revision(unit, statement, revision)
        sums = statements.sums_of(unit, [statement])[statement.id]
        assert booked(unit, accounts.document(statement.id)) == {
            name: amount
            for name, amount in (
                (accounts.receivable(statement.emsp), sums.receivable),
                (accounts.payable(statement.cpo), -sums.payable),
                (accounts.HUB_FEE, -sums.fee),
            )
            if amount
        }


def one_revision(unit: Unit, statement: Any, revision: Any) -> None:
    mine = select(statement_lines).where(statement_lines.c.statement_id == statement.id)
    told = list(unit.connection.execute(mine.where(in_revision(revision.revision))))
    beside = [row for row in told if row.kind == "FEE"]
    plain = [row for row in told if row.kind != "FEE"]
    totals = statements.totals_of(unit, statement, revision.revision)
    terms = statements.terms_of(statement)
    for total in totals:
        of_it = [row for row in plain if (row.category, row.rate) == (total.vat.category, total.vat.rate)]
        assert total.base == sum(row.base for row in of_it)
        assert (total.net, total.tax) == (sum(row.net for row in of_it), sum(row.tax for row in of_it))
        if terms.rounded == "DOCUMENT":  # BR-CO-17
            tax = rounded(total.net * total.vat.rate / 100, statement.currency, terms.rounding)
            assert (total.net, total.tax) == (rounded(total.base, statement.currency, terms.rounding), tax)
    unit_ = Decimal(1).scaleb(-places_of(statement.currency))
    assert all(row.net % unit_ == 0 and row.tax % unit_ == 0 for row in told)
    assert revision.net == sum(row.net for row in plain) == sum(each.net for each in totals)
    assert revision.tax == sum(row.tax for row in plain) == sum(each.tax for each in totals)
    assert revision.fee == sum(row.net for row in beside)
    assert revision.gross == revision.net + revision.tax
    assert revision.receivable == revision.payable + revision.fee


def booked(unit: Unit, document: str) -> dict[str, Decimal]:
    """Account -> what all postings of a document come to."""
    join = entries.join(postings, entries.c.posting_id == postings.c.id)
    query = select(entries).select_from(join).where(postings.c.document == document)
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in unit.connection.execute(query):
        found[row.account] += row.amount
    return {account: amount for account, amount in found.items() if amount}


def nothing_is_stated_twice(unit: Unit) -> None:
    """I5, O7: a CDR that is stated stands on the one statement that its row names, and no other stands
    anywhere: nothing that is held, disputed or dropped does. An adjustment is on one statement for good."""
    standing: defaultdict[int, set[int]] = defaultdict(set)
    adjusted: defaultdict[int, set[int]] = defaultdict(set)
    for line in all_of(unit, statement_lines):
        if line.clearing_id is not None and line.left_in is None:
            standing[line.clearing_id].add(line.statement_id)
        if line.adjustment_id is not None:
            assert line.left_in is None
            adjusted[line.adjustment_id].add(line.statement_id)
    final = {each.id: each.state == "FINAL" for each in all_of(unit, documents)}
    for row in all_of(unit, clearings):
        assert standing[row.id] == (set() if row.statement_id is None else {row.statement_id}), row.cdr_key
        assert (row.state in STATED) == (row.statement_id is not None), row.cdr_key
        if row.statement_id is not None:
            assert (row.state == State.SETTLED) == final[row.statement_id], row.cdr_key
    for row in all_of(unit, adjustments):
        assert adjusted[row.id] == (set() if row.statement_id is None else {row.statement_id})


def what_is_taken_back_is_no_more_than_the_whole(unit: Unit) -> None:
    """I4, I9: credits, and lines but for goodwill, take of a CDR at most what it was; a whole credit all."""
    table = all_of(unit, clearings)
    left = {(row.owner, row.cdr_key): row.net for row in table if row.kind not in CREDITS}
    for row in table:
        if row.kind in CREDITS and row.state not in {State.HELD, State.REJECTED, State.DROPPED}:
            left[row.owner, row.credits] += row.net
            assert row.kind == "PARTIAL" or left[row.owner, row.credits] == 0, row.cdr_key
    for row in all_of(unit, adjustments):
        if row.kind in PAID_BACK and row.cdr_key is not None:
            left[row.cpo, row.cdr_key] += row.net
    assert not [key for key, net in left.items() if net < 0]


def credits_are_the_opposite(unit: Unit) -> None:
    """I4: on statements, of each rate, with its energy and the hub's fee."""
    told: defaultdict[int, Counter[Any]] = defaultdict(Counter)
    for line in all_of(unit, statement_lines):
        if line.clearing_id is not None and line.left_in is None:
            told[line.clearing_id][line.category, line.rate] += line.base
            told[line.clearing_id]["energy"] += line.energy
            told[line.clearing_id]["fee"] += line.fee
    table = all_of(unit, clearings)
    known = {(row.owner, row.cdr_key): told[row.id] for row in table if row.statement_id is not None}
    for row in table:
        original = known.get((row.owner, row.credits))
        if row.kind == "CREDIT" and row.statement_id is not None and original is not None:
            assert {name: -amount for name, amount in told[row.id].items()} == original, row.cdr_key


def numbers_have_no_gap(unit: Unit) -> None:
    """O3."""
    told: defaultdict[str, list[int]] = defaultdict(list)
    for row in all_of(unit, documents):
        assert (row.number is None) == (row.state == "DRAFT")
        if row.number is not None:
            series, _, number = row.number.rpartition("-")
            told[series].append(int(number))
    last = {row.series: row.last for row in unit.connection.execute(select(number_series))}
    assert {series: sorted(numbers) for series, numbers in told.items()} == {
        series: list(range(1, each + 1)) for series, each in last.items()
    }


def only_listed_ways_were_gone(unit: Unit) -> None:
    """O7: from state to state, without a leap, to the one in which it is."""
    here = {row.id: State.RECEIVED for row in all_of(unit, clearings)}
    for step in all_of(unit, clearing_events):
        if step.before is not None:
            assert step.before == here[step.clearing_id]
            assert State(step.after) in TRANSITIONS[State(step.before)]
        here[step.clearing_id] = State(step.after)
    assert here == {row.id: row.state for row in all_of(unit, clearings)}


def what_waits_is_told(unit: Unit) -> None:
    """What a close has carried forward was not ready then."""
    assert {row.state for row in all_of(unit, period_carried)} <= {"RECEIVED", "CHECKED", "HELD", "DISPUTED"}


def amounts_are_whole_numbers(unit: Unit) -> None:
    """I10: in the database itself, whatever the driver would make of them."""
    kind = {"sqlite": "typeof", "postgresql": "pg_typeof"}[unit.dialect.name]
    for table in (clearings, adjustments, entries, statement_lines):
        for name in [each.name for each in table.columns if isinstance(each.type, Micro)]:
            query = f"SELECT DISTINCT CAST({kind}({name}) AS text) FROM {table.name}"
            kinds = set(unit.connection.execute(text(query)).scalars())
            assert kinds <= {"integer", "bigint", "null"}, (table.name, name, kinds)


TRUTHS = (
    ledger_is_in_balance,
    statements_add_up,
    nothing_is_stated_twice,
    what_is_taken_back_is_no_more_than_the_whole,
    credits_are_the_opposite,
    numbers_have_no_gap,
    only_listed_ways_were_gone,
    what_waits_is_told,
    amounts_are_whole_numbers,
)


def frozen(store: Store) -> dict[Any, str]:
    """I8, O8: what a close, or a later revision, has written; there may be more of it, never other."""
    with store.reading() as unit:
        rows = all_of(unit, statement_revisions)
        made = {(row.statement_id, row.revision): row.checksum for row in rows}
        carried = {
            (row.period_id, row.cdr_key): f"{row.state} {row.net}" for row in all_of(unit, period_carried)
        }
        return made | carried


def told(store: Store) -> dict[str, list[Any]]:
    """All that a history has come to, by names that do not depend on the numbers which databases give: equal
    for equal histories, on every engine and whoever was killed on the way (O2, O4)."""
    with store.reading() as unit:
        names = {
            row.id: f"{row.cpo} {row.emsp} {row.currency} {row.month}" for row in all_of(unit, documents)
        }
        keys = {row.id: row.cdr_key for row in all_of(unit, clearings)}
        months = {row.id: f"{row.agreement_id} {row.month}" for row in all_of(unit, periods)}
        posted = {row.id: (row.kind, row.effective_at) for row in all_of(unit, postings)}
        found = {
            "periods": [(months[r.id], r.starts_at, r.closed_at) for r in all_of(unit, periods)],
            "carried": [
                (months[r.period_id], r.cdr_key, r.state, r.net) for r in all_of(unit, period_carried)
            ],
            "statements": [
                (names[r.id], r.state, r.revision, r.number, r.due_at, r.parties)
                for r in all_of(unit, documents)
            ],
            "revisions": [
                (names[r.statement_id], r.revision, r.receivable, r.payable, r.fee, r.checksum)
                for r in all_of(unit, statement_revisions)
            ],
            "lines": [
                (names[r.statement_id], r.number, r.kind, r.cdr_key, r.part, r.base, r.net, r.tax, r.left_in)
                for r in all_of(unit, statement_lines)
            ],
            "steps": [(names[r.statement_id], r.after, r.at) for r in all_of(unit, statement_events)],
            "entries": [
                (*posted[r.posting_id], r.account, r.currency, r.amount, r.period, r.tax)
                for r in all_of(unit, entries)
            ],
            "cdrs": [
                (r.owner, r.cdr_key, r.kind, r.state, r.credited_by, r.replaced_by, names.get(r.statement_id))
                for r in all_of(unit, clearings)
            ],
            "moves": [(keys[r.clearing_id], r.at, r.before, r.after) for r in all_of(unit, clearing_events)],
            "adjustments": [
                (r.key.partition("/")[0], r.cdr_key, r.net, names.get(r.statement_id))
                for r in all_of(unit, adjustments)
            ],
            "audit": list(Counter(r.action for r in all_of(unit, trail)).items()),
        }
        return {name: sorted(rows, key=str) for name, rows in found.items()}


SIZES = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table.name})"
    for table in (
        periods,
        period_carried,
        documents,
        statement_lines,
        statement_totals,
        statement_revisions,
        statement_events,
        number_series,
        postings,
        entries,
        clearing_events,
        disputes,
        trail,
    )
)
STANDING = "SELECT id, state, revision, number FROM statements ORDER BY id"


def looked_at(store: Store) -> tuple[Any, ...]:
    """Cheaply, whether anything has changed."""
    with store.reading() as unit:
        sizes = unit.connection.execute(text(SIZES)).one()
        stated = (
            select(clearings.c.state, func.count()).group_by(clearings.c.state).order_by(clearings.c.state)
        )
        counts = unit.connection.execute(stated).all()
        return (*sizes, *map(tuple, counts), *map(tuple, unit.connection.execute(text(STANDING))))
