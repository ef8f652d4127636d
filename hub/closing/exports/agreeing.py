"""How the rows of `cdr_reconciliation` come to the statements of the month, and these to the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, String, and_, cast, func, literal, select, type_coerce

from hub.closing.accounts import DOCUMENT, RECEIVABLE
from hub.closing.exports.cells import shown
from hub.closing.exports.columns import number
from hub.closing.exports.question import Question
from hub.closing.exports.tally import Sum
from hub.closing.exports.wanted import Wanted
from hub.closing.lines import FEE
from hub.store.ledger import entries, postings
from hub.store.statements import statement_lines, statement_revisions, statements

STANDING = frozenset({"STATED", "SETTLED"})


class Step(NamedTuple):
    """A line on the way from CDRs to the ledger; amounts in ten-thousandths."""

    currency: str
    says: str
    rows: int | None
    net: int | None
    gross: int

    def as_json(self) -> dict[str, object]:
        net = None if self.net is None else shown(self.net)
        return {"what": self.says, "rows": self.rows, "net_total": net, "gross_total": shown(self.gross)}


class Books(NamedTuple):
    """What the statements of a month say, by currency: lines that are no CDR (what a line takes back,
    goodwill, rounding), fees apart; all of them; what the eMSPs owe besides; what of it the ledger has."""

    others: Mapping[str, Sum]
    statements: Mapping[str, Sum]
    fees: Mapping[str, int]
    ledger: Mapping[str, int]


def steps(question: Question, rows: Mapping[tuple[str, str], Sum]) -> list[Step]:
    """For each currency; the last one says by what they differ: nought, unless the books are wrong.

    rows  by currency and billing status
    """
    books = Books(others(question), *totals(question), owed(question))
    currencies = sorted({currency for currency, _ in rows}.union(books.statements))
    return [step for currency in currencies for step in of_one(currency, rows, books)]


def of_one(currency: str, rows: Mapping[tuple[str, str], Sum], books: Books) -> Iterator[Step]:
    mine = {status: found for (each, status), found in rows.items() if each == currency}
    other, stated = (each.get(currency, Sum()) for each in (books.others, books.statements))
    fees, owed_ = (each.get(currency, 0) for each in (books.fees, books.ledger))
    standing = sum((found for status, found in mine.items() if status in STANDING), other)
    for status, found in mine.items():
        yield Step(currency, f"CDRs {status}", *found)
    yield Step(currency, "Other lines of the statements", *other)
    yield Step(currency, "Statements", *stated)
    yield Step(currency, "Fees of the hub that eMSPs pay", None, None, fees)
    yield Step(currency, "Owed by eMSPs in the ledger", None, None, owed_)
    yield Step(currency, "Difference", None, standing.net - stated.net, standing.gross + fees - owed_)


# What the books say ----------------------------------------------------------------------------------------


def others(question: Question) -> dict[str, Sum]:
    line = statement_lines.c
    query = select(statements.c.currency, func.count(), summed(line.net), summed(line.net + line.tax))
    query = query.join(statement_lines, line.statement_id == statements.c.id)
    other = line.clearing_id.is_(None), line.left_in.is_(None), line.kind != FEE
    found = asked(question, query.where(*other))
    return {currency: Sum(count, number(net), number(gross)) for currency, count, net, gross in found}


def totals(question: Question) -> tuple[dict[str, Sum], dict[str, int]]:
    now = statement_revisions.c
    same = and_(now.statement_id == statements.c.id, now.revision == statements.c.revision)
    columns = summed(now.net), summed(now.gross), summed(now.receivable)
    query = select(statements.c.currency, func.count(), *columns).join(statement_revisions, same)
    found = list(asked(question, query))
    sums = {currency: Sum(count, number(net), number(gross)) for currency, count, net, gross, _ in found}
    return sums, {currency: number(due - gross) for currency, _, _, gross, due in found}


def owed(question: Question) -> dict[str, int]:
    name = literal(DOCUMENT) + cast(statements.c.id, String)
    query = select(statements.c.currency, summed(entries.c.amount))
    query = query.join(postings, postings.c.document == name)
    query = query.join(entries, entries.c.posting_id == postings.c.id)
    found = asked(question, query.where(entries.c.account.startswith(RECEIVABLE)))
    return {currency: number(amount) for currency, amount in found}


def summed(column: Any) -> Any:
    """Whole millionths, as the table has them; PostgreSQL sums such into a number of another kind."""
    return cast(func.sum(type_coerce(column, BigInteger)), BigInteger)


def asked(question: Question, query: Any) -> Iterable[Any]:
    """By currency, of the statements that are meant."""
    found = query.where(meant(question.wanted)).group_by(statements.c.currency)
    return question.snapshot.rows(found)


def meant(wanted: Wanted) -> Any:
    table = statements.c
    return and_(table.month == wanted.period, *wanted.narrowed(table.agreement_id, table.cpo, table.emsp))


def as_json(found: Iterable[Step]) -> dict[str, list[dict[str, object]]]:
    """By currency."""
    told: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for step in found:
        told[step.currency].append(step.as_json())
    return dict(told)
