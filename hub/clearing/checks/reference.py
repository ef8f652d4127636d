"""E: whether what a CDR refers to is known, and agrees with it."""

from collections.abc import Iterator, Mapping

from hub.clearing import emaid
from hub.clearing.case import Case
from hub.clearing.checks.identity import NOT_USED, coordinates_of
from hub.clearing.rule import Limits, Rule, Severity

Box = tuple[int, int, int, int]
BOXES: Mapping[str, Box] = {
    "ALB": (39, 43, 19, 22), "AND": (42, 43, 1, 2), "AUS": (-44, -9, 112, 154), "AUT": (46, 50, 9, 18),
    "BEL": (49, 52, 2, 7), "BGR": (41, 45, 22, 29), "BIH": (42, 46, 15, 20), "CAN": (41, 84, -142, -52),
    "CHE": (45, 48, 5, 11), "CYP": (34, 36, 32, 35), "CZE": (48, 52, 12, 19), "DEU": (47, 56, 5, 16),
    "DNK": (54, 58, 7, 16), "ESP": (27, 44, -19, 5), "EST": (57, 60, 21, 29), "FIN": (59, 71, 19, 32),
    "FRA": (41, 52, -6, 10), "GBR": (49, 61, -9, 2), "GRC": (34, 42, 19, 30), "HRV": (42, 47, 13, 20),
    "HUN": (45, 49, 16, 23), "IRL": (51, 56, -11, -5), "ISL": (63, 67, -25, -13), "ITA": (35, 48, 6, 19),
    "LIE": (47, 48, 9, 10), "LTU": (53, 57, 20, 27), "LUX": (49, 51, 5, 7), "LVA": (55, 59, 20, 29),
    "MLT": (35, 37, 14, 15), "MNE": (41, 44, 18, 21), "NLD": (50, 54, 3, 8), "NOR": (57, 72, 4, 32),
    "POL": (49, 55, 14, 25), "PRT": (30, 43, -32, -6), "ROU": (43, 49, 20, 30), "SRB": (42, 47, 18, 24),
    "SVK": (47, 50, 16, 23), "SVN": (45, 47, 13, 17), "SWE": (55, 70, 10, 25), "TUR": (35, 43, 25, 45),
    "UKR": (44, 53, 22, 41), "USA": (18, 72, -180, -66),
}  # fmt: skip
"""Country -> whole degrees around it: latitude from, to; longitude from, to. Rather too wide than too narrow;
territories overseas are left out of all but those of Spain, Portugal and the United States."""


def place_unknown(case: Case, limits: Limits) -> Iterator[str]:
    if case.place["evse_uid"] == NOT_USED or case.at_home:
        return
    if case.location is None:
        yield f"location {case.place['id']}"
    elif case.connector is None:
        yield f"EVSE {case.place['evse_uid']}, connector {case.place['connector_id']} of {case.place['id']}"


def of_another_operator(case: Case, limits: Limits) -> Iterator[str]:
    told = str(case.place["evse_id"]).upper().replace("*", "").replace("-", "")
    if told != NOT_USED and not told.startswith(str(case.owner).replace("/", "")):
        yield f"evse_id {case.place['evse_id']} is not of {case.owner}"


def another_connector(case: Case, limits: Limits) -> Iterator[str]:
    if case.connector is None:
        return
    for told, known in (("connector_standard", "standard"), ("connector_power_type", "power_type")):
        if case.place[told] != case.connector[known]:
            yield f"{told} is {case.place[told]}, its location says {case.connector[known]}"


def token_unknown(case: Case, limits: Limits) -> Iterator[str]:
    if case.token is None:
        yield f"token {case.cdr['cdr_token']['uid'][:4]}... of {case.cdr['cdr_token']['party_id']}"


def never_authorised(case: Case, limits: Limits) -> Iterator[str]:
    if case.token is None:
        return
    if case.token.get("whitelist") == "NEVER" and case.cdr["auth_method"] == "WHITELIST":
        yield "its token must be asked for each time, and was not"
    if case.token.get("valid") is False and case.cdr["auth_method"] == "WHITELIST":
        yield "its token is not valid"


def no_reference(case: Case, limits: Limits) -> Iterator[str]:
    asked = case.cdr["auth_method"] in {"AUTH_REQUEST", "COMMAND"}
    if asked and case.cdr.get("authorization_reference") is None:
        yield f"auth_method is {case.cdr['auth_method']}"


def of_an_invalid_session(case: Case, limits: Limits) -> Iterator[str]:
    if case.session is not None and case.session["status"] == "INVALID":
        yield f"session {case.session['id']}"


def session_unknown(case: Case, limits: Limits) -> Iterator[str]:
    if case.runs_sessions and case.session is None and case.cdr.get("session_id") is not None:
        yield f"session {case.cdr['session_id']}"


def outside_its_country(case: Case, limits: Limits) -> Iterator[str]:
    box = BOXES.get(str(case.place["country"]).upper())
    if box is None:
        return
    south, north, west, east = box
    latitude, longitude = coordinates_of(case)
    if south <= latitude <= north and west <= longitude <= east:
        return
    swapped = south <= longitude <= north and west <= latitude <= east
    why = ": latitude and longitude are swapped" if swapped else ""
    yield f"{latitude}, {longitude} is not in {case.place['country']}{why}"


def no_agreement(case: Case, limits: Limits) -> Iterator[str]:
    if not case.agreed:
        token = case.cdr["cdr_token"]
        pair = f"{case.owner} with {token['country_code']}/{token['party_id']}"
        yield f"{pair} in {case.cdr['currency']} at {case.cdr['start_date_time']}"


def odd_contract(case: Case, limits: Limits) -> Iterator[str]:
    told = case.cdr["cdr_token"].get("contract_id")
    fault = None if told is None else emaid.fault_of(str(told))
    if fault is not None:
        yield f"contract_id: {fault}"


H, W = Severity.HOLD, Severity.WARN
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("E1", W, "Its place is not known here.", SEE, place_unknown),
    Rule(
        "E2",
        H,
        "Its EVSE is of another operator.",
        "Ask the CPO whether it bills for another.",
        of_another_operator,
    ),
    Rule("E3", W, "Its connector is another than its location has.", SEE, another_connector),
    Rule("E4", W, "Its token is not known here.", "Ask the eMSP for the token.", token_unknown),
    Rule(
        "E4b",
        H,
        "Its token should not have charged.",
        "Ask the eMSP whether it pays; accept or drop it.",
        never_authorised,
    ),
    Rule("E5", W, "It was authorised, and does not say by which reference.", SEE, no_reference),
    Rule("E6", H, "Its session is INVALID, which is never billed.", "Drop it.", of_an_invalid_session),
    Rule("E7", W, "Its session is not known here.", SEE, session_unknown),
    Rule("E8", W, "It lies outside its country.", SEE, outside_its_country),
    Rule(
        "E9",
        H,
        "No agreement of the two parties holds.",
        "Add one with `hub agreement add`; what is held for this is looked at again.",
        no_agreement,
    ),
    Rule("E10", W, "Its contract id is none.", "Tell the eMSP; nothing must be done.", odd_contract),
)
