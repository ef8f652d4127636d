"""Versions and version details, as partners of every kind see them (A2 of the requirements)."""

import pytest
from platforms import code, connected, data

from hub.ocpi.checking import check
from hub.ocpi.document import Party
from hub.ocpi.editions import EDITIONS, edition
from hub.ocpi.module import Role
from hub.parties import registry

CPO_OWNED = {"locations", "tariffs", "sessions", "cdrs"}
SINCE_2_3_0 = {"2.2.1": set(), "2.3.0": {"invoicereconciliation"}}
VERSIONS = [each.version for each in EDITIONS]


@pytest.fixture
def home(app):
    return app.extensions["hub"].settings.public_url + "/ocpi"


def sides(details):
    """module -> the last but one word of its URL: sender or receiver."""
    return {
        each["identifier"]: each["url"].split("/")[-2]
        for each in details["endpoints"]
        if each["identifier"] != "credentials"
    }


def test_all_versions_are_listed_with_their_urls(emsp, home):
    """VER-01, VER-10"""
    listed = data(emsp.call("GET", "/ocpi/versions"))
    assert listed == [{"version": each, "url": f"{home}/{each}"} for each in ("2.1.1", "2.2.1", "2.3.0")]


@pytest.mark.parametrize("path", ["/ocpi/versions", "/ocpi/versions/", "/ocpi/2.2.1", "/ocpi/2.2.1/"])
def test_a_slash_at_the_end_changes_nothing(emsp, path):
    """VER-10"""
    assert code(emsp.call("GET", path)) == (200, 1000)


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_details_list_both_sides_of_every_module_and_credentials_once(emsp, home, version):
    """VER-02, VER-03, VER-04, VER-06"""
    details = data(emsp.call("GET", f"/ocpi/{version}"))
    check(edition(version), "version_details", details)
    listed = [(each["identifier"], each["role"], each["url"]) for each in details["endpoints"]]
    assert listed[0] == ("credentials", "SENDER", f"{home}/{version}/credentials")
    assert set(listed[1:]) == {
        (module, side, f"{home}/{version}/{side.lower()}/{module}")
        for module in CPO_OWNED | {"tokens"} | SINCE_2_3_0[version]
        for side in ("SENDER", "RECEIVER")
    }


@pytest.mark.parametrize(
    ("role", "of_cpo"), [(Role.EMSP, "sender"), (Role.CPO, "receiver"), (Role.NSP, "sender")]
)
def test_a_2_1_1_partner_sees_the_side_opposite_to_its_own(app, role, of_cpo):
    """VER-02, VER-05"""
    partner = connected(app, "NL/PAR", role, "2.1.1")
    details = data(partner.call("GET", "/ocpi/2.1.1"))
    check(edition("2.1.1"), "version_details", details)
    assert all("role" not in each for each in details["endpoints"])
    found = sides(details)
    assert {found[module] for module in CPO_OWNED} == {of_cpo}
    assert (found["tokens"] == of_cpo) == (role is Role.NSP)


@pytest.mark.parametrize(("shown", "of_cpo"), [("cpo", "sender"), ("emsp", "receiver")])
def test_a_2_1_1_partner_with_both_roles_has_two_versions_urls(app, home, shown, of_cpo):
    """VER-05"""
    both = connected(app, "NL/PAR", Role.CPO, "2.1.1", ("NL/PAR", Role.EMSP))
    listed = {each["version"]: each["url"] for each in data(both.call("GET", f"/ocpi/{shown}/versions"))}
    assert listed["2.1.1"] == f"{home}/{shown}/2.1.1"
    found = sides(data(both.call("GET", f"/ocpi/{shown}/2.1.1")))
    assert {found[module] for module in CPO_OWNED} == {of_cpo}
    assert found["tokens"] != of_cpo


@pytest.mark.parametrize("version", VERSIONS)
def test_every_url_that_is_listed_leads_somewhere(app, home, version):
    """VER-09"""
    partner = connected(app, "NL/PAR", Role.EMSP, version)
    listed = data(partner.call("GET", f"/ocpi/{version}"))["endpoints"]
    for each in listed:
        assert each["url"].startswith(home)
        path = each["url"].removeprefix(home.removesuffix("/ocpi"))
        assert partner.call("GET", path).status_code != 404 or "receiver" in path


def test_an_unknown_version_is_not_there(emsp):
    assert code(emsp.call("GET", "/ocpi/2.2")) == (404, 2000)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_invited_partner_may_look_at_versions_and_details(app, version):
    """VER-13, TR-07"""
    hub = app.extensions["hub"]
    with hub.store.unit() as unit:
        token = registry.invite(unit, "New", [(Role.EMSP, Party("NL", "NEW"))])
    headers = {"Authorization": f"Token {token}"}
    client = app.test_client()
    assert client.get("/ocpi/versions", headers=headers).status_code == 200
    assert client.get(f"/ocpi/{version}", headers=headers).status_code == 200
    for module in CPO_OWNED | {"tokens"}:  # threat 2
        assert client.get(f"/ocpi/{version}/receiver/{module}/NL/NEW/X", headers=headers).status_code == 401
        assert client.get(f"/ocpi/{version}/sender/{module}", headers=headers).status_code == 401


def test_urls_come_from_the_settings_whatever_the_request_claims(emsp):
    """threat 36"""
    spoofed = {
        "Host": "evil.example.com",
        "X-Forwarded-Host": "evil.example.com",
        "Forwarded": "host=evil.example.com",
    }
    for path in ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials"):
        assert b"evil" not in emsp.call("GET", path, None, **spoofed).data
