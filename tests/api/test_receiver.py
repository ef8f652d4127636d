"""The Receiver interfaces: what an owner puts is kept, found again in any case, and its alone."""

from collections.abc import Callable

import pytest
from factories import AT, example
from platforms import Platform, code, data, envelope

from hub.ocpi.module import Role

Connect = Callable[..., Platform]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
OF_CPO = ("locations", "tariffs", "sessions")
LATER = "2025-03-11T09:30:00Z"
LATEST = "2025-03-12T09:30:00Z"


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def any_cpo(connect: Connect, version: str) -> Platform:
    return connect("NL/CPO", Role.CPO, version)


@pytest.fixture
def location(cpo: Platform) -> str:
    """The path of a location that is stored."""
    body = example("2.2.1", "locations")
    path = f"locations/NL/CPO/{body['id']}"
    assert cpo.put(path, body).status_code == 201
    return path


@pytest.mark.parametrize("module", OF_CPO)
def test_what_an_owner_puts_it_reads_back_as_it_wrote_it(any_cpo: Platform, module: str) -> None:  # TR-50
    body = example(any_cpo.version, module, x_unknown={"kept": [1, "two", None]})  # TR-77
    path = f"{module}/NL/CPO/{body['id']}"
    assert code(any_cpo.put(path, body)) == (201, 1000)  # TR-16
    assert any_cpo.get(path) == body
    assert code(any_cpo.put(path, body | {"last_updated": LATER})) == (200, 1000)


def test_tokens_are_kept_by_uid_and_type(connect: Connect) -> None:  # TOK-01
    emsp = connect("DE/MSP", Role.EMSP, "2.2.1")
    rfid = example("2.2.1", "tokens", uid="ABC", type="RFID")
    app = example("2.2.1", "tokens", uid="ABC", type="APP_USER", whitelist="NEVER")
    assert code(emsp.put("tokens/DE/MSP/ABC", rfid)) == (201, 1000)
    assert code(emsp.put("tokens/DE/MSP/ABC?type=APP_USER", app)) == (201, 1000)
    assert emsp.get("tokens/DE/MSP/abc") == rfid
    assert emsp.get("tokens/DE/MSP/abc?type=APP_USER") == app


def test_the_type_in_url_and_body_of_a_token_must_agree(connect: Connect) -> None:  # TOK-02
    emsp = connect("DE/MSP", Role.EMSP, "2.2.1")
    body = example("2.2.1", "tokens", uid="ABC", type="RFID")
    assert code(emsp.put("tokens/DE/MSP/ABC?type=APP_USER", body)) == (200, 2001)


def test_a_2_1_1_token_is_named_by_its_uid_alone(connect: Connect) -> None:  # TOK-01
    emsp = connect("DE/MSP", Role.EMSP, "2.1.1")
    body = example("2.1.1", "tokens", uid="ABC", type="OTHER")
    assert code(emsp.put("tokens/DE/MSP/ABC", body)) == (201, 1000)
    assert code(emsp.patch("tokens/DE/MSP/ABC", {"valid": False})) == (200, 1000)  # TOK-03
    assert emsp.get("tokens/DE/MSP/ABC")["valid"] is False


def test_ids_are_found_in_any_case_and_come_back_in_the_owners(cpo: Platform) -> None:  # TR-60
    body = example("2.2.1", "tariffs", id="aBc")
    assert code(cpo.put("tariffs/NL/CPO/aBc", body)) == (201, 1000)
    assert cpo.get("tariffs/nl/cpo/ABC")["id"] == "aBc"
    assert code(cpo.put("tariffs/NL/CPO/ABC", body | {"last_updated": LATER})) == (200, 1000)


def test_a_put_takes_away_what_it_does_not_carry(cpo: Platform, location: str) -> None:  # TR-50
    body = cpo.get(location)
    assert "name" in body
    cpo.put(
        location, {name: value for name, value in body.items() if name != "name"} | {"last_updated": LATER}
    )
    assert "name" not in cpo.get(location)


def test_a_put_without_a_required_field_is_refused_by_name(cpo: Platform) -> None:  # TR-50
    body = example("2.2.1", "locations", city=None)
    refused = cpo.put(f"locations/NL/CPO/{body['id']}", body)
    assert code(refused) == (200, 2001)
    assert [each["field"] for each in envelope(refused)["data"]] == ["city"]  # TR-21
    assert code(cpo.receiver("GET", f"locations/NL/CPO/{body['id']}")) == (404, 2003)


def test_a_patch_changes_only_what_it_carries(cpo: Platform, location: str) -> None:  # TR-51
    before = cpo.get(location)
    assert code(cpo.patch(location, {"city": "Sneek", "last_updated": LATER})) == (200, 1000)
    assert cpo.get(location) == before | {"city": "Sneek", "last_updated": LATER}


def test_a_patch_needs_last_updated_from_2_2_on(cpo: Platform, location: str) -> None:  # TR-52
    assert code(cpo.patch(location, {"city": "Sneek"})) == (200, 2001)


def test_a_2_1_1_patch_may_leave_out_last_updated(connect: Connect) -> None:  # TR-52
    cpo = connect("NL/CPO", Role.CPO, "2.1.1")
    body = example("2.1.1", "locations")
    path = f"locations/NL/CPO/{body['id']}"
    cpo.put(path, body)
    assert code(cpo.patch(path, {"city": "Sneek"})) == (200, 1000)
    assert cpo.get(path)["city"] == "Sneek"
    assert cpo.get(path)["last_updated"] > body["last_updated"]


def test_null_takes_an_optional_field_away_and_no_required_one(cpo: Platform, location: str) -> None:  # TR-54
    assert code(cpo.patch(location, {"name": None, "last_updated": LATER})) == (200, 1000)
    assert "name" not in cpo.get(location)
    assert code(cpo.patch(location, {"city": None, "last_updated": LATER})) == (200, 2001)
    assert cpo.get(location)["city"]


def test_a_patch_of_what_does_not_exist_creates_nothing(cpo: Platform) -> None:  # TR-53
    for path, status in (
        ("locations/NL/CPO/NONE", 2003),
        ("sessions/NL/CPO/NONE", 2000),
        ("locations/NL/CPO/NONE/EVSE", 2003),
    ):
        assert code(cpo.patch(path, {"last_updated": LATER})) == (404, status)
        assert code(cpo.receiver("GET", path)) == (404, status)


def test_a_late_patch_is_ignored(cpo: Platform, location: str) -> None:  # TR-55
    cpo.patch(location, {"city": "Sneek", "last_updated": LATEST})
    assert code(cpo.patch(location, {"city": "Bolsward", "last_updated": LATER})) == (200, 1000)
    assert cpo.get(location)["city"] == "Sneek"


def test_a_clock_far_ahead_cannot_freeze_an_object(cpo: Platform, location: str) -> None:
    assert code(cpo.patch(location, {"city": "Sneek", "last_updated": "2099-01-01T00:00:00Z"})) == (200, 2001)


def test_patching_an_evse_freshens_its_location(cpo: Platform, location: str) -> None:  # LOC-04, LOC-28
    uid = cpo.get(location)["evses"][0]["uid"]
    assert code(cpo.patch(f"{location}/{uid}", {"status": "BLOCKED", "last_updated": LATER})) == (200, 1000)
    after = cpo.get(location)
    assert after["last_updated"] == LATER
    assert after["evses"][0]["status"] == "BLOCKED"
    assert cpo.get(f"{location}/{uid}")["status"] == "BLOCKED"


def test_patching_a_connector_freshens_evse_and_location(cpo: Platform, location: str) -> None:  # LOC-04
    evse = cpo.get(location)["evses"][0]
    path = f"{location}/{evse['uid']}/{evse['connectors'][0]['id']}"
    assert code(cpo.patch(path, {"max_amperage": 16, "last_updated": LATER})) == (200, 1000)
    after = cpo.get(location)
    assert (after["last_updated"], after["evses"][0]["last_updated"]) == (LATER, LATER)
    assert cpo.get(path)["max_amperage"] == 16


def test_a_parents_time_never_goes_back(cpo: Platform, location: str) -> None:  # LOC-04
    uid = cpo.get(location)["evses"][0]["uid"]
    cpo.patch(location, {"last_updated": LATEST})
    cpo.patch(f"{location}/{uid}", {"status": "BLOCKED", "last_updated": LATER})
    assert cpo.get(location)["last_updated"] == LATEST


def test_an_evse_and_a_connector_can_be_added(cpo: Platform, location: str) -> None:  # LOC-03
    evse = example("2.2.1", "evses", uid="EVSE-NEW", last_updated=LATER)
    assert code(cpo.put(f"{location}/EVSE-NEW", evse)) == (201, 1000)
    assert code(cpo.put(f"{location}/evse-new", evse | {"last_updated": LATEST})) == (200, 1000)
    connector = example("2.2.1", "connectors", id="77", last_updated=LATEST)
    assert code(cpo.put(f"{location}/EVSE-NEW/77", connector)) == (201, 1000)
    assert [each["id"] for each in cpo.get(f"{location}/EVSE-NEW")["connectors"]][-1] == "77"


def test_a_part_of_an_unknown_parent_is_refused(cpo: Platform, location: str) -> None:  # LOC-03
    evse = example("2.2.1", "evses")
    connector = example("2.2.1", "connectors")
    assert code(cpo.put(f"locations/NL/CPO/NONE/{evse['uid']}", evse)) == (404, 2003)
    assert code(cpo.put(f"{location}/NONE/{connector['id']}", connector)) == (404, 2003)


def test_session_patches_append_periods_once(cpo: Platform) -> None:  # SES-02, SES-03
    body = example("2.2.1", "sessions", status="ACTIVE")
    path = f"sessions/NL/CPO/{body['id']}"
    cpo.put(path, body)
    period = body["charging_periods"][-1] | {"start_date_time": "2025-03-10T11:00:00Z"}
    change = {"charging_periods": [period], "last_updated": LATER}
    for _ in range(2):
        assert code(cpo.patch(path, change)) == (200, 1000)
    assert cpo.get(path)["charging_periods"] == [*body["charging_periods"], period]
    cpo.patch(path, {"kwh": 17, "last_updated": LATEST})
    assert len(cpo.get(path)["charging_periods"]) == len(body["charging_periods"]) + 1


def test_a_session_put_replaces_periods(cpo: Platform) -> None:  # SES-01
    body = example("2.2.1", "sessions", status="ACTIVE")
    path = f"sessions/NL/CPO/{body['id']}"
    cpo.put(path, body)
    without = {name: value for name, value in body.items() if name != "charging_periods"}
    cpo.put(path, without | {"last_updated": LATER})
    assert not cpo.get(path).get("charging_periods")


def test_a_2_1_1_session_patch_replaces_periods(connect: Connect) -> None:  # SES-05
    cpo = connect("NL/CPO", Role.CPO, "2.1.1")
    body = example("2.1.1", "sessions", status="ACTIVE")
    path = f"sessions/NL/CPO/{body['id']}"
    cpo.put(path, body)
    assert code(cpo.patch(path, {"charging_periods": body["charging_periods"][:1]})) == (200, 1000)
    assert cpo.get(path)["charging_periods"] == body["charging_periods"][:1]


def test_a_completed_session_does_not_change(cpo: Platform) -> None:  # SES-08
    body = example("2.2.1", "sessions", status="COMPLETED", end_date_time="2025-03-10T12:00:00Z")
    path = f"sessions/NL/CPO/{body['id']}"
    cpo.put(path, body)
    assert code(cpo.put(path, body)) == (200, 1000)
    assert code(cpo.patch(path, {"kwh": 999, "last_updated": LATER})) == (200, 2001)
    assert cpo.get(path)["kwh"] == body["kwh"]


def test_sessions_have_no_deeper_urls(cpo: Platform) -> None:  # SES-04
    assert code(cpo.patch("sessions/NL/CPO/S1/charging_periods", {"last_updated": LATER})) == (404, 2000)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "locations/NL/CPO/L1"),  # LOC-06
        ("POST", "locations"),
        ("DELETE", "sessions/NL/CPO/S1"),
        ("PATCH", "tariffs/NL/CPO/T1"),  # TAR-04
        ("PUT", "cdrs/NL/CPO/C1"),  # CDR-03
        ("PATCH", "cdrs/NL/CPO/C1"),
        ("DELETE", "cdrs/NL/CPO/C1"),
    ],
)
def test_methods_a_module_does_not_have_are_refused(cpo: Platform, method: str, path: str) -> None:  # TR-23
    refused = cpo.receiver(method, path, {"last_updated": AT})
    if method == "POST":
        assert refused.status_code in (404, 405)
    else:
        assert refused.status_code == 405
        assert refused.headers["Allow"]
    assert envelope(refused)["status_code"] == 2000


def test_2_1_1_patches_tariffs(connect: Connect) -> None:  # TAR-04
    cpo = connect("NL/CPO", Role.CPO, "2.1.1")
    body = example("2.1.1", "tariffs")
    path = f"tariffs/NL/CPO/{body['id']}"
    cpo.put(path, body)
    elements = [{"price_components": [{"type": "FLAT", "price": 0, "step_size": 0}]}]
    assert code(cpo.patch(path, {"elements": elements})) == (200, 1000)
    assert cpo.get(path)["elements"] == elements


def test_a_deleted_tariff_is_gone_until_it_is_put_again(cpo: Platform) -> None:  # TAR-03
    body = example("2.2.1", "tariffs")
    path = f"tariffs/NL/CPO/{body['id']}"
    assert code(cpo.receiver("DELETE", path)) == (404, 2000)
    cpo.put(path, body)
    assert code(cpo.receiver("DELETE", path)) == (200, 1000)
    assert code(cpo.receiver("GET", path)) == (404, 2000)
    assert code(cpo.receiver("DELETE", path)) == (404, 2000)
    assert code(cpo.put(path, body)) == (201, 1000)


def test_url_and_body_must_name_the_same_object(cpo: Platform) -> None:  # TR-56, TR-57
    body = example("2.2.1", "tariffs", id="T1")
    assert code(cpo.put("tariffs/NL/CPO/OTHER", body)) == (200, 2001)
    assert code(cpo.put("tariffs/NL/CPO/T1", body | {"party_id": "XYZ"})) == (200, 2001)
    assert code(cpo.receiver("GET", "tariffs/NL/CPO/T1")) == (404, 2000)


def test_nobody_writes_or_reads_in_anothers_name(
    cpo: Platform, connect: Connect, location: str
) -> None:  # TR-58
    other = connect("BE/OTH", Role.CPO, "2.2.1")
    emsp = connect("DE/MSP", Role.EMSP, "2.2.1")
    before = cpo.get(location)
    for intruder in (other, emsp):
        assert code(intruder.put(location, before | {"city": "Elsewhere"})) == (404, 2003)
        assert code(intruder.patch(location, {"city": "Elsewhere", "last_updated": LATER})) == (404, 2003)
        assert code(intruder.receiver("GET", location)) == (404, 2003)
    assert cpo.get(location) == before


def test_a_role_that_does_not_own_a_module_cannot_write_it(cpo: Platform) -> None:  # TR-58
    token = example("2.2.1", "tokens", country_code="NL", party_id="CPO")
    assert code(cpo.put(f"tokens/NL/CPO/{token['uid']}", token)) == (404, 2004)


def test_answers_without_payload_carry_no_data(cpo: Platform) -> None:  # TR-22
    body = example("2.2.1", "tariffs")
    told = envelope(cpo.put(f"tariffs/NL/CPO/{body['id']}", body))
    assert told.keys() == {"status_code", "timestamp"}


def test_ids_go_back_and_parties_are_swapped(cpo: Platform) -> None:  # TR-90, HUB-01
    body = example("2.2.1", "tariffs")
    answer = cpo.receiver(
        "PUT",
        f"tariffs/NL/CPO/{body['id']}",
        body,
        X_Request_ID="r-1",
        X_Correlation_ID="c-1",
        OCPI_from_country_code="NL",
        OCPI_from_party_id="CPO",
        OCPI_to_country_code="NL",
        OCPI_to_party_id="HUB",
    )
    told = {name.lower(): value for name, value in answer.headers.items()}
    assert (told["x-request-id"], told["x-correlation-id"]) == ("r-1", "c-1")
    assert (told["ocpi-to-party-id"], told["ocpi-from-party-id"]) == ("CPO", "HUB")


def test_missing_request_ids_are_made(cpo: Platform) -> None:  # TR-90
    told = cpo.receiver("GET", "tariffs/NL/CPO/NONE").headers
    assert told["X-Request-ID"]
    assert told["X-Correlation-ID"]


def test_only_own_parties_may_be_claimed_as_sender(cpo: Platform) -> None:  # HUB-09
    body = example("2.2.1", "tariffs")
    path = f"tariffs/NL/CPO/{body['id']}"
    claimed = {"OCPI_from_country_code": "DE", "OCPI_from_party_id": "MSP"}
    assert code(cpo.receiver("PUT", path, body, **claimed)) == (200, 2001)
    assert code(cpo.receiver("GET", path)) == (404, 2000)


def test_trailing_slashes_and_plain_tokens_are_taken(cpo: Platform) -> None:  # VER-10, TR-05
    body = example("2.2.1", "tariffs")
    path = f"tariffs/NL/CPO/{body['id']}/"
    assert code(cpo.receiver("PUT", path, body, Authorization=f"Token {cpo.token}")) == (201, 1000)
    assert data(cpo.receiver("GET", path)) == body


def test_dates_need_no_z(cpo: Platform) -> None:  # TR-70
    body = example("2.2.1", "tariffs", last_updated="2025-03-10T08:00:00")
    path = f"tariffs/NL/CPO/{body['id']}"
    assert code(cpo.put(path, body)) == (201, 1000)
    assert cpo.get(path)["last_updated"] == "2025-03-10T08:00:00"


def test_a_part_may_not_contradict_its_location(connect: Connect) -> None:  # LOC-22
    cpo = connect("NL/CPO", Role.CPO, "2.3.0")
    path = "locations/NL/CPO/HARBOUR"
    cpo.put(path, example("2.3.0", "locations"))
    nowhere = {"parking": [{"parking_id": "NONE", "evse_position": "LEFT"}], "last_updated": LATER}
    assert code(cpo.put(f"{path}/EVSE-1", example("2.3.0", "evses") | nowhere)) == (200, 2001)
    assert code(cpo.patch(f"{path}/EVSE-1", nowhere)) == (200, 2001)
    assert cpo.get(path) == example("2.3.0", "locations")


def test_a_patch_does_not_turn_a_token_into_another(emsp: Platform) -> None:  # TOK-01
    card, other = (example("2.2.1", "tokens", uid="ABC", type=kind) for kind in ("RFID", "OTHER"))
    emsp.put("tokens/DE/MSP/ABC", card)
    emsp.put("tokens/DE/MSP/ABC?type=OTHER", other)
    for path in ("tokens/DE/MSP/ABC", "tokens/DE/MSP/ABC?type=RFID"):
        assert code(emsp.patch(path, {"type": "OTHER", "last_updated": LATER})) == (200, 2001)
    assert emsp.get("tokens/DE/MSP/ABC") == card
    assert emsp.get("tokens/DE/MSP/ABC?type=OTHER") == other


def test_what_is_written_is_in_the_version_of_the_connection(connect: Connect) -> None:
    cpo = connect("NL/CPO", Role.CPO, "2.2.1")
    body = example("2.2.1", "locations")
    path = f"locations/NL/CPO/{body['id']}"
    cpo.put(path, body)
    poorer = cpo.call("PATCH", f"/ocpi/2.1.1/receiver/{path}", {"city": "Sneek"})
    assert code(poorer) == (200, 2001)
    assert cpo.get(path) == body
    assert cpo.call("GET", f"/ocpi/2.1.1/receiver/{path}").status_code == 200
