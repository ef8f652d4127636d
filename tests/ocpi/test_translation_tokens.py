"""Tokens and what is asked about them between the editions: C5 of the requirements, row by row."""

import pytest

from hub.ocpi.errors import NotEnoughInformation
from tests.ocpi.translating import EMSP, World, down, newest, up, v211


@pytest.mark.parametrize(
    ("kind", "in_221", "in_211"),
    [
        ("RFID", "RFID", "RFID"),
        ("OTHER", "OTHER", "OTHER"),
        ("APP_USER", "APP_USER", "OTHER"),
        ("EMAID", "OTHER", "OTHER"),
        ("FACE", "OTHER", "OTHER"),
    ],
)
def test_a_type_without_a_word_is_other(kind: str, in_221: str, in_211: str) -> None:  # C5 type L, TOK-05
    token = newest("tokens", type=kind)
    assert (down("2.2.1", "tokens", token)["type"], down("2.1.1", "tokens", token)["type"]) == (
        in_221,
        in_211,
    )


def test_the_contract_is_called_auth_id_in_211() -> None:  # C5 auth_id / contract_id
    lowered = down("2.1.1", "tokens", newest("tokens"))
    assert lowered["auth_id"] == newest("tokens")["contract_id"]
    lifted = up("2.1.1", "tokens", lowered, owner=EMSP)
    assert (lifted["contract_id"], lifted["country_code"], lifted["party_id"]) == (
        lowered["auth_id"],
        "DE",
        "MSP",
    )


def test_what_a_211_token_has_no_field_for_is_dropped() -> None:  # C5 group_id, default_profile_type ... L
    lowered = down("2.1.1", "tokens", newest("tokens"))
    gone = ("group_id", "default_profile_type", "energy_contract", "country_code", "party_id", "contract_id")
    assert set(gone).isdisjoint(lowered)


def test_the_uid_is_the_same_everywhere() -> None:  # C5 uid, whitelist
    lowered = down("2.1.1", "tokens", newest("tokens", uid="04aBcD"))
    assert (lowered["uid"], lowered["whitelist"]) == ("04aBcD", newest("tokens")["whitelist"])


def test_211_alone_asks_for_connectors() -> None:  # C5 LocationReferences.connector_ids
    asked = v211("location_references") | {"location_id": "L" * 39, "connector_ids": ["1"]}
    lifted = up("2.1.1", "location_references", asked)
    assert "connector_ids" not in lifted
    assert len(lifted["location_id"]) == 36
    assert "connector_ids" not in down(
        "2.1.1", "location_references", newest("location_references", connector_ids=["x"])
    )


def test_an_answer_to_211_is_without_token_and_reference() -> None:  # C5 AuthorizationInfo.token, reference L
    lowered = down("2.1.1", "authorization_info", newest("authorization_info"))
    assert {"token", "authorization_reference"}.isdisjoint(lowered)
    assert lowered["allowed"] == newest("authorization_info")["allowed"]


def test_the_token_in_an_answer_to_221_is_one_of_221() -> None:  # C5 type
    answer = newest("authorization_info")
    lowered = down("2.2.1", "authorization_info", answer | {"token": newest("tokens", type="EMAID")})
    assert lowered["token"]["type"] == "OTHER"


def test_an_answer_of_211_is_about_the_stored_token() -> None:  # C5 AuthorizationInfo.token
    world = World(asked=newest("tokens"))
    assert up("2.1.1", "authorization_info", v211("authorization_info"), world)["token"] == newest("tokens")


@pytest.mark.parametrize(("allowed", "valid"), [("ALLOWED", True), ("BLOCKED", False)])
def test_an_answer_of_211_is_about_the_token_asked_for(allowed: str, valid: bool) -> None:  # C5
    world = World(asked={"uid": "04AB", "type": "RFID", "issuer": "Ladestrom"})
    answer = up("2.1.1", "authorization_info", v211("authorization_info", allowed=allowed), world, owner=EMSP)
    assert answer["token"] == {
        "country_code": "DE",
        "party_id": "MSP",
        "uid": "04AB",
        "type": "RFID",
        "contract_id": "04AB",
        "issuer": "Ladestrom",
        "valid": valid,
        "whitelist": "NEVER",
        "last_updated": "2025-03-10T12:00:00Z",
    }


def test_an_answer_to_no_question_is_none() -> None:
    with pytest.raises(NotEnoughInformation):
        up("2.1.1", "authorization_info", v211("authorization_info"))
