"""Exports as a workbook: a summary, the lines, exceptions, taxes and the meaning of every column."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from hub.closing.exports.columns import PLACES, Cells, Column, Kind
from hub.closing.exports.sheets import Beside, Style
from hub.ocpi import instants

MOST = 1_048_575
"""Rows that a sheet can hold below its heading; what is more goes onto another one."""
SHOWN = {Kind.NUMBER: "#,##0.0000", Kind.MOMENT: "yyyy-mm-dd hh:mm:ss", Kind.COUNT: "0"}
BORN = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""What the file says of its making, so that the same rows are the same bytes."""
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,  # what partners write stays text
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}


class XlsxFile:
    """A workbook that is being written; rows go to disk as they come."""

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._book: Any = xlsxwriter.Workbook(path, OPTIONS | {"tmpdir": str(style.folder)})
        self._book.set_properties({"created": BORN})
        self._formats = {kind: self._book.add_format({"num_format": how}) for kind, how in SHOWN.items()}
        self._bold = self._book.add_format({"bold": True})
        self._summary = self._book.add_worksheet("Summary")
        self._columns = columns
        self._lines = Lines(self, "Lines", columns)

    def write(self, portion: Sequence[Cells]) -> None:
        self._lines.write(portion)

    def close(self, beside: Beside | None) -> None:
        """Other sheets, and the summary of all."""
        for name, columns, portions in beside.sheets if beside else ():
            sheet = Lines(self, name, columns)
            for portion in portions:
                sheet.write(portion)
        self._dictionary()
        if beside:
            self._sum_up(beside)
        self._book.close()

    def _dictionary(self) -> None:
        sheet = self._book.add_worksheet("Dictionary")
        sheet.set_column(0, 0, 28)
        sheet.set_column(2, 2, 90)
        sheet.write_row(0, 0, ("Column", "Kind", "Meaning"), self._bold)
        for place, column in enumerate(self._columns, start=1):
            sheet.write_row(place, 0, (column.name, column.kind.value.lower(), column.meaning))

    def _sum_up(self, beside: Beside) -> None:
        sheet = self._summary
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 40)
        sheet.set_column(2, 4, 24)
        for place, (name, value) in enumerate(beside.facts):
            sheet.write_string(place, 0, name, self._bold)
            sheet.write(place, 1, value)
        top = len(beside.facts) + 1
        sheet.write_row(top, 0, ("Currency", "Rows", "Net", "Gross"), self._bold)
        for place, (currency, rows, net, gross) in enumerate(beside.sums, start=top + 1):
            sheet.write_string(place, 0, currency)
            sheet.write_number(place, 1, rows)
            sheet.write_number(place, 2, amount(net), self._formats[Kind.NUMBER])
            sheet.write_number(place, 3, amount(gross), self._formats[Kind.NUMBER])
        self._agree(beside, top + len(beside.sums) + 2)

    def _agree(self, beside: Beside, top: int) -> None:
        """From the lines to the ledger."""
        sheet = self._summary
        if not beside.steps:
            return
        sheet.write_row(
            top, 0, ("Currency", "From the lines to the ledger", "Rows", "Net", "Gross"), self._bold
        )
        for place, (currency, says, rows, net, gross) in enumerate(beside.steps, start=top + 1):
            sheet.write_row(place, 0, (currency, says))
            sheet.write(place, 2, rows)
            for column, sum_ in ((3, net), (4, gross)):
                if sum_ is not None:
                    sheet.write_number(place, column, amount(sum_), self._formats[Kind.NUMBER])


class Lines:
    """A sheet that is filled from above, and another one when it is full."""

    def __init__(self, file: XlsxFile, name: str, columns: Sequence[Column]) -> None:
        self._file = file
        self._name = name
        self._columns = columns
        self._sheets = 0
        self._open()

    def _open(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._file._book.add_worksheet(name)  # noqa: SLF001
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._columns) - 1, 16)
        self._sheet.write_row(0, 0, [column.name for column in self._columns], self._file._bold)  # noqa: SLF001
        self._row = 0

    def write(self, portion: Sequence[Cells]) -> None:
        for row in zip(*portion, strict=True):
            if self._row == MOST:
                self._open()
            self._row += 1
            for place, (column, cell) in enumerate(zip(self._columns, row, strict=True)):
                if cell is not None:
                    self._cell(place, column.kind, cell)

    def _cell(self, place: int, kind: Kind, cell: Any) -> None:
        form = self._file._formats.get(kind)  # noqa: SLF001
        if kind is Kind.TEXT:
            self._sheet.write_string(self._row, place, cell)
        elif kind is Kind.FLAG:
            self._sheet.write_boolean(self._row, place, cell)
        elif kind is Kind.MOMENT:
            self._sheet.write_datetime(self._row, place, instants.moment(cell), form)
        else:
            self._sheet.write_number(self._row, place, amount(cell) if kind is Kind.NUMBER else cell, form)


def amount(number: int) -> Decimal:
    """As it is written into the file: 16 digits, exact."""
    return Decimal(number).scaleb(-PLACES)
