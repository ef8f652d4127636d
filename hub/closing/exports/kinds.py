"""What can be exported, and into which formats: two literal tables."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hub.closing.exports import cdr_columns, cdr_rows, journal_rows, statement_rows, tariff_rows
from hub.closing.exports.columns import Column
from hub.closing.exports.question import Question, ReadyRows, Rows
from hub.closing.exports.sheets import File, Quick, Style


class Kind(NamedTuple):
    """One kind: what it says, its columns, its rows; `sums`: the columns of net and gross, if it has any;
    `ready`: the same rows for files that take text as it lies ready; `agreeing`: whether its sums are led to
    those of the ledger."""

    says: str
    columns: Sequence[Column]
    rows: Callable[[Question], Rows]
    sums: tuple[str, str] | None = None
    ready: Callable[[Question, type[Quick]], ReadyRows] | None = None
    agreeing: bool = False


AMOUNTS = ("net_total", "gross_total")
KINDS: Mapping[str, Kind] = {
    "cdr_reconciliation": Kind(
        "Every CDR of the month, with all that is known of it.",
        cdr_columns.COLUMNS,
        cdr_rows.reconciliation,
        AMOUNTS,
        cdr_rows.ready,
        agreeing=True,
    ),
    "statement_lines": Kind(
        "The lines of the month's statements, which make up the documents exactly.",
        statement_rows.LINES,
        statement_rows.lines,
        AMOUNTS,
    ),
    "tax_summary": Kind(
        "What the month's statements tax, by country, category, rate and currency.",
        statement_rows.TAXES,
        statement_rows.taxes,
        AMOUNTS,
    ),
    "exceptions": Kind(
        "CDRs that are held, rejected, dropped or disputed, with the codes.",
        cdr_rows.EXCEPTIONS,
        cdr_rows.exceptions,
        AMOUNTS,
    ),
    "tariff_changes": Kind(
        "Who changed which tariff in the month, and what.", tariff_rows.CHANGES, tariff_rows.changes
    ),
    "journal": Kind(
        "Every entry of the ledger that belongs to the month; also as beancount.",
        journal_rows.ENTRIES,
        journal_rows.journal,
        ("debit", "credit"),
    ),
}


class Format(NamedTuple):
    """One format: ending, module and class that write it, what must be installed for it, which kinds it is
    for (all, where none are named)."""

    ending: str
    module: str
    writer: str
    needs: str | None = None
    kinds: frozenset[str] = frozenset()


FORMATS: Mapping[str, Format] = {
    "csv": Format("csv", "csv_file", "CsvFile"),
    "xlsx": Format("xlsx", "xlsx_file", "XlsxFile"),
    "parquet": Format("parquet", "parquet_file", "ParquetFile", needs="pyarrow"),
    "jsonl": Format("jsonl", "jsonl_file", "JsonLinesFile"),
    "beancount": Format("beancount", "beancount_file", "BeancountFile", kinds=frozenset({"journal"})),
}
"""Their modules are imported when they are asked for: two need libraries that take time or are not there."""


class FormatMissing(Exception):
    """This format needs a library that is not installed: pip install 'ocpi-hub[parquet]'."""


class FormatUnfit(Exception):
    """This kind of export has no such format."""


def opened(kind: str, form: str, path: Path, style: Style) -> File:
    """A new file of this format; FormatMissing, FormatUnfit."""
    wanted = FORMATS[form]
    if wanted.kinds and kind not in wanted.kinds:
        raise FormatUnfit(f"{form} is for {', '.join(sorted(wanted.kinds))} alone")
    if wanted.needs is not None and importlib.util.find_spec(wanted.needs) is None:
        raise FormatMissing(f"{FormatMissing.__doc__}")
    module = importlib.import_module(f"hub.closing.exports.{wanted.module}")
    made: File = getattr(module, wanted.writer)(path, KINDS[kind].columns, style)
    return made
