"""Every check finds what it is for, finds nothing in a CDR that is right, and is a pure function."""

import base64
from dataclasses import replace
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from factories import example

from hub.clearing import emaid
from hub.clearing.case import Case, Known, Other, Recomputed
from hub.clearing.checks import BY_CODE, RULES, Setting, check
from hub.clearing.facts import facts_of
from hub.clearing.rule import Severity
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.parties.terms import Terms

CPO, EMSP = Party("NL", "CPO"), Party("DE", "MSP")
START, END = instants.micros("2025-03-10T08:00:00Z"), instants.micros("2025-03-10T09:45:00Z")
MINUTE = 60_000_000
DAY = 86_400_000_000
CONNECTOR = example("2.3.0", "connectors")
RIGHT = Recomputed(Decimal("5.536"), Decimal("6.69856"))


def case(facts=None, **changes):
    """A CDR that is right, in the hub that knows all about it; `facts` are changes of the CDR."""
    cdr = example("2.3.0", "cdrs", **{"signed_data": None} | (facts or {}))
    known = {
        "senders": (CPO,),
        "receivers": (EMSP,),
        "agreement": Terms(),
        "agreed": True,
        "session": example("2.3.0", "sessions", status="COMPLETED", kwh=Decimal("14.2")),
        "runs_sessions": True,
        "location": example("2.3.0", "locations"),
        "evse": example("2.3.0", "evses"),
        "connector": CONNECTOR,
        "token": example("2.3.0", "tokens"),
        "known": Known(cdr.get("tariffs", [{}])[0], same=True, since=0, until=None),
        "expected": RIGHT,
        "carried": RIGHT,
    }
    return Case(cdr, facts_of(cdr), CPO, END + 10 * MINUTE, **known | changes)


def codes(seen, settings=None):
    return {found.code for found in check(seen, settings or {})}


def other(**changes):
    """Another CDR at the same EVSE with the same token, three days before."""
    told = {
        "owner": "NLCPO",
        "emsp": "DEMSP",
        "key": "cdr-0",
        "session_id": "SESSION-0",
        "evse_uid": "EVSE-1",
        "connector_id": "1",
        "token_uid": "04A1B2C3D4",
        "start": START - 3 * DAY,
        "end": END - 3 * DAY,
        "energy": Decimal("14.2"),
        "coordinates": (Decimal("52.37403"), Decimal("4.88969")),
    }
    return Other(**told | changes)


def periods(*told):
    """Charging periods of (start, {dimension: volume})."""
    return [
        {
            "start_date_time": start,
            "tariff_id": "DAY-NIGHT",
            "dimensions": [
                {"type": kind, "volume": Decimal(str(volume))} for kind, volume in volumes.items()
            ],
        }
        for start, volumes in told
    ]


ORIGINAL = example("2.3.0", "cdrs", signed_data=None)


def credit(original=ORIGINAL, **changes):
    """A credit of the whole, with these changes."""
    cost = original["total_cost"]
    total = {
        "before_taxes": -cost["before_taxes"],
        "taxes": [tax | {"amount": -tax["amount"]} for tax in cost["taxes"]],
    }
    told = {"id": "CDR-1-C", "credit": True, "credit_reference_id": "CDR-1", "total_cost": total}
    return case(
        told | changes,
        original=original,
        original_facts=facts_of(original),
        session=None,
        runs_sessions=False,
    )


def place(**changes):
    return {"cdr_location": example("2.3.0", "cdrs")["cdr_location"] | changes}


def token(**changes):
    return {"cdr_token": example("2.3.0", "cdrs")["cdr_token"] | changes}


def tariff(**changes):
    return {"tariffs": [example("2.3.0", "cdrs")["tariffs"][0] | changes]}


def cost(net, tax=None, rate=21):
    amount = Decimal(net) * rate / 100 if tax is None else Decimal(tax)
    return {"before_taxes": Decimal(net), "taxes": [{"name": "VAT", "percentage": rate, "amount": amount}]}


FREE = [{"price_components": [{"type": "ENERGY", "price": 0, "step_size": 1}]}]
EIGHT, HALF_NINE = "2025-03-10T08:00:00Z", "2025-03-10T09:30:00Z"

WRONG = [
    ("A1", case(mended={"total_time": "a text was a number"})),
    ("A2", case(place(connector_standard="IEC_9"))),
    ("A4", case({"total_energy": Decimal("14.20001")})),
    ("A5", case({"currency": "HRK"})),
    ("A5", case({"currency": "EUX"})),
    ("A6", case(senders=(Party("NL", "OTH"),))),
    ("A7", case({"id": "x" * 37})),
    ("A8", case({"charging_periods": []})),
    ("A9", case(receivers=())),
    ("B3", case(others=(other(session_id="SESSION-1", energy=Decimal(1)),))),
    ("B4", case(others=(other(start=START + MINUTE, end=END),))),
    ("B5", case(others=(other(start=START - DAY, end=START + 2 * MINUTE, token_uid="x"),))),
    (
        "B6",
        case(
            others=(
                other(
                    evse_uid="far",
                    start=START - 60 * MINUTE,
                    end=START - 30 * MINUTE,
                    coordinates=(Decimal("41.9"), Decimal("12.5")),
                ),
            )
        ),
    ),
    ("B7", case(others=(other(reference="AUTH-77"),))),
    ("B8", case(place(evse_uid="#NA"))),
    ("C1", case({"end_date_time": "2025-03-10T07:00:00Z"})),
    ("C2", replace(case(), received_at=END - 6 * MINUTE)),
    ("C3", case({"start_date_time": "1970-01-01T00:00:00Z"})),
    ("C4", case({"end_date_time": "2025-03-13T09:00:00Z"})),
    ("C4", case(place(connector_power_type="DC") | {"end_date_time": "2025-03-10T21:00:00Z"})),
    ("C5", case({"end_date_time": "2025-03-10T08:01:00Z", "total_energy": Decimal("0.09")})),
    ("C6", replace(case(), received_at=END + 91 * DAY)),
    ("C6b", replace(case(), received_at=END + 31 * DAY)),
    ("C7", case({"charging_periods": periods((HALF_NINE, {"ENERGY": 14.2}), (EIGHT, {"TIME": 1.75}))})),
    ("C8", case({"charging_periods": periods((EIGHT, {"ENERGY": 14.2, "TIME": 1.5}))})),
    ("C8b", case({"total_time": Decimal("1.70")})),
    ("C9", case({"total_parking_time": 2})),
    ("C10", case({"last_updated": "2025-03-10T09:44:00Z"})),
    ("C11", case(session=example("2.3.0", "sessions", start_date_time="2025-03-10T08:03:00Z"))),
    ("D1", case({"total_energy": Decimal(-1)})),
    ("D2", case({"total_energy": 14200})),
    ("D2b", case({"total_energy": 301})),
    ("D3", case({"total_energy": Decimal("14.3")})),
    ("D4", case({"total_energy": 40})),
    ("D5", case({"charging_periods": periods((EIGHT, {"TIME": 1.5}), (HALF_NINE, {"ENERGY": 14.2}))})),
    ("D6", case({"total_energy": 0})),
    ("D7", case({"charging_periods": periods((EIGHT, {"ENERGY": 14.2, "MIN_POWER": 5, "MAX_POWER": 4}))})),
    ("D8", case({"charging_periods": periods((EIGHT, {"ENERGY": 14.2, "PARKING_TIME": 1.75}))})),
    ("D9", case(session=example("2.3.0", "sessions", kwh=14))),
    ("E1", case(location=None)),
    ("E1", case(connector=None)),
    ("E2", case(place(evse_id="DE*OTH*E1"))),
    ("E3", case(connector=CONNECTOR | {"standard": "CHADEMO"})),
    ("E4", case(token=None)),
    ("E4b", case(token=example("2.3.0", "tokens", whitelist="NEVER"))),
    ("E4b", case(token=example("2.3.0", "tokens", valid=False))),
    ("E5", case({"auth_method": "AUTH_REQUEST", "authorization_reference": None})),
    ("E6", case(session=example("2.3.0", "sessions", status="INVALID"))),
    ("E7", case(session=None)),
    ("E8", case(place(coordinates={"latitude": "4.889690", "longitude": "52.374030"}))),
    ("E9", case(agreed=False)),
    ("E10", case(token(contract_id="DEMSPC0000017Y"[:13]))),
    ("F1", case({"tariffs": None}, known=None)),
    ("F2", case(tariff(id="OTHER"))),
    ("F3", case(known=Known(example("2.3.0", "tariffs"), same=False, since=0, until=None))),
    ("F4", case(tariff(end_date_time=EIGHT))),
    ("F5", case(tariff(currency="CHF"))),
    ("F6", case(expected=Recomputed(Decimal("5.6"), None, "STEP_SIZE_OLD_RULE"))),
    ("F6", case(expected=None, carried=Recomputed(Decimal("5.6"), None))),
    ("F7", case({"total_fixed_cost": cost("0.35")})),
    ("F8", case(tariff(max_price={"before_taxes": 5}))),
    ("F8", case(tariff(min_price={"after_taxes": 7}))),
    ("F9", case({"total_cost": cost("-5.536")})),
    ("F10", case({"total_cost": cost("500.01")})),
    ("F11", case({"total_energy_cost": cost("28.41")})),
    ("F11", case({"total_cost": cost("28.41"), "total_energy_cost": None})),
    ("F12", case(usual=(Decimal("0.2"),) * 10)),
    ("F13", case({"total_cost": cost("5.536", "1.14")})),
    ("F14", case(agreement=Terms(vat_rate=Decimal(19)))),
    ("F15", case(tariff(elements=FREE))),
    ("F16", case(carried=replace(RIGHT, cause="MISSING_PERIOD_SPLIT"))),
    ("G1", case({"credit": True})),
    ("G1", case({"credit_reference_id": "CDR-0"})),
    ("G2", replace(credit(), original=None, original_facts=None)),
    ("G2", credit(currency="CHF")),
    ("G3", replace(credit(), credits=("cdr-1-c0",))),
    ("G4", credit(total_cost=cost("-5"))),
    ("G4", credit(total_cost=cost("-5.536", "-1"))),
    ("G5", credit(ORIGINAL | {"credit": True})),
    ("G6", replace(credit(), received_at=END + 92 * DAY)),
    ("G7", credit(total_energy=Decimal("-14.2"))),
    ("H1", case(place(country="DEU"))),
    ("H5", case({"signed_data": {"encoding_method": "X", "signed_values": [
        {"nature": "End", "plain_data": "", "signed_data": "x" * 513}]}})),
    ("I1", replace(case(), received_at=END + 26 * 60 * MINUTE)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "seen"), WRONG, ids=[f"{code}-{place}" for place, (code, _) in enumerate(WRONG)]
)
def test_a_check_finds_what_it_is_for(code, seen):
    assert code in codes(seen)


def test_a_cdr_that_is_right_has_no_codes():
    assert check(case(), {}) == ()


def test_what_is_much_depends_on_what_a_currency_is_worth():
    """5.45 SEK for a kWh, and 600 SEK in all, are what everybody pays."""
    kronor = {"currency": "SEK", "total_cost": cost("600"), "total_energy_cost": cost("77.39")}
    assert not {"F10", "F11"} & codes(case(kronor))
    dear = {"currency": "SEK", "total_cost": cost("5501"), "total_energy_cost": cost("320")}
    assert {"F10", "F11"} <= codes(case(dear))


def test_a_car_that_stays_for_days_does_not_make_its_energy_dear():
    assert "F11" not in codes(case({"total_cost": cost("75")}))


def test_a_credit_of_the_whole_has_no_codes():
    assert check(credit(), {}) == ()


def test_a_credit_is_not_asked_what_was_wrong_with_the_cdr_it_takes_back():
    wrong = ORIGINAL | {"total_energy": 14200}
    assert codes(credit(wrong, total_energy=14200)) == set()


def test_every_check_is_tried():
    signed = {"H2", "H3", "H4", "D10"}
    assert {code for code, _ in WRONG} | signed == set(BY_CODE)


def test_codes_are_used_once_and_each_says_what_to_do():
    assert len(BY_CODE) == len(RULES)
    assert all(rule.says.endswith(".") and rule.remedy for rule in RULES)


@pytest.mark.parametrize(("code", "seen"), WRONG, ids=range(len(WRONG)))
def test_the_same_case_has_the_same_codes(code, seen):
    """O9."""
    assert check(seen, {}) == check(replace(seen), {})


def test_a_setting_makes_a_check_worse_milder_or_silent():
    seen = case({"total_energy": 0}, session=None, runs_sessions=False)
    assert "D6" not in codes(seen, {"D6": Setting(Severity.OFF)})
    (found,) = [each for each in check(seen, {"D6": Setting(Severity.WARN)}) if each.code == "D6"]
    assert found.severity is Severity.WARN
    assert "D2b" in codes(case(), {"D2b": Setting(limits={"kwh": Decimal(14)})})


def test_the_worst_is_told_first_and_the_lesser_of_a_kind_not_at_all():
    late = replace(case(mended={"x": "y"}), received_at=END + 91 * DAY)
    assert [found.severity for found in check(late, {})] == sorted(
        (found.severity for found in check(late, {})), key=["REJECT", "HOLD", "WARN"].index
    )
    assert "C6b" not in codes(late)


def test_another_session_of_the_driver_at_the_same_place_is_no_duplicate():
    assert codes(case(others=(other(), other(key="cdr-2", credited=True, session_id="SESSION-1")))) == set()


def test_a_tolerance_lets_pass_what_was_agreed():
    off = case(expected=Recomputed(Decimal("5.55"), None))
    assert codes(off) == set()
    assert codes(replace(off, agreement=Terms(tolerance=Decimal(0), tolerance_percent=Decimal(0)))) == {"F6"}


# Signed values --------------------------------------------------------------------------------------------

KEY, STRANGE = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
DER = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
PUBLIC = KEY.public_key().public_bytes(*DER).hex()


def ocmf(start, end, key=KEY, state="G", meter="METER-9"):
    payload = (
        f'{{"FV":"1.0","MS":"{meter}","RD":[{{"TM":"2025-03-10T08:00:00,000+0000 S","TX":"B","RV":{start},'
        '"RU":"kWh","ST":"G"},'
        f'{{"TM":"2025-03-10T09:30:00,000+0000 S","TX":"E","RV":{end},"ST":"{state}"}}]}}'
    )
    signature = key.sign(payload.encode(), ec.ECDSA(hashes.SHA256())).hex()
    return f'OCMF|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature}"}}'


def signed(text, **changes):
    value = {"nature": "End", "plain_data": "", "signed_data": text}
    data = {"encoding_method": "OCMF", "public_key": PUBLIC, "signed_values": [value]}
    return case({"signed_data": data}, **{"registered_key": PUBLIC} | changes)


@pytest.mark.parametrize("write", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_what_the_meter_signed_is_verified(write):
    assert codes(signed(write(ocmf("100.0", "114.2")))) <= {"H5"}


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("H2", signed(ocmf("100.0", "114.2", key=STRANGE))),
        ("H2", signed(ocmf("100.0", "114.2").replace("114.2", "115.2"))),
        ("H2", signed("OCMF|nonsense")),
        ("H2", signed("OCMF|[]|{}")),
        ("H2", signed("%%%")),
        ("H3", signed(ocmf("114.2", "100.0"))),
        ("H3", signed(ocmf("100.0", "114.2", state="T"))),
        ("D10", signed(ocmf("100.0", "114.3"))),
        ("H4", signed(ocmf("100.0", "114.2"), last_key="that of another")),
    ],
)
def test_what_the_meter_signed_and_is_not_so_is_found(code, seen):
    assert code in codes(seen)


# What belongs to others ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ({}, "CDR cdr-0 has the connector for"),
        ({"emsp": "FRXXX"}, "a CDR of another eMSP has the connector for"),
    ],
)
def test_a_finding_names_no_cdr_that_is_not_of_both_parties(whose, told):
    near = other(start=START - DAY, end=START + 2 * MINUTE, token_uid="x", **whose)
    (found,) = check(case(others=(near,)), {})
    assert found.detail.startswith(told)


def test_the_same_ids_of_another_cpo_are_another_session_and_another_place():
    theirs = other(owner="BEXYZ", session_id="SESSION-1", start=START, end=END, token_uid="x")
    assert codes(case(others=(theirs,))) == set()


# Contract ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "digit"),
    [
        ("NN123ABCDEFGHI", "T"),
        ("FRXYZ123456789", "2"),
        ("ITA1B2C3E4F5G6", "4"),
        ("ESZU8WOX834H1D", "R"),
        ("PT73902837ABCZ", "Z"),
        ("DE83DUIEN83QGZ", "D"),
        ("DE83DUIEN83ZGQ", "M"),
        ("DE8AA001234567", "0"),
    ],
)
def test_the_check_digit_of_a_contract_id(plain, digit):
    assert emaid.check_digit(plain) == digit
    assert emaid.fault_of(plain + digit) is None
    assert emaid.fault_of(f"{plain[:2]}-{plain[2:5]}-{plain[5:]}-{digit}".lower()) is None
    assert "should be" in emaid.fault_of(plain + ("A" if digit != "A" else "B"))


# Chargers at home ------------------------------------------------------------------------------------------

AT_HOME = {"home_charging_compensation": True}
NOT_PUBLISHED = {"location": None, "evse": None, "connector": None, "known": None, "expected": None}


def test_a_charger_at_home_need_not_be_published():
    assert codes(case(AT_HOME, **NOT_PUBLISHED)) == set()
    assert codes(case(**NOT_PUBLISHED)) == {"E1"}


def test_a_car_may_stay_at_home_for_a_fortnight():
    facts = {"end_date_time": "2025-03-16T08:00:00Z", "total_time": Decimal(144)}
    assert "C4" in codes(case(facts))
    assert "C4" not in codes(case(facts | AT_HOME))
    assert "C4" in codes(case(facts | AT_HOME | {"end_date_time": "2025-03-25T08:00:00Z"}))


def test_at_home_nothing_is_sold_that_must_be_signed():
    place = example("2.3.0", "cdrs")["cdr_location"] | {"country": "DEU"}
    assert "H1" in codes(case({"cdr_location": place}))
    assert "H1" not in codes(case({"cdr_location": place} | AT_HOME))
