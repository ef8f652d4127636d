"""What a CDR tells by itself, as text that lies ready: it is written out once, since a CDR never changes.

That is half of the columns, and most of the time. Columns that last stand beside each other in runs; of each
run there is one text a CDR, as it stands in a CSV.
"""

import hashlib
import logging
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select

from hub.closing.exports.books import FROM_ROW, LINES, Books, in_order, with_lines
from hub.closing.exports.cdr_columns import COLUMNS
from hub.closing.exports.cdrs import PORTION, Bodies, Portion, bodies, parts_of
from hub.closing.exports.cells import AS_TEXT, quoted
from hub.closing.exports.columns import Cells, Column, Kind
from hub.closing.exports.question import Question
from hub.closing.exports.sheets import Part, Ready
from hub.closing.exports.snapshot import taken
from hub.closing.exports.wanted import Wanted
from hub.ocpi.document import Party
from hub.store.cdr_facts import cdr_facts, keep
from hub.store.clearings import clearings
from hub.store.engine import Store
from hub.store.pressure import is_passing

log = logging.getLogger(__name__)

MEANING = 1
"""Raised whenever a column that lasts means something else than before: all is written out anew then."""
SOME = 500
"""So many are written out in one transaction."""
NOBODY_ASKED = Wanted("2000-01")
BETWEEN = "\x1e"
"""Stands between the texts of two runs."""
FIELDS = ("contract", "apart", "texts", "exact")
UNUSED = {"id", "received_at", "ended_at", "cdr_key", "cdr_seq"}
FEW = tuple(name for name in FROM_ROW if name not in UNUSED)
NAMES = ("id", *LINES, *FEW, *FIELDS)


class Run(NamedTuple):
    """Columns that stand beside each other, all of which last, or none."""

    columns: tuple[Column, ...]
    lasting: bool


RUNS = tuple(
    Run(tuple(columns), lasting) for lasting, columns in groupby(COLUMNS, lambda column: column.lasting)
)
LASTING = tuple(run.columns for run in RUNS if run.lasting)
LAYOUT = (
    f"{MEANING}-"
    + hashlib.sha256(" ".join(column.name for run in LASTING for column in run).encode()).hexdigest()[:16]
)
BLANK = BETWEEN * (len(LASTING) - 1)


# How they are made -----------------------------------------------------------------------------------------


def made(portion: Bodies) -> list[dict[str, Any]]:
    """Of these CDRs, rows of the table."""
    runs = [[(column, column.of(portion)) for column in columns] for columns in LASTING]
    texts, exact = (
        list(zip(*(joined(run, how) for run in runs), strict=True)) for how in (AS_TEXT, AS_IT_IS)
    )
    return [
        {
            "cdr_seq": seq,
            "layout": LAYOUT,
            "contract": contract,
            "apart": apart,
            "texts": together(shown),
            "exact": None if shown == same else together(same),
        }
        for seq, contract, apart, shown, same in zip(
            portion["cdr_seq"], portion.contracts, portion.aparts, texts, exact, strict=True
        )
    ]


def together(texts: tuple[str, ...]) -> str | tuple[str, ...]:
    """As one text; as they are where that would not tell them apart."""
    found = BETWEEN.join(texts)
    return texts if "\0" in found or found.count(BETWEEN) >= len(texts) else found


def apart(kept: Sequence[str | tuple[str, ...]]) -> list[list[str]]:
    """The text of each run in each of the rows."""
    plain = [each if isinstance(each, str) else BLANK for each in kept]
    texts = BETWEEN.join(plain).split(BETWEEN)
    runs = [texts[place :: len(LASTING)] for place in range(len(LASTING))]
    for nth, each in enumerate(kept):
        if plain[nth] is BLANK:
            for run, text in zip(runs, each, strict=True):
                run[nth] = text
    return runs


def joined(
    run: Sequence[tuple[Column, Cells]], how: Mapping[Kind, Callable[[Cells], list[str]]]
) -> list[str]:
    turned = [how[column.kind](cells) for column, cells in run]
    return list(map(",".join, zip(*turned, strict=True)))


def as_they_are(cells: Cells) -> list[str]:
    """Texts of which nothing is lost: what looks like a formula, and what is empty and not unknown."""
    return ["" if cell is None else quoted(cell) if cell else '""' for cell in cells]


AS_IT_IS = {**AS_TEXT, Kind.TEXT: as_they_are}


# How they are read -----------------------------------------------------------------------------------------


class Kept(Portion):
    """Some rows with what was written out of their CDRs."""

    @property
    def aparts(self) -> Sequence[str]:  # type: ignore[override]
        return self["apart"]

    @property
    def contracts(self) -> Sequence[str | None]:  # type: ignore[override]
        return self["contract"]

    def ready(self, *, exact: bool) -> Ready:
        """With the texts that lie ready; `exact`: as they are."""
        parts = self._exact() if exact else self._in_order()
        return Ready(list(parts), (self["currency"], self.billed_nets, self.billed_grosses, self["state"]))

    def _exact(self) -> Iterator[Part]:
        """All that last first."""
        kept = [same or shown for same, shown in zip(self["exact"], self["texts"], strict=True)]
        if set(map(type, kept)) == {str}:
            texts = [each.replace(BETWEEN, ",") for each in kept]
        else:
            texts = list(map(",".join, zip(*apart(kept), strict=True)))
        yield Part([column for columns in LASTING for column in columns], texts)
        yield from (
            Part((column,), column.of(self)) for run in RUNS if not run.lasting for column in run.columns
        )

    def _in_order(self) -> Iterator[Part]:
        runs = iter(apart(self["texts"]))
        for run in RUNS:
            if run.lasting:
                yield Part(run.columns, next(runs))
            else:
                yield from (Part((column,), column.of(self)) for column in run.columns)


def portions(question: Question, ids: "array[int]") -> Iterator[Kept]:
    """The rows of these clearings, in this order; what was missing is kept for the next time."""
    snapshot, books = question.snapshot, Books(question.snapshot, question.wanted.period)
    mine = and_(cdr_facts.c.cdr_seq == clearings.c.cdr_seq, cdr_facts.c.layout == LAYOUT)
    query = with_lines(snapshot, FEW, *(cdr_facts.c[name] for name in FIELDS)).outerjoin(cdr_facts, mine)
    find = snapshot.finding(query.where(snapshot.among(clearings.c.id)))
    found = find.in_turn(parts_of(ids, PORTION))
    for some, rows in zip(parts_of(ids, PORTION), found, strict=True):
        yield Kept(question, books, NAMES, completed(question, books, in_order(rows, some)))


def completed(question: Question, books: Books, rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """With what lacks in some of them."""
    without = [row[0] for row in rows if row[-2] is None]
    if not without:
        return rows
    fresh = made(bodies(question, books, without))
    kept(question.snapshot.store, fresh)
    cells = {
        identity: tuple(row[name] for name in FIELDS) for identity, row in zip(without, fresh, strict=True)
    }
    return [row if row[-2] is not None else (*row[: -len(FIELDS)], *cells[row[0]]) for row in rows]


def kept(store: Store, rows: list[dict[str, Any]]) -> None:
    """Where nothing can be written now, they are made again the next time."""
    try:
        with store.unit() as unit:
            keep(unit, keepable(rows))
    except Exception as fault:
        if not is_passing(fault):
            raise


def keepable(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All but those whose texts have characters that stand between texts, or that PostgreSQL has no room for:
    they are made each time."""
    return (row for row in rows if isinstance(row["texts"], str) and not isinstance(row["exact"], tuple))


# Before anybody asks ---------------------------------------------------------------------------------------


def write_out(store: Store, hub: Party) -> int:
    """Some of the CDRs that came since the last time; how many were kept: what cannot be is no reason to look
    again at once."""
    with taken(store, hub) as snapshot:
        since = snapshot.raw(select(func.max(cdr_facts.c.cdr_seq)))[0][0] or 0
        query = select(clearings.c.id).where(clearings.c.cdr_seq > since)
        ids = [row[0] for row in snapshot.raw(query.order_by(clearings.c.cdr_seq).limit(SOME))]
        question = Question(snapshot, NOBODY_ASKED, "")
        rows = readable(question, Books(snapshot, NOBODY_ASKED.period), ids) if ids else []
    fit = list(keepable(rows)) if ids else []
    if fit:
        with store.unit() as unit:
            keep(unit, fit)
    return len(fit)


def readable(question: Question, books: Books, ids: list[int]) -> list[dict[str, Any]]:
    """Without those that nobody can read: they must not stop the others."""
    try:
        return made(bodies(question, books, ids))
    except Exception:
        if len(ids) == 1:
            log.exception("a CDR could not be written out for exports", extra={"clearing": ids[0]})
            return []
        half = len(ids) // 2
        return [*readable(question, books, ids[:half]), *readable(question, books, ids[half:])]
