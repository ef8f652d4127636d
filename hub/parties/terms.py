"""The terms of an agreement between a CPO and an eMSP: how they bill each other, and what they let pass."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from zoneinfo import available_timezones

VAT_CATEGORIES = ("S", "AE", "Z", "E", "O", "G", "K")
"""UNCL 5305, as EN 16931 takes it: standard, reverse charge, zero rate, exempt, outside the scope, export,
intra-community supply."""
ROUNDINGS = ("HALF_UP", "HALF_EVEN", "DOWN")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a CPO and an eMSP have agreed; what each means for an operator stands in `TERMS`.

    Amounts are in the agreement's currency, rates in percent of an amount.
    """

    time_zone: str = "UTC"
    billing: str = "DIRECT"
    cdrs_by: str = "HUB"
    vat_category: str = "S"
    vat_rate: Decimal | None = None
    cpo_vat_id: str | None = None
    emsp_vat_id: str | None = None
    rounding: str = "HALF_UP"
    rounded: str = "DOCUMENT"
    tolerance: Decimal = Decimal("0.01")
    tolerance_percent: Decimal = Decimal("0.1")
    statement_tolerance: Decimal = Decimal("0.01")
    statement_growth: Decimal = Decimal("0.0116")
    notice_days: int = 0
    fee_per_cdr: Decimal = Decimal(0)
    fee_per_kwh: Decimal = Decimal(0)
    fee_percent: Decimal = Decimal(0)
    fee_payer: str = "CPO"
    credits: str = "FULL"
    credit_days: int = 90
    hold_days: int = 90
    dispute_days: int = 30
    payment_days: int = 30
    invoices_by: str = "HUB"
    netting: bool = False
    negative_energy: bool = False
    zero_energy: bool = False


class Term(NamedTuple):
    """A row of the table: how it is written, how that is read, and what it is for."""

    form: str
    read: Callable[[str], Any]
    meaning: str


class NoSuchTerm(ValueError):
    """A term that does not exist, or a value that makes no sense for it; the argument says what would."""


# How values are read ---------------------------------------------------------------------------------------


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.upper() not in words:
            raise NoSuchTerm(f"{text!r} is none of: {', '.join(words)}")
        return text.upper()

    return read


def amount(text: str) -> Decimal:
    """Not negative, of at most six places."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0 or value != round(value, 6):
        raise NoSuchTerm(f"{text!r} is no amount; write it as 0.35")
    return value


def percent(text: str) -> Decimal:
    value = amount(text)
    if value > 100:
        raise NoSuchTerm(f"{text!r} is no percentage; write it as 21 or 5.5")
    return value


def days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 3660):
        raise NoSuchTerm(f"{text!r} is no number of days from 0 to 3660")
    return int(text)


def switch(text: str) -> bool:
    if text.lower() not in {"yes", "no"}:
        raise NoSuchTerm(f"{text!r} is neither yes nor no")
    return text.lower() == "yes"


def zone(text: str) -> str:
    if text not in available_timezones():
        raise NoSuchTerm(f"{text!r} is no IANA time zone; write it as Europe/Amsterdam")
    return text


def vat_id(text: str) -> str:
    plain = "".join(text.upper().split())
    if not (4 <= len(plain) <= 20 and plain.isascii() and plain.isalnum()):
        raise NoSuchTerm(f"{text!r} is no VAT number; write it as NL123456789B01")
    return plain


TERMS: Mapping[str, Term] = {
    "time_zone": Term("ZONE", zone, "In whose months periods begin and end."),
    "billing": Term(
        "direct|reverse", one_of("DIRECT", "REVERSE"), "Who writes the document: the CPO, or the eMSP for it."
    ),
    "cdrs_by": Term("hub|cpo", one_of("HUB", "CPO"), "Who issues the CDRs."),
    "vat_category": Term(
        "|".join(VAT_CATEGORIES), one_of(*VAT_CATEGORIES), "How the supply is taxed, as EN 16931 names it."
    ),
    "vat_rate": Term("PERCENT", percent, "Rate of category S; without it each CDR's own rates hold."),
    "cpo_vat_id": Term("NUMBER", vat_id, "VAT number of the CPO; reverse charge needs both."),
    "emsp_vat_id": Term("NUMBER", vat_id, "VAT number of the eMSP."),
    "rounding": Term("|".join(ROUNDINGS).lower(), one_of(*ROUNDINGS), "How documents round to cents."),
    "rounded": Term("document|line", one_of("DOCUMENT", "LINE"), "What is rounded: totals, or every line."),
    "tolerance": Term("AMOUNT", amount, "By how much a CDR may differ from what the tariff says, plus ..."),
    "tolerance_percent": Term("PERCENT", percent, "... this part of what it costs."),
    "statement_tolerance": Term("AMOUNT", amount, "By how much a statement may differ, plus ..."),
    "statement_growth": Term("AMOUNT", amount, "... this times the square root of its number of lines."),
    "notice_days": Term("DAYS", days, "How long before it takes force a change of price is announced."),
    "fee_per_cdr": Term("AMOUNT", amount, "Fee of the hub for each CDR."),
    "fee_per_kwh": Term("AMOUNT", amount, "Fee of the hub for each kWh."),
    "fee_percent": Term("PERCENT", percent, "Fee of the hub as a part of the net amount."),
    "fee_payer": Term("cpo|emsp", one_of("CPO", "EMSP"), "Who pays the fee."),
    "credits": Term(
        "full|partial|none",
        one_of("FULL", "PARTIAL", "NONE"),
        "Whether CDRs are credited in whole, also in part, or only by a line of the next statement.",
    ),
    "credit_days": Term("DAYS", days, "How long after it a CDR may be credited without a remark."),
    "hold_days": Term("DAYS", days, "How long a CDR is held before it is dropped."),
    "dispute_days": Term("DAYS", days, "How long there is to answer a dispute."),
    "payment_days": Term("DAYS", days, "How long there is to pay a statement."),
    "invoices_by": Term(
        "hub|party",
        one_of("HUB", "PARTY"),
        "Who tells which CDRs an invoice bills: the hub as a statement is sent, or who bills.",
    ),
    "netting": Term("yes|no", switch, "Whether what both owe each other is set off."),
    "negative_energy": Term("yes|no", switch, "Whether energy given back is billed."),
    "zero_energy": Term("yes|no", switch, "Whether sessions without energy are billed."),
}


def read_terms(told: Mapping[str, str], present: Terms | None = None) -> Terms:
    """Terms as an operator writes them: those of `present` with these changed, else the usual ones.

    NoSuchTerm names the first that cannot be.
    """
    unknown = [name for name in told if name not in TERMS]
    if unknown:
        raise NoSuchTerm(f"{unknown[0]}: there is no such term; there are {', '.join(TERMS)}")
    values = plain(present or Terms())
    for name, text in told.items():
        try:
            values[name] = TERMS[name].read(text)
        except NoSuchTerm as fault:
            raise NoSuchTerm(f"{name}: {fault}") from None
    return consistent(Terms(**values))


def consistent(terms: Terms) -> Terms:
    """NoSuchTerm when two of them contradict each other."""
    if terms.vat_category == "AE" and not (terms.cpo_vat_id and terms.emsp_vat_id):  # BR-AE-02
        raise NoSuchTerm("vat_category: reverse charge needs cpo_vat_id and emsp_vat_id")
    if terms.vat_category != "S" and terms.vat_rate:
        raise NoSuchTerm(f"vat_rate: category {terms.vat_category} bears no VAT; leave it out")
    return terms


def plain(terms: Terms) -> dict[str, Any]:
    return {field.name: getattr(terms, field.name) for field in fields(terms)}


def of_plain(told: Mapping[str, Any]) -> Terms:
    """The opposite of `plain`, from JSON that the hub wrote; terms that it lacks have their default."""
    kinds = {field.name: field.default for field in fields(Terms) if field.default is not MISSING}
    return Terms(**{name: _kept(kinds[name], name, value) for name, value in told.items() if name in kinds})


def _kept(default: Any, name: str, value: Any) -> Any:
    number = isinstance(default, Decimal) or name == "vat_rate"
    return Decimal(value) if number and value is not None else value
