"""Real-time authorization: known tokens get an answer in the caller's edition, unknown ones 404."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import example
from platforms import Platform, code, data, envelope
from werkzeug.test import TestResponse

from hub.ocpi.checking import check
from hub.ocpi.editions import edition
from hub.ocpi.module import Role
from hub.parties import registry

Connect = Callable[..., Platform]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
UID = "04A1B2C3D4"


@pytest.fixture
def token(emsp: Platform) -> Any:
    """A token of DE/MSP that the hub holds."""
    return stored(emsp)


def stored(emsp: Platform, **changes: Any) -> Any:
    body = example("2.2.1", "tokens", **changes)
    path = f"tokens/{body['country_code']}/{body['party_id']}/{body['uid']}?type={body['type']}"
    assert code(emsp.put(path, body))[1] == 1000
    return body


def asked(cpo: Platform, uid: str = UID, body: Any = None, **headers: str) -> TestResponse:
    path, mark, query = uid.partition("?")
    return cpo.sender("POST", f"tokens/{path}/authorize{mark}{query}", body, **headers)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_known_token_is_allowed(connect: Connect, token: Any, version: str) -> None:  # TOK-07
    answer = asked(connect("NL/OLD", Role.CPO, version))
    info = data(answer)
    assert answer.status_code == 200
    check(edition(version), "authorization_info", info)
    assert info["allowed"] == "ALLOWED"
    assert "location" not in info  # TOK-10
    if version == "2.1.1":
        assert info.keys() == {"allowed"}
    else:
        assert 1 <= len(info["authorization_reference"]) <= 36
        assert info["token"] == token


def test_every_authorization_has_a_reference_of_its_own(cpo: Platform, token: Any) -> None:  # SES-11
    assert len({data(asked(cpo))["authorization_reference"] for _ in range(3)}) == 3


@pytest.mark.parametrize(("version", "status"), [("2.1.1", 2000), ("2.2.1", 2004), ("2.3.0", 2004)])
def test_an_unknown_token_is_not_found(connect: Connect, version: str, status: int) -> None:  # TOK-08
    refused = asked(connect("NL/OLD", Role.CPO, version), "NONE")
    assert code(refused) == (404, status)
    assert "data" not in envelope(refused)


def test_a_token_that_is_not_valid_is_blocked_with_http_200(cpo: Platform, emsp: Platform) -> None:  # TOK-07
    stored(emsp, valid=False)
    answer = asked(cpo)
    assert code(answer) == (200, 1000)
    assert data(answer)["allowed"] == "BLOCKED"
    assert "authorization_reference" not in data(answer)


def test_without_a_type_a_card_is_meant(cpo: Platform, emsp: Platform) -> None:  # TOK-01
    stored(emsp, type="APP_USER", whitelist="NEVER")
    assert code(asked(cpo)) == (404, 2004)
    assert data(asked(cpo, f"{UID}?type=APP_USER"))["token"]["type"] == "APP_USER"
    stored(emsp)
    assert data(asked(cpo))["token"]["type"] == "RFID"
    assert data(asked(cpo, f"{UID}?type=RFID"))["token"]["type"] == "RFID"
    assert code(asked(cpo, f"{UID}?type=OTHER")) == (404, 2004)


def test_2_1_1_means_a_card_or_whatever_has_the_uid(connect: Connect, emsp: Platform) -> None:  # TOK-01, C5
    old = connect("NL/OLD", Role.CPO, "2.1.1")
    stored(emsp, type="APP_USER", whitelist="NEVER", valid=False)
    assert data(asked(old))["allowed"] == "BLOCKED"
    stored(emsp)
    assert data(asked(old))["allowed"] == "ALLOWED"


def test_uids_are_found_in_any_case(cpo: Platform, token: Any) -> None:  # TOK-18
    assert data(asked(cpo, UID.lower()))["token"]["uid"] == UID


def test_a_token_of_a_2_1_1_emsp_is_shown_to_a_2_2_1_cpo(connect: Connect, cpo: Platform) -> None:
    old = connect("FR/OLD", Role.EMSP, "2.1.1")
    assert code(old.put("tokens/FR/OLD/ABC", example("2.1.1", "tokens", uid="ABC"))) == (201, 1000)
    info = data(asked(cpo, "ABC"))
    check(edition("2.2.1"), "authorization_info", info)
    assert (info["token"]["country_code"], info["token"]["party_id"]) == ("FR", "OLD")


def test_of_two_emsps_with_one_uid_a_header_says_which(connect: Connect, cpo: Platform, token: Any) -> None:
    other = connect("FR/STR", Role.EMSP, "2.2.1")
    stored(other, country_code="FR", party_id="STR", valid=False)
    refused = asked(cpo)
    assert code(refused) == (200, 2001)
    assert "OCPI-to" in envelope(refused)["status_message"]
    to = {"OCPI_to_country_code": "FR", "OCPI_to_party_id": "STR"}
    assert data(asked(cpo, **to))["allowed"] == "BLOCKED"
    nobody = {"OCPI_to_country_code": "NL", "OCPI_to_party_id": "CPO"}  # the sender itself: not routed
    assert code(asked(cpo, **nobody)) == (200, 2001)


def test_nobody_but_cpos_and_its_own_emsp_learns_of_a_token(connect: Connect, token: Any) -> None:  # TR-58
    stranger = connect("FR/STR", Role.EMSP, "2.2.1")
    assert code(asked(stranger)) == (404, 2004)
    assert UID.encode() not in asked(stranger).data


# Where ----------------------------------------------------------------------------------------------------


@pytest.fixture
def harbour(cpo: Platform) -> str:
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    return "HARBOUR"


def test_the_place_asked_about_comes_back(cpo: Platform, token: Any, harbour: str) -> None:  # TOK-10
    for place in ({"location_id": harbour}, {"location_id": harbour, "evse_uids": ["EVSE-1", "EVSE-2"]}):
        assert data(asked(cpo, body=place))["location"] == place


def test_only_evses_that_exist_come_back(cpo: Platform, token: Any, harbour: str) -> None:  # TOK-10
    info = data(asked(cpo, body={"location_id": harbour, "evse_uids": ["EVSE-1", "NONE"]}))
    assert info["location"] == {"location_id": harbour, "evse_uids": ["EVSE-1"]}
    assert code(asked(cpo, body={"location_id": harbour, "evse_uids": ["NONE"]})) == (200, 2003)


def test_a_place_that_is_not_published_is_no_reason_to_refuse(cpo: Platform, token: Any) -> None:  # TOK-11
    place = {"location_id": "PRIVATE", "evse_uids": ["E1"]}
    assert data(asked(cpo, body=place))["allowed"] == "ALLOWED"
    assert data(asked(cpo, body=place))["location"] == place


def test_a_blocked_token_is_told_no_place(cpo: Platform, emsp: Platform, harbour: str) -> None:  # TOK-10
    stored(emsp, valid=False)
    assert "location" not in data(asked(cpo, body={"location_id": harbour}))


def test_2_1_1_may_name_connectors(connect: Connect, token: Any) -> None:  # TOK-07
    old = connect("NL/OLD", Role.CPO, "2.1.1")
    old.put("locations/NL/OLD/HARBOUR", example("2.1.1", "locations"))
    info = data(asked(old, body=example("2.1.1", "location_references")))
    check(edition("2.1.1"), "authorization_info", info)
    assert info["location"]["location_id"] == "HARBOUR"


@pytest.mark.parametrize("body", [{}, {"location_id": 7}, {"location_id": "HARBOUR", "evse_uids": "EVSE-1"}])
def test_a_place_that_cannot_be_read_is_refused(cpo: Platform, token: Any, body: Any) -> None:
    refused = asked(cpo, body=body)
    assert code(refused) == (200, 2001)
    assert envelope(refused)["data"]


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_no_body_is_no_place(cpo: Platform, token: Any, body: bytes) -> None:  # TOK-07
    assert data(asked(cpo, body=body))["allowed"] == "ALLOWED"
    assert data(asked(cpo, body=body, Transfer_Encoding="chunked"))["allowed"] == "ALLOWED"


def test_a_driver_whose_emsp_is_not_connected_is_not_allowed(
    cpo: Platform, emsp: Platform, token: Any
) -> None:
    with emsp.hub.store.unit() as unit:
        partner = registry.by_id(unit, emsp.id)
        assert partner is not None
        registry.suspend(unit, partner)
    info = data(asked(cpo))
    assert info["allowed"] == "NOT_ALLOWED"
    assert "authorization_reference" not in info
