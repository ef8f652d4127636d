"""A: whether a CDR is one at all; what the door refuses is found here too, where it was kept before."""

from collections.abc import Iterator
from decimal import Decimal

from moneyed import CURRENCIES

from hub.clearing.case import Case
from hub.clearing.facts import SHARES, exact
from hub.clearing.rule import Limits, Rule, Severity
from hub.ocpi import enums
from hub.ocpi.document import Party

LONGEST_ID = 36
PLACES = 4
AMOUNTS = ("total_cost", *SHARES)
QUANTITIES = ("total_energy", "total_time", "total_parking_time")
WITHDRAWN = {
    "ATS": "2002", "BEF": "2002", "DEM": "2002", "ESP": "2002", "FIM": "2002", "FRF": "2002", "GRD": "2002",
    "IEP": "2002", "ITL": "2002", "LUF": "2002", "NLG": "2002", "PTE": "2002", "SIT": "2007", "CYP": "2008",
    "MTL": "2008", "SKK": "2009", "EEK": "2011", "LVL": "2014", "LTL": "2015", "HRK": "2023", "BGN": "2026",
}  # fmt: skip
"""The year with which a currency of ISO 4217 gave way to the euro."""


def mended(case: Case, limits: Limits) -> Iterator[str]:
    for path, note in case.mended.items():
        yield f"{path}: {note}"


def unknown_words(case: Case, limits: Limits) -> Iterator[str]:
    told = [
        ("auth_method", case.cdr["auth_method"], enums.AUTH_METHOD),
        ("cdr_token.type", case.cdr["cdr_token"]["type"], enums.TOKEN_TYPE),
        ("connector_standard", case.place["connector_standard"], enums.CONNECTOR_TYPE),
        ("connector_format", case.place["connector_format"], enums.CONNECTOR_FORMAT),
        ("connector_power_type", case.place["connector_power_type"], enums.POWER_TYPE),
        *(("dimension", kind, enums.CDR_DIMENSION) for span in case.facts.spans for kind in span.volumes),
    ]
    for path, word, known in dict.fromkeys(told):
        if word not in known.values:
            yield f"{path} {word}"


def too_many_places(case: Case, limits: Limits) -> Iterator[str]:
    for path, value in numbers(case):
        places = -int(value.as_tuple().exponent)
        if places > PLACES and value != round(value, PLACES):
            yield f"{path} is {value}"


def currency_gone(case: Case, limits: Limits) -> Iterator[str]:
    currency, year = str(case.cdr["currency"]).upper(), str(case.cdr["start_date_time"])[:4]
    if currency not in CURRENCIES:
        yield f"{currency} is no currency of ISO 4217"
    elif currency in WITHDRAWN and year >= WITHDRAWN[currency]:
        yield f"{currency} ended with {int(WITHDRAWN[currency]) - 1}"


def numbers(case: Case) -> Iterator[tuple[str, Decimal]]:
    """Every number that is billed or adds up to what is."""
    for name in QUANTITIES:
        if case.cdr.get(name) is not None:
            yield name, exact(case.cdr[name])
    for name in AMOUNTS:
        if case.cdr.get(name) is not None:
            yield f"{name}.before_taxes", exact(case.cdr[name]["before_taxes"])


def not_of_its_sender(case: Case, limits: Limits) -> Iterator[str]:
    if case.senders and case.owner not in case.senders:
        yield f"{case.owner} came from {', '.join(map(str, case.senders))}"


def id_too_long(case: Case, limits: Limits) -> Iterator[str]:
    if not case.is_credit and len(str(case.cdr["id"])) > LONGEST_ID:
        yield f"{len(str(case.cdr['id']))} signs"


def no_periods(case: Case, limits: Limits) -> Iterator[str]:
    if not case.cdr["charging_periods"]:
        yield "charging_periods is empty"


def nobody_pays(case: Case, limits: Limits) -> Iterator[str]:
    token = case.cdr["cdr_token"]
    party = Party.of(token["country_code"], token["party_id"])
    if party not in case.receivers:
        yield f"{party} is no eMSP of this hub"


R, W = Severity.REJECT, Severity.WARN
TELL = "Tell the CPO; it sends the CDR once more as OCPI has it."
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("A1", W, "It was mended before it could be read.", SEE, mended),
    Rule("A2", W, "It says a word that OCPI does not know.", SEE, unknown_words),
    Rule("A4", W, "A number has more than four decimals.", SEE, too_many_places),
    Rule("A5", R, "Its currency is not one of that day.", TELL, currency_gone),
    Rule("A6", R, "It is not of the party that sent it.", TELL, not_of_its_sender),
    Rule("A7", R, "Its id is longer than OCPI allows.", TELL, id_too_long),
    Rule("A8", R, "It has no charging periods.", TELL, no_periods),
    Rule(
        "A9",
        Severity.HOLD,
        "Its token is of a party that is not connected.",
        "Connect the eMSP, or tell the CPO whose driver it was.",
        nobody_pays,
    ),
)
