"""The columns of `cdr_reconciliation`, in an order that is fixed: names and order never change within a
`schema_version`; what is not known is empty, and no column is ever missing."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from hub.closing.exports import clocks
from hub.closing.exports.books import Spot
from hub.closing.exports.cdr_reading import reserved, units
from hub.closing.exports.cdrs import Bodies, Portion
from hub.closing.exports.columns import PLACES, WHOLE, Cells, Column, Kind, lasting, number, numbers
from hub.parties.terms import Terms

SCHEMA_VERSION = "1"
HOUR = 3_600_000_000
WORST = ("HOLD", "REJECT", "WARN")
TEXT, NUMBER, COUNT, MOMENT, FLAG = Kind
Of = Callable[[Any], Cells]


# How cells are found ---------------------------------------------------------------------------------------


def always(of: Callable[[Portion], Any]) -> Of:
    """The same in every row."""
    return lambda portion: [of(portion)] * len(portion)


def row(name: str) -> Of:
    """As it stands in the row of the clearing."""
    return lambda portion: portion[name]


def amount(name: str) -> Of:
    return lambda portion: numbers(portion[name])


def told(of: Callable[[Any], Any]) -> Of:
    """From the CDR."""
    return lambda portion: [of(each) for each in portion.told]


def place(of: Callable[[Any], Any]) -> Of:
    """From where it was."""
    return lambda portion: [of(each) for each in portion.places]


def token(of: Callable[[Any], Any]) -> Of:
    return lambda portion: [of(each) for each in portion.tokens]


def country(name: str) -> Of:
    return lambda portion: [code[:2] for code in portion[name]]


def party(name: str) -> Of:
    return lambda portion: [code[2:] for code in portion[name]]


def business(name: str) -> Of:
    return lambda portion: list(map(portion.books.names.get, portion[name]))


def share(name: str) -> Of:
    """A part of the cost, below nought when it is credited."""
    price = attrgetter(name)
    return lambda portion: [
        None if cost is None else sign * units(bytes(cost.before_taxes))
        for cost, sign in zip(map(price, portion.told), portion.signs, strict=True)
    ]


SHARES = tuple(f"total_{name}_cost" for name in ("energy", "time", "parking", "fixed", "reservation"))


def adjustments(portion: Bodies) -> Cells:
    """What limits, discounts and the like make of the sum of the parts."""
    parts = zip(*(share(name)(portion) for name in SHARES), strict=True)
    return [left(number(net), each) for net, each in zip(portion["net"], parts, strict=True)]


def left(net: int, parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return net - sum(known) if known else None


def none(portion: Portion) -> Cells:
    """Not known to the hub yet."""
    return [None] * len(portion)


def zipped(of: Callable[..., Any], *names: str) -> Of:
    """From several columns of the row."""
    return lambda portion: [of(*cells) for cells in zip(*(portion[name] for name in names), strict=True)]


def spot(of: Callable[[Spot], Any]) -> Of:
    """From what many CDRs have in common."""
    return lambda portion: list(map(of, portion.spots))


def start_local(portion: Portion) -> Cells:
    return clocks.all_local(portion["started_at"], [spot.zone for spot in portion.spots])


def duration(start: int, end: int) -> int:
    return (2 * (end - start) * WHOLE + HOUR) // (2 * HOUR)


def parking(told: Any) -> int:
    return units(bytes(told.total_parking_time).replace(b"null", b"0"))


def charging(told: Any) -> int:
    return units(bytes(told.total_time)) - parking(told)


def energy(told: Any) -> int:
    return units(bytes(told.total_energy))


def signed_energy(portion: Bodies) -> Cells:
    return [sign * energy(told) for told, sign in zip(portion.told, portion.signs, strict=True)]


def tariff(portion: Portion) -> Cells:
    """That of the price book, else the one it carries."""
    return [
        version.tariff or spot.tariff for spot, version in zip(portion.spots, portion.versions, strict=True)
    ]


def agreed(portion: Portion, of: Callable[[Terms], Any]) -> Iterable[Any]:
    """From the agreement, where there is one."""
    known = {identity: of(each) for identity, each in portion.books.terms.items()}
    return map(known.get, portion["agreement_id"])


def tax_code(portion: Portion) -> Cells:
    codes = agreed(portion, lambda each: each.vat_category)
    told = zip(portion["line"], portion["category"], codes, strict=True)
    return [code if line is None else category for line, category, code in told]


def tax_rate(portion: Portion) -> Cells:
    rates = agreed(portion, agreed_rate)
    return [
        billed if billed is not None else spot.rate if rate is None else rate
        for spot, rate, billed in zip(portion.spots, rates, numbers(portion["line_rate"]), strict=True)
    ]


def agreed_rate(each: Terms) -> int | None:
    if each.vat_category != "S":
        return 0
    return None if each.vat_rate is None else int(each.vat_rate.scaleb(PLACES))


def tax_amount(portion: Portion) -> Cells:
    both = zip(portion.billed_nets, portion.billed_grosses, strict=True)
    return [None if gross is None else gross - net for net, gross in both]


def delta(portion: Portion) -> Cells:
    both = zip(portion.nets, portion.recomputed_nets, strict=True)
    return [None if found is None else net - found for net, found in both]


@lru_cache(5_000)
def rule(rules: str | None) -> int | None:
    return None if rules is None else next(iter(json.loads(rules)), None)


@lru_cache(1_000)
def policy(kept: str | None) -> str | None:
    """As words: name=value."""
    if kept is None:
        return None
    return " ".join(f"{name}={value}" for name, value in sorted(json.loads(kept).items()))


@lru_cache(5_000)
def codes(kept: str) -> str | None:
    return " ".join(each[0] for each in json.loads(kept)) or None


@lru_cache(5_000)
def result(kept: str, state: str) -> str | None:
    """The worst of what the checks found."""
    found = {each[1] for each in json.loads(kept)}
    usual = None if state == "RECEIVED" else "OK"
    return next((each for each in WORST if each in found), usual)


@lru_cache(5_000)
def signed(there: bool, kept: str) -> str:
    found = codes(kept) or ""
    if not there:
        return "MISSING" if "H1" in found.split() else "NONE"
    return "WRONG" if {"H2", "H3"} & set(found.split()) else "THERE"


def signed_status(portion: Portion) -> Cells:
    return [signed(spot.signed, kept) for spot, kept in zip(portion.spots, portion["codes"], strict=True)]


def dispute(of: Callable[[Any], Any]) -> Of:
    return lambda portion: [None if each is None else of(each) for each in portion.disputes]


def payment(portion: Portion) -> Cells:
    told = {each: "SETTLED" if state == "FINAL" else "OPEN" for each, state in portion.books.states.items()}
    return list(map(told.get, portion["statement_id"]))


def optional(values: Iterable[Any]) -> Cells:
    return [value or None for value in values]


# The table -------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("schema_version", TEXT, "Version of this list of columns.", always(lambda _: SCHEMA_VERSION)),
    Column("export_id", TEXT, "Name of the export, from what was asked of which state of the books.",
           always(lambda portion: portion.question.export_id)),
    Column("exported_at_utc", MOMENT, "State of the books: when they were changed last before it.",
           always(lambda portion: portion.question.snapshot.at)),
    Column("period", TEXT, "Month of the statement it stands on; on none, that in which it ended.",
           always(lambda portion: portion.question.wanted.period)),
    Column("agreement_id", COUNT, "Agreement of the CPO and the eMSP.", row("agreement_id")),
    Column("direction", TEXT, "PAYABLE: what the eMSP pays. RECEIVABLE: what the CPO gets.",
           always(lambda portion: portion.question.wanted.direction)),
    lasting("cpo_country_code", TEXT, "Country of the CPO.", country("owner")),
    lasting("cpo_party_id", TEXT, "Id of the CPO.", party("owner")),
    Column("cpo_name", TEXT, "Name of the CPO.", business("owner")),
    lasting("emsp_country_code", TEXT, "Country of the eMSP, which issued the token.", country("emsp")),
    lasting("emsp_party_id", TEXT, "Id of the eMSP.", party("emsp")),
    Column("emsp_name", TEXT, "Name of the eMSP.", business("emsp")),
    Column("hub_party_id", TEXT, "The hub, as country and id in one.",
           always(lambda portion: portion.question.snapshot.hub.code)),
    lasting("cdr_id", TEXT, "Id of the CDR, as its CPO writes it.", told(lambda cdr: cdr.id)),
    Column("cdr_kind", TEXT, "NORMAL, CREDIT (takes another one back), PARTIAL (a part) or REPLACEMENT.",
           row("kind")),
    lasting("credit_reference_id", TEXT, "Of a credit: the CDR that it takes back.",
            told(lambda cdr: cdr.credit_reference_id)),
    lasting("session_id", TEXT, "Session of the CPO.", told(lambda cdr: cdr.session_id)),
    lasting("authorization_reference", TEXT, "Reference of the authorisation.",
            told(lambda cdr: cdr.authorization_reference)),
    lasting("auth_method", TEXT, "How it was authorised.", told(lambda cdr: cdr.auth_method)),
    lasting("token_uid_masked", TEXT, "Uid of the token: its first and last characters alone.",
            token(lambda each: each.masked)),
    lasting("token_type", TEXT, "RFID, APP_USER, AD_HOC_USER, OTHER ...", token(lambda each: each.type)),
    lasting("contract_id", TEXT, "Contract of the driver.", token(lambda each: each.contract_id)),
    Column("driver_group", TEXT, "Group of drivers that the contract was in when it began.",
           lambda portion: portion.groups),
    Column("cost_center", TEXT, "Cost centre; empty: the hub is told of none with a CDR.", none),
    lasting("location_id", TEXT, "Location of the CPO.", place(lambda each: each.id)),
    lasting("location_name", TEXT, "Its name.", place(lambda each: each.name)),
    lasting("location_country", TEXT, "Its country, in three letters.", place(lambda each: each.country)),
    lasting("location_state", TEXT, "State or province.", place(lambda each: each.state)),
    lasting("postal_code", TEXT, "Postal code.", place(lambda each: each.postal_code)),
    lasting("evse_uid", TEXT, "EVSE, as the CPO's systems name it.", place(lambda each: each.evse_uid)),
    lasting("evse_id", TEXT, "EVSE, as it stands on it.", place(lambda each: each.evse_id)),
    lasting("connector_id", TEXT, "Connector of the EVSE.", place(lambda each: each.connector_id)),
    lasting("connector_standard", TEXT, "Kind of plug.", place(lambda each: each.connector_standard)),
    lasting("power_type", TEXT, "AC or DC, and phases.", place(lambda each: each.connector_power_type)),
    Column("max_power_kw", NUMBER, "What the connector gives at most, as its location says now.",
           spot(lambda each: each.power)),
    lasting("start_utc", MOMENT, "When it began.", row("started_at")),
    lasting("end_utc", MOMENT, "When it ended.", row("ended_at")),
    Column("start_local", TEXT, "When it began, by the clocks of the place.", start_local),
    Column("timezone", TEXT, "Time zone of the place; UTC where the location is not known.",
           spot(lambda each: each.zone)),
    lasting("duration_h", NUMBER, "Hours between beginning and end.",
            zipped(duration, "started_at", "ended_at")),
    lasting("charging_h", NUMBER, "Hours of charging: total time without parking.", told(charging)),
    lasting("parking_h", NUMBER, "Hours without charging.", told(parking)),
    lasting("reservation_h", NUMBER, "Hours reserved.",
            lambda portion: [reserved(body) for body in portion["body"]]),
    lasting("energy_kwh", NUMBER, "Energy, above nought in a credit too.", told(energy)),
    lasting("energy_kwh_signed", NUMBER, "Energy, below nought in a credit, 0 in that of a part: for sums.",
            signed_energy),
    lasting("meter_id", TEXT, "Meter.", told(lambda cdr: cdr.meter_id)),
    Column("signed_data_status", TEXT, "THERE, NONE, MISSING (the law wants it) or WRONG.", signed_status),
    Column("tariff_id", TEXT, "Tariff that held at the start; where none is known, the first it carries.",
           tariff),
    Column("tariff_version", COUNT, "Its version in the price book.",
           lambda portion: optional(version.number for version in portion.versions)),
    Column("assignment_rule_id", COUNT, "Rule that chose the tariff.",
           lambda portion: list(map(rule, portion["rules"]))),
    lasting("currency", TEXT, "Of all amounts, ISO 4217.", row("currency")),
    lasting("net_energy", NUMBER, "For energy, before taxes; as all parts, below nought in a credit.",
            share("total_energy_cost")),
    lasting("net_time", NUMBER, "For time.", share("total_time_cost")),
    lasting("net_parking", NUMBER, "For parking.", share("total_parking_cost")),
    lasting("net_fixed", NUMBER, "Fixed fees.", share("total_fixed_cost")),
    lasting("net_reservation", NUMBER, "For the reservation.", share("total_reservation_cost")),
    lasting("net_adjustments", NUMBER, "What limits, discounts, credits of a part add; empty without parts.",
            adjustments),
    Column("net_total", NUMBER, "What is billed before taxes: by its lines on the statement; until then "
           "as the CDR says.", lambda portion: portion.billed_nets),
    Column("tax_code", TEXT, "Category of VAT on the statement, else by the agreement: S, AE, Z, E, O, G, K.",
           tax_code),
    Column("tax_rate", NUMBER, "Percent on the statement, else by agreement or CDR; empty: several.",
           tax_rate),
    Column("tax_amount", NUMBER, "Taxes that are billed: by its lines on the statement; until then as the "
           "CDR says.", tax_amount),
    Column("gross_total", NUMBER, "net_total and tax_amount; empty where no taxes are told.",
           lambda portion: portion.billed_grosses),
    lasting("declared_net", NUMBER, "What the CDR says before taxes; the parts sum up to it.", amount("net")),
    lasting("declared_gross", NUMBER, "What it says with taxes.", amount("gross")),
    Column("recomputed_net", NUMBER, "What the tariff at the start makes of it; else those it carries.",
           lambda portion: portion.recomputed_nets),
    Column("recomputed_gross", NUMBER, "The same with taxes.",
           amount("recomputed_gross")),
    Column("delta_net", NUMBER, "Declared without recomputed.",
           delta),
    Column("delta_cause", TEXT, "Name of the reason for that.", row("cause")),
    Column("rounding_policy", TEXT, "How the recomputed amounts were rounded.",
           lambda portion: list(map(policy, portion["policy"]))),
    Column("fx_rate", NUMBER, "Rate of exchange; empty: the hub converts nothing.", none),
    Column("fx_rate_date", TEXT, "Its day.", none),
    Column("fx_source", TEXT, "Who published it.", none),
    Column("reporting_currency", TEXT, "Currency of reports; empty: nothing is converted.", none),
    Column("net_reporting", NUMBER, "net_total in it.", none),
    Column("hub_fee_net", NUMBER, "Fee of the hub, where it is on a statement.", amount("fee")),
    Column("check_result", TEXT, "OK, WARN, HOLD or REJECT: the worst that was found.",
           zipped(result, "codes", "state")),
    Column("check_codes", TEXT, "Codes of what was found: see `hub check list`.",
           lambda portion: list(map(codes, portion["codes"]))),
    Column("billing_status", TEXT, "Where it stands: RECEIVED, HELD, RATED, DISPUTED, STATED, SETTLED ...",
           row("state")),
    Column("hold_reason", TEXT, "Why it is held, was rejected or dropped.", row("why")),
    Column("dispute_id", COUNT, "The last dispute over it.", dispute(lambda each: each.id)),
    Column("dispute_status", TEXT, "OPEN, or how that ended.", dispute(lambda each: each.status)),
    Column("statement_id", COUNT, "Statement it stands on.", row("statement_id")),
    Column("statement_line", COUNT, "Its first line there.", row("line")),
    Column("invoice_id", TEXT, "Invoice that bills it, as the records of the parties or of the hub tell; see "
           "`hub invoice match`.", lambda portion: portion.invoices),
    lasting("invoice_reference_id", TEXT, "Invoice that the CDR names.",
            told(lambda cdr: cdr.invoice_reference_id)),
    Column("payment_status", TEXT, "OPEN, or SETTLED when its statement is final.",
           payment),
    lasting("home_charging_compensation", FLAG, "Whether the driver is paid for charging at home.",
            told(lambda cdr: cdr.home_charging_compensation)),
    lasting("remark", TEXT, "What the CPO remarks.", told(lambda cdr: cdr.remark)),
    lasting("received_at_utc", MOMENT, "When the hub got it.", row("received_at")),
    lasting("last_updated_utc", MOMENT, "When its CPO wrote it.", row("last_updated")),
    Column("content_sha256", TEXT, "SHA-256 of its bytes as they came; empty until it is checked.",
           row("input_hash")),
)  # fmt: skip
