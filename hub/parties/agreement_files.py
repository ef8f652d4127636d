"""Agreements as lines of a CSV file: cpo, emsp, currency, from; then `to` and any term as a column."""

import csv
from collections.abc import Callable, Iterable, Mapping

from moneyed import CURRENCIES

from hub.parties import agreements, quirk_table
from hub.parties.agreements import Agreement, Pair, Signed
from hub.parties.problems import PartnerProblem
from hub.parties.quirk_table import NoSuchValue
from hub.parties.terms import NoSuchTerm, read_terms
from hub.store.unit import Unit

COLUMNS = ("cpo", "emsp", "currency", "from")
"""What every row must have; `to` and any term may follow."""

Moment = Callable[[str], int]
"""How an instant is read, in microseconds; ValueError says what is wrong with it."""


class InvalidLine(ValueError):
    """A line that cannot be an agreement."""

    def __init__(self, line: int, fault: str) -> None:
        self.line, self.fault = line, fault
        super().__init__(f"Line {line}: {fault.removesuffix('.')}. Nothing was added.")


def add(unit: Unit, lines: Iterable[str], moment: Moment, signed: Signed) -> list[Agreement]:
    """All of them; InvalidLine is the first that cannot be."""
    try:
        return added(unit, csv.DictReader(lines), moment, signed)
    except csv.Error as fault:
        raise InvalidLine(1, f"it is no CSV file: {fault}") from fault


def added(unit: Unit, reader: "csv.DictReader[str]", moment: Moment, signed: Signed) -> list[Agreement]:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidLine(1, f"there is no column {missing[0]!r}; it must name {', '.join(COLUMNS)}")
    made = []
    for row in reader:
        if None in row:
            raise InvalidLine(reader.line_num, "it has more fields than the first line names")
        told = {name: value.strip() for name, value in row.items() if name and value}
        made.append(entered(unit, reader.line_num, told, (moment, signed)))
    return made


def entered(unit: Unit, line: int, told: Mapping[str, str], how: tuple[Moment, Signed]) -> Agreement:
    moment, signed = how
    terms = {name: value for name, value in told.items() if name not in {*COLUMNS, "to"}}
    try:
        cpo, emsp = (quirk_table.party(told.get(name, "")) for name in ("cpo", "emsp"))
        pair = Pair(cpo, emsp, currency(told.get("currency", "")))
        since, until = moment(told.get("from", "")), told.get("to")
        span = (since, None if until is None else moment(until))
        return agreements.add(unit, pair, read_terms(terms), span, signed)
    except (NoSuchValue, NoSuchTerm, PartnerProblem, ValueError) as fault:
        raise InvalidLine(line, str(fault) or str(fault.__doc__)) from fault


def currency(text: str) -> str:
    """ValueError unless ISO 4217 has it."""
    if text.upper() not in CURRENCIES:
        raise ValueError(f"{text!r} is no currency of ISO 4217, as EUR")
    return text.upper()
