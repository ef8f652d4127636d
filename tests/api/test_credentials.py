"""Who may use the credentials endpoint, and what it answers; the handshake itself is in tests/parties."""

import base64
import json
from itertools import product

import pytest
from platforms import code, connected, data, envelope

from hub.ocpi.checking import check
from hub.ocpi.editions import EDITIONS, edition
from hub.ocpi.module import Role
from hub.parties import registry

VERSIONS = [each.version for each in EDITIONS]
PATHS = ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials", "/ocpi/2.2.1/sender/locations")


def hostile(token):
    encoded = base64.b64encode(token.encode()).decode()
    return {
        "none": None,
        "empty": "",
        "wrong": "Token wrong",
        "another scheme": f"Bearer {encoded}",
        "two blanks": f"Token  {encoded}",
        "long": f"Token {'x' * 10_240}",
        "not ASCII": "Token t\xf6k\xe9n",
        "cut off": f"Token {encoded[:-4]}",
        "more": f"Token {encoded} {encoded}",
        "only the token": token,
    }


def test_whoever_shows_no_good_token_is_unauthorised(app, emsp):
    """TR-01, TR-02, threat 1"""
    for path, (kind, header) in product(PATHS, hostile(emsp.token).items()):
        headers = {} if header is None else {"Authorization": header}
        response = app.test_client().get(path, headers=headers)
        assert code(response) == (401, 2000), (path, kind)
        assert "data" not in envelope(response), (path, kind)
        assert response.headers["WWW-Authenticate"] == "Token", (path, kind)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_is_taken_plain_and_in_base64_in_every_version(app, version):
    """TR-05, TR-06"""
    partner = connected(app, "NL/PAR", Role.EMSP, version)
    for value in (
        partner.token,
        *(base64.b64encode((partner.token + end).encode()).decode() for end in ("", "\n")),
    ):
        response = app.test_client().get(
            f"/ocpi/{version}/credentials", headers={"Authorization": f"token {value}"}
        )
        assert data(response)["token"] == partner.token


@pytest.mark.parametrize("version", VERSIONS)
def test_the_hubs_credentials_are_of_the_version_that_is_asked(app, version):
    """CRED-01, CRED-16, CRED-20, CRED-21"""
    partner = connected(app, "NL/PAR", Role.EMSP, version)
    connected(app, "DE/CPO", Role.CPO, "2.2.1")
    said = data(partner.call("GET", f"/ocpi/{version}/credentials"))
    check(edition(version), "credentials", said)
    assert said["token"] == partner.token
    named = {(each["country_code"], each["party_id"], each["role"]) for each in said.get("roles", ())}
    assert (
        named == {"2.1.1": set(), "2.2.1": {("NL", "HUB", "HUB")}, "2.3.0": {("DE", "CPO", "CPO")}}[version]
    )


def test_no_routing_headers_on_credentials(emsp):
    """CRED-18"""
    response = emsp.call("GET", "/ocpi/2.2.1/credentials")
    assert not [name for name, _ in response.headers if name.lower().startswith("ocpi-")]


def test_a_suspended_partner_is_unauthorised_everywhere(app, emsp):
    hub = app.extensions["hub"]
    with hub.store.unit() as unit:
        partner = registry.by_id(unit, emsp.id)
        assert partner is not None
        registry.suspend(unit, partner)
    assert {emsp.call("GET", path).status_code for path in PATHS} == {401}
    assert emsp.call("DELETE", "/ocpi/2.2.1/credentials").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"token":NaN}', b'{"a":1,"a":2}', b"[" * 100_000, b'{"token":"\\u0000"}', b"\xff"],
    ids=["empty", "cut", "list", "nan", "twice", "deep", "nul", "not utf-8"],
)
def test_a_body_that_is_no_json_object_is_refused(app, emsp, method, body):
    """TR-12, threat 19"""
    client = emsp
    if method == "POST":
        hub = app.extensions["hub"]
        with hub.store.unit() as unit:
            token = registry.invite(unit, "New", [(Role.CPO, emsp.party)])
        client = type(emsp)(emsp.client, hub, 0, token, "2.2.1", emsp.party)
    http, ocpi = code(client.call(method, "/ocpi/2.2.1/credentials", body))
    assert (http in (200, 400), ocpi) == (True, 2001)


def test_who_leaves_is_answered_without_data(emsp):
    """CRED-14, TR-22"""
    response = emsp.call("DELETE", "/ocpi/2.2.1/credentials")
    assert code(response) == (200, 1000)
    assert "data" not in json.loads(response.data)
    assert emsp.call("GET", "/ocpi/versions").status_code == 401
