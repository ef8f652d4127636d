"""The handshake that a partner begins, over real HTTP, on both engines."""

import socket
import threading

import pytest
import requests
from odd_platform import envelope
from sqlalchemy import func, select

from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import registry, tokens
from hub.parties.partner import Status
from hub.store import parties

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


def known(hub, name):
    with hub.store.reading() as unit:
        return registry.named(unit, name)


def rows(hub, table):
    with hub.store.reading() as unit:
        return unit.connection.execute(select(func.count()).select_from(table)).scalar_one()


def credentials_url(hub, version="2.2.1"):
    return f"{hub.settings.public_url}/ocpi/{version}/credentials"


def outcome(response):
    return response.status_code, response.json()["status_code"]


@pytest.fixture
def partner(hub, invite, odd):
    """An odd platform that has been invited, and its token A."""
    peer = odd()
    peer.token_a = invite("NL/EMS", Role.EMSP)
    return peer


@pytest.fixture
def registered(hub, partner):
    """The same, registered; `token` is its token C."""
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 1000), response.text
    partner.token = response.json()["data"]["token"]
    partner.asked.clear()
    return partner


# Registering -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", ["CPO", "EMSP"])
def test_a_partner_of_every_version_registers_with_a_token_and_the_versions_url(
    hub, invite, platform, versions_url, version, role
):
    """CRED-05, CRED-06, CRED-25, TR-03, TR-04"""
    partner = platform(version, role, "NL/PAR")
    partner.register(versions_url, invite("NL/PAR", Role(role)))
    found = known(hub, "NL/PAR")
    assert (found.status, found.version, found.versions_url) == (
        Status.CONNECTED,
        version,
        partner.versions_url,
    )
    assert found.parties(Role(role)) == (Party("NL", "PAR"),)
    assert [each.path for each in partner.book.received] == ["/peer/versions", f"/peer/{version}"]
    assert partner.book.complaints == []


@pytest.mark.parametrize(("role", "theirs"), [("CPO", "SENDER"), ("EMSP", "RECEIVER")])
def test_the_endpoints_of_a_2_1_1_partner_get_the_role_that_its_own_role_gives_them(
    hub, invite, platform, versions_url, role, theirs
):
    """VER-05"""
    partner = platform("2.1.1", role, "NL/PAR")
    partner.register(versions_url, invite("NL/PAR", Role(role)))
    with hub.store.reading() as unit:
        found = registry.endpoints_of(unit, known(hub, "NL/PAR").id)
    assert {side for (module, side) in found if module in ("locations", "tariffs", "sessions", "cdrs")} == {
        theirs
    }
    assert {side for (module, side) in found if module == "tokens"} != {theirs}


def test_urls_are_used_as_they_were_advertised(hub, registered):
    """VER-09"""
    with hub.store.reading() as unit:
        url = registry.endpoint_of(unit, known(hub, "NL/EMS").id, "cdrs", "RECEIVER")
    assert url == f"{registered.url}/m/cdrs?side=RECEIVER"


def test_a_token_a_is_dead_after_registration(hub, registered):
    """CRED-05, threat 9"""
    for url in (f"{hub.settings.public_url}/ocpi/versions", credentials_url(hub)):
        assert registered.call("GET", url, registered.token_a).status_code == 401
    assert outcome(registered.call("GET", credentials_url(hub), registered.token)) == (200, 1000)


def test_a_second_post_is_not_allowed(hub, registered):
    """CRED-10, threat 8"""
    response = registered.call("POST", credentials_url(hub), registered.token, registered.credentials())
    assert outcome(response) == (405, 2000)
    assert response.headers["Allow"] == "DELETE, GET, PUT"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_unregistered_platform_can_neither_renew_nor_leave(hub, partner, method):
    """CRED-11"""
    response = partner.call(method, credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (405, 2000)
    assert response.headers["Allow"] == "GET, POST"


def test_patch_of_credentials_is_not_allowed(hub, registered):
    """CRED-17"""
    response = registered.call("PATCH", credentials_url(hub), registered.token, {})
    assert response.status_code == 405
    assert "PUT" in response.headers["Allow"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_token_is_unauthorised_whatever_it_asks(hub, partner, method):
    """CRED-11, TR-02"""
    assert partner.call(method, credentials_url(hub), "nobody", {}).status_code == 401


def test_the_answer_of_a_registration_has_the_new_token_and_the_hub(hub, partner):
    """CRED-16, CRED-20, TR-08"""
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    said = response.json()["data"]
    assert len(said["token"]) == 64
    assert said["token"] != partner.token_a
    assert said["url"] == f"{hub.settings.public_url}/ocpi/versions"
    assert [(role["role"], role["country_code"], role["party_id"]) for role in said["roles"]] == [
        ("HUB", "NL", "HUB")
    ]


# What clients in the field do ------------------------------------------------------------------------------


def test_names_of_parties_may_be_missing(hub, partner):
    body = partner.credentials(name=False)
    assert outcome(partner.call("POST", credentials_url(hub), partner.token_a, body)) == (200, 1000)
    assert known(hub, "NL/EMS").roles[0].business_details == {"name": "NL/EMS"}


def test_versions_and_modules_that_nobody_knows_are_skipped(hub, partner):
    """VER-07, VER-12"""
    listed = [
        {"version": "9.9", "url": "https://x.example.com"},
        {"version": "2.2.1"},
        "2.2.1",
        *partner.said("/hello?who=hub"),
    ]
    odd_ones = [{"identifier": "nlems-payments", "role": "BOTH", "url": "x"}, "locations"]
    partner.answers = {
        "/hello?who=hub": envelope(listed),
        "/d/2.2.1": envelope({"version": "2.2.1", "endpoints": [*odd_ones, *partner.endpoints()]}),
    }
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 1000), response.text


def test_an_endpoint_without_role_gets_that_of_the_partners_role(hub, partner):
    listed = [{name: value for name, value in each.items() if name != "role"} for each in partner.endpoints()]
    partner.answers["/d/2.2.1"] = envelope({"version": "2.2.1", "endpoints": listed})
    partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    with hub.store.reading() as unit:
        found = registry.endpoints_of(unit, known(hub, "NL/EMS").id)
    assert set(found) == {("credentials", "SENDER"), ("tokens", "SENDER"), ("cdrs", "RECEIVER")}


@pytest.mark.parametrize(("version", "raw"), [("2.2.1", True), ("2.1.1", False)])
def test_the_form_of_token_that_a_partner_takes_is_found_out_and_kept(hub, invite, odd, version, raw):
    """TR-05"""
    peer = odd(version=version, raw=raw)
    token_a = invite("NL/EMS", Role.EMSP)
    response = peer.call("POST", credentials_url(hub, version), token_a, peer.credentials())
    assert outcome(response) == (200, 1000), response.text
    with hub.store.reading() as unit:
        header = registry.authorization(unit, known(hub, "NL/EMS"), tokens.vault(hub.settings.sealing_key))
    assert peer.knows(header)


# Failing ---------------------------------------------------------------------------------------------------

DETAILS = "/d/2.2.1"
UNUSABLE = {
    "not found": (404, b"{}"),
    "a page": (200, b"<html>"),
    "no envelope": (200, b"[]"),
    "a word as status": (200, b'{"status_code":"1000","data":[]}'),
    "NaN": (200, b'{"status_code":NaN}'),
    "deep": (200, b"[" * 300),
    "refused": (200, envelope([], 2000)),
    "no list": (200, envelope("hello")),
    "away": (302, b"{}"),
}


@pytest.mark.parametrize("path", ["/hello?who=hub", DETAILS])
@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
def test_a_platform_that_cannot_be_asked_is_3001_and_can_try_again(hub, partner, path, answer):
    """CRED-07, threats 15 and 18"""
    partner.answers = {path: answer}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3001)
    assert path in response.json()["status_message"]
    assert_nothing_is_left(hub)
    partner.answers = {}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 1000)


def assert_nothing_is_left(hub):
    assert (rows(hub, parties.tokens_out), rows(hub, parties.endpoints), rows(hub, parties.tokens_in)) == (
        0,
        0,
        1,
    )
    found = known(hub, "NL/EMS")
    assert (found.status, found.registered_at, found.versions_url) == (Status.PLANNED, None, None)


def test_a_platform_without_the_version_is_3002(hub, partner):
    """CRED-08"""
    partner.answers = {"/hello?who=hub": envelope([{"version": "2.1.1", "url": f"{partner.url}/d/2.1.1"}])}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3002)
    assert_nothing_is_left(hub)


def test_a_platform_with_modules_that_the_hub_does_not_speak_is_3003(hub, partner):
    """CRED-08"""
    kept = [each for each in partner.endpoints() if each["identifier"] == "credentials"]
    profiles = {"identifier": "chargingprofiles", "role": "RECEIVER", "url": f"{partner.url}/profiles"}
    partner.answers = {DETAILS: envelope({"version": "2.2.1", "endpoints": [*kept, profiles]})}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3003)
    assert_nothing_is_left(hub)


@pytest.mark.parametrize("listed", [[], ["credentials"], ["cdrs"]])
def test_a_platform_without_what_is_needed_is_3003(hub, partner, listed):
    """CRED-08"""
    kept = [each for each in partner.endpoints() if each["identifier"] in listed]
    partner.answers = {DETAILS: envelope({"version": "2.2.1", "endpoints": kept})}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3003)
    assert_nothing_is_left(hub)


def test_who_only_reads_needs_no_module_of_its_own(hub, invite, odd):
    reader = odd(role="NAP", party="NL/NAP", modules=[])
    token_a = invite("NL/NAP", Role.NAP)
    assert outcome(reader.call("POST", credentials_url(hub), token_a, reader.credentials())) == (200, 1000)


WRONG = {
    "token too long": {"token": "x" * 65},
    "token with a blank": {"token": "a b"},
    "token beyond ASCII": {"token": "tökén"},
    "no url": {"url": None},
    "a file": {"url": "file:///etc/passwd"},
    "no roles": {"roles": []},
    "roles are a word": {"roles": "EMSP"},
    "unknown role": {"roles": [{"role": "KING", "party_id": "EMS", "country_code": "NL"}]},
    "twice the same": {"roles": [{"role": "EMSP", "party_id": "EMS", "country_code": "NL"}] * 2},
    "long party": {"roles": [{"role": "EMSP", "party_id": "EMSP", "country_code": "NL"}]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_credentials_are_2001_and_nobody_is_asked(hub, partner, change):
    """CRED-02, CRED-03, CRED-04"""
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials() | change)
    assert outcome(response) == (200, 2001)
    assert partner.asked == []
    assert_nothing_is_left(hub)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_party_that_was_not_invited_is_refused_by_name(hub, invite, odd, version):
    """CRED-24, threat 8"""
    peer = odd(version=version, party="NL/BAD")
    token_a = invite("NL/EMS", Role.EMSP)
    response = peer.call("POST", credentials_url(hub, version), token_a, peer.credentials())
    assert outcome(response) == (200, 2001)
    assert "NL/BAD" in response.json()["status_message"]
    assert peer.asked == []


def test_a_role_that_was_not_invited_is_refused(hub, invite, odd):
    peer = odd(role="CPO")
    token_a = invite("NL/EMS", Role.EMSP)
    response = peer.call("POST", credentials_url(hub), token_a, peer.credentials())
    assert outcome(response) == (200, 2001)
    assert "NL/EMS as CPO" in response.json()["status_message"]


def test_an_invitation_may_be_for_one_version(hub, invite, odd):
    peer = odd(version="2.3.0")
    token_a = invite("NL/EMS", Role.EMSP, version="2.2.1")
    listed = peer.call("GET", f"{hub.settings.public_url}/ocpi/versions", token_a).json()["data"]
    assert [each["version"] for each in listed] == ["2.2.1"]
    response = peer.call("POST", credentials_url(hub, "2.3.0"), token_a, peer.credentials())
    assert outcome(response) == (200, 3002)


def test_two_registrations_with_one_token_at_once_make_one(hub, partner):
    """Both wait in the GET of versions until the other has come, too."""
    meeting = threading.Barrier(2)

    def wait(body):
        meeting.wait(10)
        return 200, envelope([{"version": "2.2.1", "url": f"{partner.url}/d/2.2.1"}])

    partner.answers = {"/hello?who=hub": wait}
    outcomes = []

    def post():
        response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
        outcomes.append(response.status_code)

    both = [threading.Thread(target=post) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert sorted(outcomes) == [200, 401]
    assert rows(hub, parties.tokens_in) == 1


def test_a_partner_suspended_during_its_handshake_stays_out(hub, partner):
    def suspend(body):
        with hub.store.unit() as unit:
            registry.suspend(unit, registry.named(unit, "NL/EMS"))
        return 200, envelope({"version": "2.2.1", "endpoints": partner.endpoints()})

    partner.answers = {DETAILS: suspend}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert response.status_code == 401
    assert known(hub, "NL/EMS").status is Status.SUSPENDED
    assert rows(hub, parties.tokens_out) == 0


# Where a token may go --------------------------------------------------------------------------------------


@pytest.fixture
def canary():
    """A port that notes whether anybody connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield listening


def was_reached(canary):
    try:
        canary.accept()
    except TimeoutError:
        return False
    return True


INWARD = (
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://0:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
)


@pytest.mark.parametrize("url", INWARD)
def test_a_versions_url_that_leads_inside_is_3001_and_never_asked(hub, partner, canary, monkeypatch, url):
    """threat 11"""
    monkeypatch.setattr(hub.client, "_allow_networks", ())
    body = partner.credentials() | {"url": url.format(port=canary.getsockname()[1])}
    response = partner.call("POST", credentials_url(hub), partner.token_a, body)
    assert outcome(response) == (200, 3001)
    assert not was_reached(canary)
    assert_nothing_is_left(hub)


def test_version_details_on_another_host_are_refused_and_get_no_token(hub, partner, canary):
    """threat 12"""
    elsewhere = f"http://127.0.0.1:{canary.getsockname()[1]}/d"
    partner.answers = {"/hello?who=hub": envelope([{"version": "2.2.1", "url": elsewhere}])}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3001)
    assert "another host" in response.json()["status_message"]
    assert not was_reached(canary)
    assert_nothing_is_left(hub)


@pytest.mark.parametrize("elsewhere", ["https://evil.example.com/cdrs", "http://localhost:{port}/cdrs"])
def test_an_endpoint_on_another_host_is_refused(hub, partner, elsewhere):
    """threat 12"""
    url = elsewhere.format(port=partner.url.rpartition(":")[2])
    moved = [each | ({"url": url} if each["identifier"] == "cdrs" else {}) for each in partner.endpoints()]
    partner.answers = {DETAILS: envelope({"version": "2.2.1", "endpoints": moved})}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 3001)
    assert_nothing_is_left(hub)


def test_an_operator_may_allow_another_host(hub, partner):
    with hub.store.unit() as unit:
        found = registry.named(unit, "NL/EMS")
        registry.set_settings(unit, found.id, type(found.settings)(hosts=frozenset({"api.example.com"})))
    url = "https://api.example.com/cdrs"
    moved = [each | ({"url": url} if each["identifier"] == "cdrs" else {}) for each in partner.endpoints()]
    partner.answers = {DETAILS: envelope({"version": "2.2.1", "endpoints": moved})}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 1000)


# Renewing --------------------------------------------------------------------------------------------------


def renew(hub, peer, held, version="2.2.1", **change):
    body = peer.credentials() | change
    return peer.call("PUT", credentials_url(hub, version), held, body)


def is_known(hub, peer, token):
    return peer.call("GET", f"{hub.settings.public_url}/ocpi/versions", token).status_code == 200


def test_a_put_brings_new_tokens_and_new_endpoints(hub, registered):
    """CRED-12"""
    registered.takes = {"token-b3"}
    registered.modules = [("tokens", "SENDER")]
    response = renew(hub, registered, registered.token, token="token-b3")
    assert outcome(response) == (200, 1000), response.text
    assert response.json()["data"]["token"] != registered.token
    assert registered.asked == [("GET", "/hello?who=hub"), ("GET", DETAILS)]
    with hub.store.reading() as unit:
        found = registry.named(unit, "NL/EMS")
        assert set(registry.endpoints_of(unit, found.id)) == {("credentials", "SENDER"), ("tokens", "SENDER")}
        assert registry.token_out(unit, found.id, tokens.vault(hub.settings.sealing_key)) == "token-b3"


def test_the_old_token_lives_until_the_new_one_is_used(hub, registered):
    """CRED-13, threat 10: the answer of a PUT may be lost."""
    lost = renew(hub, registered, registered.token).json()["data"]["token"]
    again = renew(hub, registered, registered.token)
    assert outcome(again) == (200, 1000)
    newest = again.json()["data"]["token"]
    assert is_known(hub, registered, registered.token)
    assert is_known(hub, registered, newest)
    assert not is_known(hub, registered, registered.token)
    assert not is_known(hub, registered, lost)
    assert is_known(hub, registered, newest)


def test_the_old_token_dies_with_the_overlap_at_the_latest(hub, registered):
    """CRED-13"""
    newest = renew(hub, registered, registered.token).json()["data"]["token"]
    present = hub.store.clock
    hub.store.clock = lambda: present() + 15 * 60 * 1_000_000 + 1
    assert not is_known(hub, registered, registered.token)
    assert is_known(hub, registered, newest)


def test_a_put_on_another_versions_endpoint_changes_the_version(hub, registered):
    """CRED-12"""
    registered.version = "2.3.0"
    response = renew(hub, registered, registered.token, "2.3.0")
    assert outcome(response) == (200, 1000), response.text
    assert response.json()["data"]["hub_party_id"] == "NLHUB"
    assert known(hub, "NL/EMS").version == "2.3.0"


def test_a_put_that_fails_leaves_the_registration_as_it_was(hub, registered):
    """CRED-13"""
    registered.answers = {DETAILS: (500, b"")}
    response = renew(hub, registered, registered.token, token="token-b3")
    assert outcome(response) == (200, 3001)
    with hub.store.reading() as unit:
        found = registry.named(unit, "NL/EMS")
        assert registry.token_out(unit, found.id, tokens.vault(hub.settings.sealing_key)) == "token-b"
    assert is_known(hub, registered, registered.token)
    assert rows(hub, parties.tokens_in) == 1


def test_a_put_cannot_bring_in_another_party(hub, registered):
    """CRED-24"""
    registered.party = "NL/BAD"
    assert outcome(renew(hub, registered, registered.token)) == (200, 2001)
    assert known(hub, "NL/EMS").parties() == (Party("NL", "EMS"),)


# Leaving ---------------------------------------------------------------------------------------------------


def test_who_leaves_is_gone_in_both_directions(hub, registered):
    """CRED-14"""
    response = registered.call("DELETE", credentials_url(hub), registered.token)
    assert outcome(response) == (200, 1000)
    assert "data" not in response.json()  # TR-22
    assert not is_known(hub, registered, registered.token)
    found = known(hub, "NL/EMS")
    assert (found.status, found.registered_at) == (Status.SUSPENDED, None)
    assert (rows(hub, parties.tokens_out), rows(hub, parties.endpoints), rows(hub, parties.tokens_in)) == (
        0,
        0,
        0,
    )
    with hub.store.reading() as unit:
        assert registry.authorization(unit, found, tokens.vault(hub.settings.sealing_key)) is None


def test_who_has_left_needs_a_new_invitation(hub, invite, registered):
    """CRED-15"""
    registered.call("DELETE", credentials_url(hub), registered.token)
    assert registered.call("POST", credentials_url(hub), registered.token_a, {}).status_code == 401
    token_a = invite("NL/EMS", Role.EMSP)
    response = registered.call("POST", credentials_url(hub), token_a, registered.credentials())
    assert outcome(response) == (200, 1000)


# What the hub says of itself -------------------------------------------------------------------------------


def test_get_gives_the_token_that_was_presented(hub, registered):
    """CRED-16"""
    said = registered.call("GET", credentials_url(hub), registered.token).json()["data"]
    assert said["token"] == registered.token


def test_an_invited_platform_sees_its_token_a(hub, partner):
    """CRED-16"""
    assert (
        partner.call("GET", credentials_url(hub), partner.token_a).json()["data"]["token"] == partner.token_a
    )


def test_in_2_1_1_the_hub_is_one_party(hub, partner):
    """CRED-25"""
    said = partner.call("GET", credentials_url(hub, "2.1.1"), partner.token_a).json()["data"]
    assert (said["country_code"], said["party_id"], "roles" in said) == ("NL", "HUB", False)


def test_in_2_3_0_the_hub_lists_the_parties_behind_it(hub, invite, odd, registered):
    """CRED-21"""
    invite("NL/LAT", Role.CPO)  # invited only, so not reachable
    other = odd(version="2.3.0", role="CPO", party="DE/CPO", modules=[("locations", "SENDER")])
    token_a = invite("DE/CPO", Role.CPO)
    response = other.call("POST", credentials_url(hub, "2.3.0"), token_a, other.credentials())
    said = response.json()["data"]
    assert said["hub_party_id"] == "NLHUB"
    assert [(role["role"], role["party_id"]) for role in said["roles"]] == [("EMSP", "EMS")]
    assert said["roles"][0]["business_details"] == {"name": "Odd"}


def test_in_2_3_0_a_hub_without_partners_names_itself(hub, partner):
    """CRED-21, CRED-04: there is no role HUB in 2.3.0."""
    said = partner.call("GET", credentials_url(hub, "2.3.0"), partner.token_a).json()["data"]
    assert [(role["role"], role["party_id"]) for role in said["roles"]] == [("OTHER", "HUB")]


def test_no_transaction_is_open_while_the_partner_is_asked(hub, partner):
    """CRED-06: the partner may use the hub meanwhile, with all that writes."""

    def write(body):
        with hub.store.unit() as unit:
            registry.invite(unit, "NL/NEW", [(Role.CPO, Party("NL", "NEW"))])
        return 200, envelope({"version": "2.2.1", "endpoints": partner.endpoints()})

    partner.answers = {DETAILS: write}
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    assert outcome(response) == (200, 1000)


def test_the_hub_itself_cannot_be_a_partner(hub, invite, odd):
    peer = odd(role="EMSP", party="NL/HUB")
    token_a = invite("NL/HUB", Role.EMSP)
    response = peer.call("POST", credentials_url(hub), token_a, peer.credentials())
    assert outcome(response) == (200, 2001)


def test_a_token_is_never_in_the_log(hub, partner, caplog):
    """threat 29"""
    caplog.set_level("DEBUG")
    response = partner.call("POST", credentials_url(hub), partner.token_a, partner.credentials())
    for token in (partner.token_a, response.json()["data"]["token"], "token-b"):
        assert token not in caplog.text


def test_nothing_is_stored_of_a_token_that_opens_anything(hub, registered):
    """Security decision 2.1"""
    with hub.store.reading() as unit:
        kept = unit.connection.execute(select(parties.tokens_in.c.hash)).scalar_one()
        sealed = unit.connection.execute(select(parties.tokens_out.c.sealed)).scalar_one()
    assert registered.token.encode() not in bytes(kept)
    assert b"token-b" not in bytes(sealed)


def test_requests_to_hosts_that_spoof_their_name_change_no_url(hub, partner):
    """threat 36"""
    header = {"Authorization": f"Token {partner.token_a}", "Host": "evil.example.com"}
    for path in ("versions", "2.2.1", "2.2.1/credentials"):
        response = requests.get(f"{hub.settings.public_url}/ocpi/{path}", headers=header, timeout=10)
        assert "evil" not in response.text
