"""The lines of statements and their taxes, as documents have them: rounded to the units of the currency."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from hub.closing.exports.books import read_named
from hub.closing.exports.cdr_reading import place_of, read
from hub.closing.exports.columns import Kind, named, number, turned
from hub.closing.exports.question import Question, Rows
from hub.closing.exports.snapshot import Snapshot
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.statements import statement_lines, statements

PORTION = 2_000
FEW = 500
"""So many CDRs are looked at together."""
LINE, ON = statement_lines.c, statements.c
CDRS = TABLES["cdrs"].c

LINES = named(
    ("statement_id", Kind.COUNT, "Statement."),
    ("statement_number", Kind.TEXT, "Its number, once it is approved."),
    ("statement_state", Kind.TEXT, "DRAFT, APPROVED, SENT, ACCEPTED, CONTESTED or FINAL."),
    ("period", Kind.TEXT, "Month of the statement."),
    ("agreement_id", Kind.COUNT, "Agreement."),
    ("cpo", Kind.TEXT, "CPO, which gets the amount."),
    ("emsp", Kind.TEXT, "eMSP, which pays it."),
    ("line", Kind.COUNT, "Number of the line."),
    ("kind", Kind.TEXT, "NORMAL, CREDIT, PARTIAL, REPLACEMENT, ADJUSTMENT, FEE or ROUNDING."),
    ("cdr_id", Kind.TEXT, "CDR, as its CPO writes it; of an ADJUSTMENT, in upper case."),
    ("part", Kind.COUNT, "1 to n of a CDR that has several rates."),
    ("end_utc", Kind.MOMENT, "When its session ended."),
    ("service_month", Kind.TEXT, "Month in which it ended; an earlier one when it came late."),
    ("energy_kwh_signed", Kind.NUMBER, "Energy, on part 1 alone."),
    ("tax_code", Kind.TEXT, "Category of VAT."),
    ("tax_rate", Kind.NUMBER, "Percent."),
    ("currency", Kind.TEXT, "Of all amounts."),
    ("net_exact", Kind.NUMBER, "What the CDR tells, before the document was rounded."),
    ("net_total", Kind.NUMBER, "Its share of the document: the lines make up the document exactly."),
    ("tax_amount", Kind.NUMBER, "Its share of the taxes."),
    ("gross_total", Kind.NUMBER, "Both."),
    ("hub_fee_net", Kind.NUMBER, "Fee of the hub, on part 1 alone."),
    ("text", Kind.TEXT, "What the line says."),
    ("engine_version", Kind.TEXT, "With which it was rated."),
    ("content_sha256", Kind.TEXT, "SHA-256 of the CDR."),
)
TAXES = named(
    ("period", Kind.TEXT, "Month of the statements."),
    ("country", Kind.TEXT, "Where it was charged, in three letters; empty for lines without a CDR."),
    ("tax_code", Kind.TEXT, "Category of VAT."),
    ("tax_rate", Kind.NUMBER, "Percent."),
    ("currency", Kind.TEXT, "Of the amounts."),
    ("lines", Kind.COUNT, "How many lines of statements."),
    ("net_total", Kind.NUMBER, "What is taxed."),
    ("tax_amount", Kind.NUMBER, "The tax."),
    ("gross_total", Kind.NUMBER, "Both."),
)


def micro(name: str) -> Any:
    return type_coerce(LINE[name], BigInteger)


def narrowed(question: Question) -> Iterator[Any]:
    """Lines that stand on the statements of the month."""
    wanted = question.wanted
    yield LINE.statement_id == ON.id
    yield LINE.left_in.is_(None)
    yield ON.month == wanted.period
    yield from wanted.narrowed(ON.agreement_id, ON.cpo, ON.emsp)


def lines(question: Question) -> Rows:
    """By statement and line."""
    snapshot, conditions = question.snapshot, list(narrowed(question))
    count = snapshot.rows(select(func.count()).select_from(statement_lines, statements).where(*conditions))
    query = (
        select(
            ON.id, ON.number, ON.state, ON.month, ON.agreement_id, ON.cpo, ON.emsp, LINE.number, LINE.kind,
            LINE.cdr_key, LINE.part, LINE.ended_at, LINE.service_month, micro("energy"), LINE.category,
            micro("rate"), ON.currency, micro("base"), micro("net"), micro("tax"), micro("fee"), LINE.text,
            LINE.engine, LINE.input_hash, LINE.clearing_id,
        )
        .where(*conditions)
        .order_by(ON.id, LINE.number)
    )  # fmt: skip
    rows = as_written(snapshot, snapshot.streamed(query))
    return Rows(count[0][0], portions(map(line, rows), len(LINES)))


def as_written(snapshot: Snapshot, rows: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows without their clearings, each with the id of its CDR as its CPO writes it; its key where none
    is found."""
    body = func.coalesce(CDRS.newest, CDRS.sent)
    query = select(clearings.c.id, body).join(TABLES["cdrs"], CDRS.seq == clearings.c.cdr_seq)
    find = snapshot.finding(query.where(snapshot.among(clearings.c.id)))
    while some := list(islice(rows, FEW)):
        told = find({row.clearing_id for row in some} - {None})
        ids = {clearing: read_named(bytes(cdr)).id for clearing, cdr in told}
        yield from ((*row[:9], ids.get(row.clearing_id, row.cdr_key), *row[10:-1]) for row in some)


def line(row: Any) -> tuple[Any, ...]:
    known, (energy, category, rate, currency, base, net, tax, fee) = row[:13], row[13:21]
    amounts = [number(each) for each in (base, net, tax, net + tax, fee)]
    cpo, emsp = (f"{code[:2]}/{code[2:]}" for code in known[5:7])
    told = (*known[:5], cpo, emsp, *known[7:], number(energy), category, number(rate), currency)
    return (*told, *amounts, *row[21:])


def portions(rows: Iterator[Any], columns: int) -> Iterator[Any]:
    """Some rows at a time, as cells by column."""
    while some := list(islice(rows, PORTION)):
        yield turned(some, columns)


def taxes(question: Question) -> Rows:
    """By country, category, rate and currency: what statements have, so that both agree to the cent."""
    body = func.coalesce(CDRS.newest, CDRS.sent)
    joined = (
        statement_lines.join(statements, LINE.statement_id == ON.id)
        .outerjoin(clearings, clearings.c.id == LINE.clearing_id)
        .outerjoin(TABLES["cdrs"], CDRS.seq == clearings.c.cdr_seq)
    )
    query = select(LINE.category, micro("rate"), ON.currency, micro("net"), micro("tax"), body)
    sums: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for category, rate, currency, net, tax, told in question.snapshot.streamed(
        query.select_from(joined).where(*narrowed(question))
    ):
        found = sums[country(told), category, rate, currency]
        found[:] = found[0] + 1, found[1] + net, found[2] + tax
    rows = (
        (question.wanted.period, key[0] or None, key[1], number(key[2]), key[3], found[0],
         *map(number, (found[1], found[2], found[1] + found[2])))
        for key, found in sorted(sums.items())
    )  # fmt: skip
    return Rows(len(sums), portions(iter(rows), len(TAXES)))


def country(body: bytes | None) -> str:
    return "" if body is None else place_of(bytes(read(body).cdr_location)).country
