"""The handshake that the hub begins, over real HTTP, on both engines (CRED-23)."""

import threading

import pytest
from odd_platform import envelope
from sqlalchemy import func, select

from hub.ocpi.document import Party
from hub.ocpi.errors import EndpointsMissing, InvalidParameter, PartnerUnusable, UnsupportedVersion
from hub.ocpi.module import Role
from hub.parties import registration, registry, tokens
from hub.parties.partner import Status
from hub.parties.problems import AlreadyRegistered, NotRegistered, PartnerProblem
from hub.parties.registration import Wish
from hub.store import parties

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


def rows(hub, table):
    with hub.store.reading() as unit:
        return unit.connection.execute(select(func.count()).select_from(table)).scalar_one()


def everyone(hub):
    with hub.store.reading() as unit:
        return registry.everyone(unit)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", ["CPO", "EMSP"])
def test_the_hub_registers_with_a_platform_of_every_version(hub, platform, version, role):
    """CRED-05, CRED-06, VER-08, TR-03, TR-04"""
    other = platform(version, role, "NL/PAR")
    wish = Wish(other.versions_url, other.invite(), name="Par", roles=(Role(role),))
    found = registration.register(hub, wish)
    assert (found.name, found.status, found.version) == ("Par", Status.CONNECTED, version)
    assert found.parties(Role(role)) == (Party("NL", "PAR"),)
    assert other.registered
    assert other.caller.call("GET", other.caller.endpoint("credentials", "SENDER")).succeeded
    assert other.caller.endpoint("locations", "RECEIVER" if role == "CPO" else "SENDER")
    assert [each.path.rpartition("/")[2] for each in other.book.received][-1] == "credentials"
    assert other.book.complaints == []


def test_the_platform_may_call_back_before_it_answers(hub, odd):
    """CRED-06: versions and details are open to the new token while the POST is under way."""
    other = odd()
    seen = []

    def call_back(credentials):
        details = f"{hub.settings.public_url}/ocpi/2.2.1"
        urls = (credentials["url"], details, f"{details}/sender/locations")
        seen.extend(other.call("GET", url, credentials["token"]).status_code for url in urls)

    other.met = call_back
    registration.register(hub, Wish(other.versions_url, "token-b"))
    assert seen == [200, 200, 401]  # TR-07


def test_the_answer_may_be_http_200_with_token_url_and_roles_alone(hub, odd):
    other = odd()
    found = registration.register(hub, Wish(other.versions_url, "token-b"))
    with hub.store.reading() as unit:
        assert registry.token_out(unit, found.id, tokens.vault(hub.settings.sealing_key)) == "token-b2"
    assert found.name == other.url.removeprefix("http://")


def test_the_highest_mutual_version_is_taken(hub, odd):
    """VER-07, VER-08"""
    other = odd(version="2.2.1")
    listed = [{"version": each, "url": f"{other.url}/d/{each}"} for each in ("2.0", "2.1.1", "2.2.1", "9.0")]
    other.answers = {"/hello?who=hub": envelope(listed)}
    assert registration.register(hub, Wish(other.versions_url, "token-b")).version == "2.2.1"


def test_a_version_can_be_asked_for(hub, odd):
    other = odd(version="2.1.1")
    listed = [{"version": each, "url": f"{other.url}/d/{each}"} for each in ("2.1.1", "2.2.1")]
    other.answers = {"/hello?who=hub": envelope(listed)}
    wish = Wish(other.versions_url, "token-b", version="2.1.1", roles=(Role.EMSP,))
    assert registration.register(hub, wish).version == "2.1.1"


@pytest.mark.parametrize("version", [None, "2.3.0"])
def test_no_mutual_version_is_no_post(hub, odd, version):
    """VER-08"""
    other = odd()
    other.answers = {"/hello?who=hub": envelope([{"version": "2.2", "url": other.url}])}
    with pytest.raises(UnsupportedVersion, match=r"offered are: 2\.2"):
        registration.register(hub, Wish(other.versions_url, "token-b", version=version))
    assert {method for method, _ in other.asked} == {"GET"}
    assert everyone(hub) == []


def test_missing_endpoints_are_no_post(hub, odd):
    """CRED-09"""
    other = odd(modules=[])
    with pytest.raises(EndpointsMissing):
        registration.register(hub, Wish(other.versions_url, "token-b"))
    assert {method for method, _ in other.asked} == {"GET"}
    assert everyone(hub) == []


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("version", VERSIONS)
def test_either_form_of_token_is_found_out(hub, odd, version, raw):
    """TR-05"""
    other = odd(version=version, raw=raw)
    found = registration.register(hub, Wish(other.versions_url, "token-b", roles=(Role.EMSP,)))
    other.takes = {"token-b2"}
    with hub.store.reading() as unit:
        header = registry.authorization(unit, found, tokens.vault(hub.settings.sealing_key))
    assert other.knows(header)


def test_the_role_of_a_2_1_1_platform_is_read_from_its_url_or_asked_for(hub, odd):
    """VER-05"""
    other = odd(version="2.1.1")
    with pytest.raises(PartnerProblem, match="--role"):
        registration.register(hub, Wish(other.versions_url, "token-b"))
    listed = [{"version": "2.1.1", "url": f"{other.url}/d/emsp/2.1.1"}]
    other.answers = {"/hello?who=hub": envelope(listed)}
    assert registration.register(hub, Wish(other.versions_url, "token-b")).has(Role.EMSP)


FAILURES = {
    "no": (200, envelope(None, 2001)),
    "no longer": (404, b""),
    "broken": (500, b""),
    "a page": (200, b"<html>"),
    "nothing": (200, envelope(None)),
    "wrong": (200, envelope({"token": "a b"})),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES)
def test_a_registration_that_fails_leaves_nothing_and_can_be_repeated(hub, odd, answer):
    other = odd()
    other.answers = {"POST /c;x=1": answer}
    wish = Wish(other.versions_url, "token-b")
    with pytest.raises(PartnerUnusable):
        registration.register(hub, wish)
    assert everyone(hub) == []
    assert rows(hub, parties.tokens_in) == 0
    other.answers = {}
    assert registration.register(hub, wish).status is Status.CONNECTED


def test_a_party_of_another_partner_is_refused_and_the_platform_told(hub, invite, odd):
    """CRED-24"""
    invite("NL/EMS", Role.EMSP)
    other = odd()
    other.takes = {"token-b", "token-b2"}
    with pytest.raises(InvalidParameter, match="belongs to partner 'NL/EMS'"):
        registration.register(hub, Wish(other.versions_url, "token-b", name="New"))
    assert other.asked[-1] == ("DELETE", "/c;x=1")
    assert [each.name for each in everyone(hub)] == ["NL/EMS"]


def test_a_registered_partner_is_not_registered_again(hub, odd):
    other = odd()
    wish = Wish(other.versions_url, "token-b", name="Odd")
    registration.register(hub, wish)
    with pytest.raises(AlreadyRegistered):
        registration.register(hub, wish)


def test_a_token_is_not_sent_to_another_host_unless_allowed(hub, odd):
    """threat 12"""
    one, two = odd(), odd()
    moved = [{"version": "2.2.1", "url": f"{two.url}/d/2.2.1"}]
    one.answers = {"/hello?who=hub": envelope(moved)}
    with pytest.raises(PartnerUnusable, match="another host"):
        registration.register(hub, Wish(one.versions_url, "token-b"))
    assert two.asked == []
    allowed = frozenset({two.url.removeprefix("http://")})
    found = registration.register(hub, Wish(one.versions_url, "token-b", hosts=allowed))
    assert found.settings.hosts == allowed


# Afterwards ------------------------------------------------------------------------------------------------


@pytest.fixture
def other(hub, odd):
    """A platform with which the hub has registered; `ours` is the token it has from the hub."""
    peer = odd()

    def meet(credentials):
        peer.ours = credentials["token"]

    peer.met = meet
    registration.register(hub, Wish(peer.versions_url, "token-b", name="Odd"))
    peer.takes = {"token-b2"}
    peer.asked.clear()
    return peer


def odd_partner(hub):
    with hub.store.reading() as unit:
        return registry.named(unit, "Odd")


def is_known(hub, peer, token):
    return peer.call("GET", f"{hub.settings.public_url}/ocpi/versions", token).status_code == 200


def test_the_hub_renews_its_tokens(hub, other):
    """CRED-12, CRED-19, VER-11"""
    former = other.ours
    registration.update(hub, odd_partner(hub))
    assert [method for method, _ in other.asked] == ["GET", "GET", "PUT"]
    assert is_known(hub, other, former)
    assert is_known(hub, other, other.ours)
    assert not is_known(hub, other, former)


def test_the_hub_changes_to_a_newer_version(hub, other):
    """CRED-12"""
    other.version = "2.3.0"
    assert registration.update(hub, odd_partner(hub), "2.3.0").version == "2.3.0"


def test_a_renewal_that_is_refused_changes_nothing(hub, other):
    """CRED-13"""
    former = other.ours
    other.answers = {"PUT /c;x=1": (200, envelope(None, 3000))}
    with pytest.raises(PartnerUnusable):
        registration.update(hub, odd_partner(hub))
    assert rows(hub, parties.tokens_in) == 1
    assert is_known(hub, other, former)


def test_a_renewal_of_which_nobody_knows_how_it_ended_leaves_both_tokens_good(hub, other):
    """CRED-13"""
    former, tried = other.ours, []

    def break_down(body):
        tried.append(body["token"])
        return 502, b""

    other.answers = {"PUT /c;x=1": break_down}
    with pytest.raises(PartnerUnusable):
        registration.update(hub, odd_partner(hub))
    assert is_known(hub, other, former)
    assert is_known(hub, other, tried[0])
    assert not is_known(hub, other, former)


def test_the_hub_unregisters_and_says_so(hub, other):
    """CRED-14"""
    assert registration.unregister(hub, odd_partner(hub))
    assert other.asked == [("DELETE", "/c;x=1")]
    assert not is_known(hub, other, other.ours)
    assert odd_partner(hub).registered_at is None
    with pytest.raises(NotRegistered):
        registration.update(hub, odd_partner(hub))


def test_the_hub_unregisters_also_from_who_cannot_be_told(hub, other):
    other.answers = {"DELETE /c;x=1": (500, b"")}
    assert not registration.unregister(hub, odd_partner(hub))
    assert odd_partner(hub).registered_at is None


def test_an_invitation_can_be_taken_back(hub, invite):
    token_a = invite("NL/EMS", Role.EMSP)
    with hub.store.reading() as unit:
        partner = registry.named(unit, "NL/EMS")
    assert not registration.unregister(hub, partner)
    assert registry.authenticate(hub.store, [token_a.encode()]) is None


def test_two_hubs_commands_at_once_register_once(hub, odd):
    """Both wait in the POST until the other has come, or has been refused."""
    other = odd()
    results = []

    def register():
        try:
            results.append(registration.register(hub, Wish(other.versions_url, "token-b", name="Odd")).status)
        except Exception as error:  # noqa: BLE001
            results.append(type(error))

    both = [threading.Thread(target=register) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert Status.CONNECTED in results
    assert odd_partner(hub).status is Status.CONNECTED
    assert len(everyone(hub)) == 1
