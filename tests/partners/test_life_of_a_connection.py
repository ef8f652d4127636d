"""A connection as partners live it: pulls along the pages, new tokens, leaving, and answers that go wrong."""

import pytest

from hub.demo.partner import partner
from hub.ocpi.module import Role
from hub.parties import registration
from hub.parties.registration import Wish

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_can_be_pulled_page_by_page(join, version):  # TR-30 to TR-36
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", version, "DE/EMS")
    cpo.do("publish")
    emsp.do("issue")
    pulled = emsp.caller.pull("locations", limit="5")
    assert [each["id"] for each in pulled] == [f"EXA-LOC-{number:03d}" for number in range(1, 13)]
    assert len(emsp.caller.pull("tariffs", limit="1")) == 3
    assert emsp.caller.pull("cdrs") == []
    assert emsp.caller.pull("sessions", date_from="2020-01-01T00:00:00Z") == []
    assert len(cpo.caller.pull("tokens", limit="2")) == 3
    assert emsp.book.complaints + cpo.book.complaints == []


@pytest.mark.parametrize("version", VERSIONS)
def test_tokens_are_renewed_and_the_connection_ends(running, join, version):  # CRED-12, CRED-14
    cpo, emsp = join("CPO", version, "NL/EXA"), join("EMSP", version, "DE/EMS")
    emsp.renew(running.versions_url)
    cpo.do("publish")
    assert len(emsp.wait_for("locations", 12)) == 12
    former = emsp.caller.token
    emsp.unregister()
    emsp.caller.token = former
    assert emsp.caller.call("GET", running.versions_url).status == 401
    assert emsp.book.complaints + cpo.book.complaints == []


@pytest.mark.parametrize(
    "kind", ["500", "503", "3000", "html", "garbage", "wrong_envelope", "drop_before", "drop_after"]
)
def test_what_a_partner_could_not_take_it_gets_later(join, kind):  # TR-20
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", "2.3.0", "DE/EMS")
    emsp.misbehave(kind, times=4)
    cpo.do("publish")
    assert len(emsp.wait_for("locations", 12, seconds=30)) == 12
    assert len(emsp.wait_for("tariffs", 3, seconds=30)) == 3
    assert emsp.book.complaints + cpo.book.complaints == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_hub_may_begin_the_handshake(running, version):  # CRED-23
    with partner("EMSP", version, "DE/EMS") as emsp:
        wish = Wish(emsp.versions_url, emsp.invite(), version, "An eMSP", (Role.EMSP,))
        registration.register(running.hub, wish)
        assert emsp.registered
        assert emsp.caller.pull("locations") == []
        assert emsp.book.complaints == []
