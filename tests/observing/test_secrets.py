"""What may not stand in a log does not (threats 29 and 30)."""

import secrets as randomness

import pytest

from hub.observing.secrets import clean, masked, shown
from hub.parties import tokens

TOKEN = "6ca4d0a8-2ae1-4b0f-9d9f-6ffb4d6f7a55"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Token {TOKEN}",
        f"authorization: bearer {TOKEN}",
        f"{{'Authorization': 'Token {TOKEN}', 'X': 1}}",
        f'{{"token": "{TOKEN}", "url": "https://a.example"}}',
        f"{{'token': '{TOKEN}'}}",
        f"GET https://a.example/ocpi?token={TOKEN}&x=1 failed",
        f"could not connect to postgresql://hub:{TOKEN}@db/hub",
        f"HUB_SECRET_KEY secret={TOKEN}",
        f"(psycopg.Error) no\n[SQL: INSERT INTO x]\n[parameters: {{'a': '{TOKEN}'}}]",
        f"duplicate key\nDETAIL: Key (name)=({TOKEN}) already exists.",
    ],
)
def test_a_token_is_known_by_the_words_around_it(text):
    assert TOKEN not in clean(text)
    assert "..." in clean(text)


@pytest.mark.parametrize("make", [tokens.new, lambda: randomness.token_urlsafe(48)])
def test_a_token_of_the_hubs_is_known_by_its_looks(make):
    for _ in range(200):
        token = make()
        assert token not in clean(f"no partner has {token} here")


@pytest.mark.parametrize(
    "text",
    [
        "The body is not a JSON object",
        "Token A opens only versions and credentials: register first",
        "GET https://cpo.example.com/ocpi/2.2.1/locations?offset=50&limit=50 was answered with HTTP 503",
        'File "/usr/lib/python3.11/sqlalchemy/engine/base.py", line 1964, in _exec_single_context',
        "a_session_that_cannot_be_priced_is_held_with_a_reason",
        "tokens: contract_id: Must have at most 36 characters, has 40.",
        "5d2c0e9c-0f3b-4e0f-8f0a-6a2a2b2c2d2e",
    ],
)
def test_what_is_no_secret_stays(text):
    assert clean(text) == text


@pytest.mark.parametrize("contract", ["NL-TNM-C12204391-X", "NLTNMC12204391X", "DE-8AA-CA2B3C4D5-L"])
def test_contract_ids_are_masked_wherever_they_stand(contract):
    said = clean(f"no token of {contract} is known")
    assert contract not in said
    assert contract[-4:] in said


def test_ids_of_cards_keep_their_last_four_signs():
    assert masked("04A2B3C4D5E6F7") == "...E6F7"
    assert masked("1234") == "..."


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("token", TOKEN, "..."),
        ("authorization", "x", "..."),
        ("contract_id", "NL-TNM-012204", "...2204"),
        ("token_uid", "04A2B3C4D5E6F7", "...E6F7"),
        ("request_id", TOKEN, TOKEN),
        ("code", 2001, 2001),
        ("fields", ["uid", "elements[0]"], ["uid", "elements[0]"]),
        ("partner", None, None),
    ],
)
def test_a_value_is_judged_by_its_key(key, value, told):
    assert shown(key, value) == told


def test_no_whole_document_fits():
    assert len(shown("body", "{" + "x" * 10_000)) < 2100
