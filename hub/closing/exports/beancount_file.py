"""The journal as text of beancount: transactions, and the accounts they need, opened before all of them."""

import re
from collections.abc import Sequence
from pathlib import Path

from hub.closing.exports.cells import shown
from hub.closing.exports.columns import Cells, Column
from hub.closing.exports.sheets import Beside, Style

ROOTS = {
    "receivable": "Assets:Receivable",
    "payable": "Liabilities:Payable",
    "hub_fee": "Income:HubFee",
    "rounding": "Expenses:Rounding",
    "goodwill": "Expenses:Goodwill",
}
OTHER = "Equity:Other"
FIRST = "1970-01-01"
UNFIT = re.compile(r"[^A-Za-z0-9-]")


def account_of(told: str) -> str:
    """receivable:DE/EMS as Assets:Receivable:DE-EMS."""
    kind, _, partner = told.partition(":")
    root = ROOTS.get(kind) or f"{OTHER}:{UNFIT.sub('-', kind).capitalize()}"
    return f"{root}:{UNFIT.sub('-', partner)}" if partner else root


def quoted(text: str) -> str:
    """On one line, within quotes."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


class BeancountFile:
    """A file that is being written, from the columns of the journal."""

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._names = [column.name for column in columns]
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._accounts: set[str] = set()
        self._posting: int | None = None

    def write(self, portion: Sequence[Cells]) -> None:
        for row in zip(*portion, strict=True):
            self._entry(dict(zip(self._names, row, strict=True)))

    def _entry(self, told: dict[str, str | int | None]) -> None:
        if told["posting_id"] != self._posting:
            self._posting = int(str(told["posting_id"]))
            says = quoted(f"{told['kind']} {told['document']}")
            self._file.write(f"\n{told['date']} * {quoted(str(told['text'] or ''))} {says}\n")
            self._file.write(f"  posting: {self._posting}\n")
        account = account_of(str(told["account"]))
        self._accounts.add(account)
        debit, credit = told["debit"], told["credit"]
        amount = shown(int(debit)) if debit is not None else f"-{shown(int(credit or 0))}"
        self._file.write(f"  {account}  {amount} {told['currency']}\n")

    def close(self, beside: Beside | None) -> None:
        """Where accounts are opened does not matter: beancount sorts by day."""
        self._file.write("".join(f"\n{FIRST} open {account}" for account in sorted(self._accounts)) + "\n")
        self._file.close()
