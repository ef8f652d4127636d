"""What the editions say of their objects: what is required, how long, which values, rules between fields."""

from typing import Any

import pytest
from factories import Json, example

from hub.ocpi.checking import check
from hub.ocpi.editions import EDITIONS, NEWEST, edition
from hub.ocpi.errors import InvalidObject, InvalidParameter
from hub.ocpi.modules import MODULES


def faults(version: str, name: str, body: Any) -> dict[str, str]:
    try:
        check(edition(version), name, body)
    except InvalidObject as refused:
        return refused.fields
    return {}


def refused(version: str, name: str, /, **changes: Any) -> list[str]:
    """The paths of the faults of the example with these changes; None takes a field away."""
    return sorted(faults(version, name, example(version, name, **changes)))


REQUIRED = {
    # LOC-10
    ("2.1.1", "locations"): "id type address city postal_code country coordinates last_updated",
    (
        "2.2.1",
        "locations",
    ): "country_code party_id id publish address city country coordinates time_zone last_updated",
    (
        "2.3.0",
        "locations",
    ): "country_code party_id id publish address city country coordinates time_zone last_updated",
    ("2.1.1", "evses"): "uid status connectors last_updated",
    ("2.2.1", "evses"): "uid status connectors last_updated",
    ("2.3.0", "evses"): "uid status connectors last_updated",
    # LOC-18
    ("2.1.1", "connectors"): "id standard format power_type voltage amperage last_updated",
    ("2.2.1", "connectors"): "id standard format power_type max_voltage max_amperage last_updated",
    ("2.3.0", "connectors"): "id standard format power_type max_voltage max_amperage last_updated",
    # TAR-05
    ("2.1.1", "tariffs"): "id currency elements last_updated",
    ("2.2.1", "tariffs"): "country_code party_id id currency elements last_updated",
    ("2.3.0", "tariffs"): "country_code party_id id currency elements tax_included last_updated",
    # SES-06
    ("2.1.1", "sessions"): "id start_datetime kwh auth_id auth_method location currency status last_updated",
    (
        "2.2.1",
        "sessions",
    ): "country_code party_id id start_date_time kwh cdr_token auth_method location_id evse_uid"
    " connector_id currency status last_updated",
    (
        "2.3.0",
        "sessions",
    ): "country_code party_id id start_date_time kwh cdr_token auth_method location_id evse_uid"
    " connector_id currency status last_updated",
    # CDR-07, CDR-08
    (
        "2.1.1",
        "cdrs",
    ): "id start_date_time stop_date_time auth_id auth_method location currency charging_periods"
    " total_cost total_energy total_time last_updated",
    (
        "2.2.1",
        "cdrs",
    ): "country_code party_id id start_date_time end_date_time cdr_token auth_method cdr_location"
    " currency charging_periods total_cost total_energy total_time last_updated",
    (
        "2.3.0",
        "cdrs",
    ): "country_code party_id id start_date_time end_date_time cdr_token auth_method cdr_location"
    " currency charging_periods total_cost total_energy total_time last_updated",
    # TOK-04
    ("2.1.1", "tokens"): "uid type auth_id issuer valid whitelist last_updated",
    ("2.2.1", "tokens"): "country_code party_id uid type contract_id issuer valid whitelist last_updated",
    ("2.3.0", "tokens"): "country_code party_id uid type contract_id issuer valid whitelist last_updated",
    ("2.3.0", "invoicereconciliation"): "country_code party_id id invoice_id cdrs last_updated",  # IRR-01
    ("2.1.1", "authorization_info"): "allowed",
    ("2.2.1", "authorization_info"): "allowed token",
    ("2.3.0", "authorization_info"): "allowed token",
    ("2.1.1", "location_references"): "location_id",
    ("2.2.1", "location_references"): "location_id",
    ("2.3.0", "location_references"): "location_id",
    ("2.2.1", "charging_preferences"): "profile_type",  # SES-16
    ("2.3.0", "charging_preferences"): "profile_type",
    # CRED-01
    ("2.1.1", "credentials"): "token url business_details party_id country_code",
    ("2.2.1", "credentials"): "token url roles",
    ("2.3.0", "credentials"): "token url roles",
    **{(each.version, "versions"): "version url" for each in EDITIONS},  # VER-01
    **{(each.version, "version_details"): "version endpoints" for each in EDITIONS},  # VER-02
}


def test_every_object_of_every_edition_stands_in_the_table() -> None:
    assert set(REQUIRED) == {(each.version, name) for each in EDITIONS for name in each.schemas}


@pytest.mark.parametrize(("version", "name"), REQUIRED)
def test_an_object_needs_its_required_fields_and_no_others(version: str, name: str) -> None:
    required = REQUIRED[version, name].split()
    assert sorted(faults(version, name, {})) == sorted(required)
    assert sorted(faults(version, name, dict.fromkeys(required))) == sorted(required)  # TR-76: null is absent
    small = {field: value for field, value in example(version, name).items() if field in required}
    if name == "locations" and version != "2.1.1":
        small["publish"] = True
    assert faults(version, name, small) == {}


@pytest.mark.parametrize(("version", "name"), REQUIRED)
def test_unknown_fields_are_never_a_fault(version: str, name: str) -> None:  # TR-77
    stranger = {"x_vendor": {"deep": [1]}, "parking": 7, "publish_allowed_to": [], "vat": "x", "credit": "no"}
    known = edition(version).schemas[name]().load_fields
    unknown = {field: value for field, value in stranger.items() if field not in known}
    assert faults(version, name, example(version, name) | unknown) == {}


LONGEST = [
    # module, field, limit in 2.1.1, 2.2.1, 2.3.0
    ("locations", "id", 39, 36, 36),
    ("locations", "name", 255, 255, 255),
    ("locations", "address", 45, 255, 255),
    ("locations", "city", 45, 45, 45),
    ("locations", "postal_code", 10, 10, 10),
    ("locations", "state", None, 45, 45),
    ("locations", "help_phone", None, None, 25),
    ("evses", "uid", 39, 36, 36),
    ("evses", "evse_id", 48, 48, 48),
    ("evses", "floor_level", 4, 4, 4),
    ("evses", "physical_reference", 16, 16, 16),
    ("connectors", "id", 36, 36, 36),
    ("tariffs", "id", 36, 36, 36),
    ("sessions", "id", 36, 36, 36),
    ("sessions", "meter_id", 255, 255, 255),
    ("sessions", "authorization_reference", None, 36, 36),
    ("cdrs", "id", 36, 36, 36),  # CDR-05; 39 in a credit CDR
    ("cdrs", "remark", 255, 255, 255),
    ("cdrs", "invoice_reference_id", None, 39, 39),
    ("tokens", "uid", 36, 36, 36),
    ("tokens", "visual_number", 64, 64, 64),
    ("tokens", "issuer", 64, 64, 64),
    ("tokens", "contract_id", None, 36, 36),
    ("tokens", "auth_id", 36, None, None),
    ("location_references", "location_id", 39, 36, 36),
]


@pytest.mark.parametrize("case", LONGEST, ids=lambda case: f"{case[0]}.{case[1]}")
def test_a_string_may_be_as_long_as_the_tables_say(case: tuple[Any, ...]) -> None:  # TR-73
    name, field, *limits = case
    for each, limit in zip(EDITIONS, limits, strict=True):
        if limit is not None:
            assert refused(each.version, name, **{field: "x" * limit}) == []
            assert refused(each.version, name, **{field: "x" * (limit + 1)}) == [field]
        else:
            assert refused(each.version, name, **{field: "x" * 1000}) == []  # not a field of this edition


VALUES = [
    # an enum's value: where it is, and the editions that take it
    ("connectors", "standard", "CHADEMO", "2.1.1 2.2.1 2.3.0"),
    ("connectors", "standard", "CHAOJI", "2.2.1 2.3.0"),
    ("connectors", "standard", "MCS", "2.3.0"),
    ("connectors", "standard", "SAE_J3400", "2.3.0"),
    ("connectors", "standard", "NLCPO_PLUG", "2.3.0"),  # TR-78
    ("connectors", "power_type", "AC_2_PHASE_SPLIT", "2.2.1 2.3.0"),
    ("connectors", "power_type", "NLCPO_POWER", ""),
    ("evses", "status", "OUTOFORDER", "2.1.1 2.2.1 2.3.0"),
    ("evses", "status", "BROKEN", ""),  # LOC-17
    ("evses", "capabilities", ["UNLOCK_CAPABLE"], "2.1.1 2.2.1 2.3.0"),
    ("evses", "capabilities", ["PED_TERMINAL"], "2.2.1 2.3.0"),
    ("evses", "capabilities", ["NLCPO_MAGIC"], "2.3.0"),
    ("evses", "parking_restrictions", ["TAXIS"], "2.3.0"),
    ("evses", "parking_restrictions", ["PLUGGED"], "2.1.1 2.2.1 2.3.0"),
    ("locations", "facilities", ["TRAM_STOP"], "2.2.1 2.3.0"),
    ("locations", "facilities", ["SAUNA"], "2.3.0"),
    ("sessions", "status", "RESERVATION", "2.2.1 2.3.0"),  # SES-07
    ("sessions", "auth_method", "COMMAND", "2.2.1 2.3.0"),
    ("tokens", "type", "OTHER", "2.1.1 2.2.1 2.3.0"),  # TOK-05
    ("tokens", "type", "APP_USER", "2.2.1 2.3.0"),
    ("tokens", "type", "EMAID", "2.3.0"),
    ("tokens", "type", "DEMSP_FACE", "2.3.0"),
    ("tokens", "whitelist", "SOMETIMES", ""),
    ("versions", "version", "9.0", "2.1.1 2.2.1 2.3.0"),  # VER-07
]


@pytest.mark.parametrize(("name", "field", "value", "takers"), VALUES)
def test_an_edition_takes_its_own_values(name: str, field: str, value: Any, takers: str) -> None:
    taken = [each.version for each in EDITIONS if not refused(each.version, name, **{field: value})]
    assert taken == takers.split()


def test_dimensions_of_a_period_are_those_of_the_edition() -> None:
    def takers(kind: str) -> list[str]:
        period = {"start_date_time": "2025-03-10T08:00:00Z", "dimensions": [{"type": kind, "volume": 1}]}
        return [
            each.version
            for each in EDITIONS
            if not refused(each.version, "sessions", charging_periods=[period])
        ]

    assert takers("FLAT") == ["2.1.1"]
    assert takers("STATE_OF_CHARGE") == ["2.2.1", "2.3.0"]
    assert takers("ENERGY") == ["2.1.1", "2.2.1", "2.3.0"]


# --- rules between fields ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ({}, ""),
        ({"type": "RFID", "issuer": "A"}, ""),
        ({"uid": "A"}, ".type"),
        ({"visual_number": "A"}, ".issuer"),
        ({"uid": "A", "type": "RFID"}, None),
        ({"visual_number": "A", "issuer": "B"}, None),
        ({"group_id": "A"}, None),
    ],
)
def test_a_token_that_may_see_a_location_is_named_properly(token: Json, fault: str | None) -> None:  # LOC-12
    found = refused("2.3.0", "locations", publish=False, publish_allowed_to=[token])
    assert found == ([] if fault is None else [f"publish_allowed_to[0]{fault}"])


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_only_a_hidden_location_is_for_a_few(version: str) -> None:  # LOC-11
    few = [{"group_id": "A"}]
    assert refused(version, "locations", publish=True, publish_allowed_to=few) == ["publish_allowed_to"]
    assert refused(version, "locations", publish=False, publish_allowed_to=few) == []
    assert refused(version, "locations", publish=True, publish_allowed_to=[]) == []


MONDAY = {"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}


@pytest.mark.parametrize(
    ("hours", "newer", "older"),
    [
        ({"twentyfourseven": True}, True, True),
        ({"twentyfourseven": True, "regular_hours": []}, True, True),
        ({"twentyfourseven": True, "regular_hours": [MONDAY]}, False, False),
        ({"twentyfourseven": False, "regular_hours": [MONDAY]}, True, True),
        ({"twentyfourseven": False}, False, False),
        ({"regular_hours": [MONDAY]}, False, True),
        ({}, False, False),
        ({"twentyfourseven": False, "regular_hours": [MONDAY | {"period_end": "00:00"}]}, True, True),
        ({"twentyfourseven": False, "regular_hours": [MONDAY | {"period_end": "08:00"}]}, False, False),
        ({"twentyfourseven": False, "regular_hours": [MONDAY | {"weekday": 0}]}, False, False),
        ({"twentyfourseven": False, "regular_hours": [MONDAY | {"weekday": 8}]}, False, False),
        ({"twentyfourseven": False, "regular_hours": [MONDAY | {"period_end": "24:00"}]}, False, False),
    ],
)
def test_opening_hours_are_always_or_by_the_week(hours: Json, newer: bool, older: bool) -> None:  # LOC-15
    good = [not refused(each.version, "locations", opening_times=hours) for each in EDITIONS]
    assert good == [older, newer, newer]


def test_parts_with_one_id_are_refused_by_case_only_since_2_2() -> None:  # LOC-08, TR-60
    for each in EDITIONS:
        location = example(each.version, "locations", parking_places=None)
        evses = [
            {**evse, "uid": uid, "parking": None}
            for evse, uid in zip(location["evses"], ("a", "A"), strict=True)
        ]
        found = faults(each.version, "locations", location | {"evses": evses})
        assert list(found) == ([] if each.case_sensitive_ids else ["evses"])
        connector = example(each.version, "connectors")
        assert refused(each.version, "evses", connectors=[connector, connector]) == ["connectors"]


def test_an_evse_has_only_parking_places_of_its_location() -> None:  # LOC-22
    assert refused("2.3.0", "locations", parking_places=[]) == ["evses"]
    place = example("2.3.0", "locations")["parking_places"][0]
    assert refused("2.3.0", "locations", parking_places=[place | {"id": "p1"}]) == []
    assert refused("2.3.0", "locations", parking_places=[place, place]) == ["parking_places"]
    assert refused("2.3.0", "locations", parking_places=[place | {"vehicle_types": []}]) == [
        "parking_places[0].vehicle_types"
    ]


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_a_credit_names_its_cdr_and_only_a_credit_does(version: str) -> None:  # CDR-05, CDR-06
    assert refused(version, "cdrs", credit=True) == ["credit_reference_id"]
    assert refused(version, "cdrs", credit_reference_id="CDR-0") == ["credit"]
    assert refused(version, "cdrs", credit=False, credit_reference_id="CDR-0") == ["credit"]
    credit = {"credit": True, "credit_reference_id": "CDR-0"}
    assert refused(version, "cdrs", id="x" * 39, **credit) == []
    assert refused(version, "cdrs", id="x" * 40, **credit) == ["id"]


def test_a_role_of_a_party_stands_once() -> None:  # CRED-03
    role = example("2.3.0", "credentials")["roles"][0]
    for version in ("2.2.1", "2.3.0"):
        assert refused(version, "credentials", roles=[role, role | {"party_id": "cpo"}]) == ["roles"]
        assert refused(version, "credentials", roles=[role, role | {"party_id": "CP2"}]) == []
        assert refused(version, "credentials", roles=[]) == ["roles"]


@pytest.mark.parametrize("role", ["CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "PTP", "SCSP"])
def test_every_role_may_register(role: str) -> None:  # CRED-04, PAY-13
    roles = [example("2.3.0", "credentials")["roles"][0] | {"role": role}]
    assert refused("2.2.1", "credentials", roles=roles) == []
    assert refused("2.3.0", "credentials", roles=roles) == []


def test_a_step_size_of_nothing_is_taken_and_a_negative_one_is_not() -> None:  # TAR-11
    def elements(step: int) -> list[Json]:
        return [{"price_components": [{"type": "FLAT", "price": 0, "step_size": step}]}]

    for each in EDITIONS:
        assert refused(each.version, "tariffs", elements=elements(0)) == []
        assert refused(each.version, "tariffs", elements=elements(-1)) == [
            "elements[0].price_components[0].step_size"
        ]


def test_signed_data_may_hold_line_ends() -> None:  # CDR-18
    signed = example("2.3.0", "cdrs")["signed_data"]
    signed["signed_values"][0]["plain_data"] = "<a>\r\n\t<b/></a>"
    assert refused("2.3.0", "cdrs", signed_data=signed) == []
    assert refused("2.3.0", "cdrs", signed_data=signed | {"signed_values": []}) == [
        "signed_data.signed_values"
    ]


def test_texts_may_be_utf_8_and_have_no_control_characters() -> None:  # TR-72
    assert [refused(each.version, "locations", city="Köln") for each in EDITIONS] == [[], [], []]
    assert [refused(each.version, "locations", city="Ko\nln") for each in EDITIONS] == [["city"]] * 3


def test_prices_are_those_of_the_edition() -> None:  # C4
    assert refused("2.3.0", "sessions", total_cost={"excl_vat": 1}) == ["total_cost.before_taxes"]
    assert refused("2.2.1", "sessions", total_cost={"before_taxes": 1}) == ["total_cost.excl_vat"]
    assert refused("2.1.1", "sessions", total_cost={"excl_vat": 1}) == ["total_cost"]


# --- the table of modules ----------------------------------------------------------------------------------


ALL = {each.version for each in EDITIONS}
SINCE = {"invoicereconciliation": {"2.3.0"}}


def test_every_module_has_its_object_in_every_edition_since_there_is_such_a_module() -> None:
    for name, module in MODULES.items():
        assert module.name == name
        assert {each.version for each in EDITIONS if name in each.schemas} == SINCE.get(name, ALL)
        assert all(part in NEWEST.schemas for part, _ in module.parts)
        body = example("2.3.0", name)
        assert body[module.id_field]
        assert all(read(body) is None or isinstance(read(body), str) for read in module.promoted.values())


def test_sessions_and_cdrs_are_for_the_issuer_of_the_token() -> None:  # SES-20, CDR-16
    for name in ("sessions", "cdrs"):
        one = MODULES[name].heard_by_one
        assert one is not None
        assert str(one(example("2.3.0", name))) == "DE/MSP"


def test_an_invoice_bills_at_least_one_cdr_and_credits_have_longer_ids() -> None:  # IRR-01, IRR-09
    name = "invoicereconciliation"
    assert refused("2.3.0", name, cdrs=[]) == ["cdrs"]
    assert refused("2.3.0", name, cdrs=["C" * 39]) == []
    assert refused("2.3.0", name, cdrs=["C" * 40]) == ["cdrs[0]"]
    assert refused("2.3.0", name, id="R" * 37, invoice_id="I" * 256) == ["id", "invoice_id"]


def test_a_completed_session_is_final_but_may_be_sent_again() -> None:  # SES-08
    done = example("2.3.0", "sessions")
    allow = MODULES["sessions"].allow
    allow(None, done)
    allow(example("2.3.0", "sessions", status="ACTIVE"), done)
    allow(done, example("2.3.0", "sessions", last_updated="2025-03-11T00:00:00Z"))
    for change in ({"kwh": 99}, {"status": "ACTIVE"}, {"end_date_time": None}):
        with pytest.raises(InvalidParameter):
            allow(done, example("2.3.0", "sessions", **change))


def test_a_cdr_never_changes_but_may_be_sent_again() -> None:  # CDR-03, CDR-04
    allow = MODULES["cdrs"].allow
    allow(example("2.3.0", "cdrs"), example("2.3.0", "cdrs"))
    with pytest.raises(InvalidParameter):
        allow(example("2.3.0", "cdrs"), example("2.3.0", "cdrs", remark="Other"))


def test_contracts_spoken_by_a_vehicle_are_not_pushed() -> None:  # TOK-06
    pushed = MODULES["tokens"].pushed
    assert [pushed(example("2.3.0", "tokens", type=kind)) for kind in ("RFID", "APP_USER", "EMAID")] == [
        True,
        True,
        False,
    ]
