"""Two simulated partners that speak OCPI with each other, without a hub, find nothing to complain about."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from decimal import Decimal

import pytest
import requests

from hub.demo.calls import Refused
from hub.demo.identity import Party
from hub.demo.partner import Partner, partner

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@contextlib.contextmanager
def connected(version: str):
    """A CPO and an eMSP; the eMSP has registered with the CPO."""
    with partner("CPO", version, "NL/EXA") as cpo, partner("EMSP", version, "DE/EMS") as emsp:
        emsp.register(cpo.versions_url, cpo.invite())
        cpo.caller.counterpart = Party("EMSP", "DE", "EMS")
        emsp.caller.counterpart = Party("CPO", "NL", "EXA")
        yield cpo, emsp


def complaints(*partners: Partner) -> list[str]:
    """All but that a push without a hub names no receiver."""
    everything = [each for one in partners for each in one.book.complaints]
    return [each for each in everything if "routing headers" not in each]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_goes_from_the_cpo_to_the_emsp(version):
    with connected(version) as (cpo, emsp):
        uids = emsp.do("issue")["uids"]
        counts = cpo.do("publish")
        assert len(emsp.wait_for("locations", counts["locations"])) == counts["locations"] == 12
        place = {"location_id": "EXA-LOC-001", "evse_uid": "EXA-EVSE-00101", "connector_id": "1"}
        begun = cpo.do("begin", session_id="S1", shape="story", token_uid=uids[0], place=place)
        for leg in range(begun["legs"]):
            cpo.do("update", session_id="S1", shape="story", leg=leg)
        cpo.do("finish", session_id="S1", shape="story", place=place)
        (session,) = emsp.wait_for("sessions")
        assert session["status"] == "COMPLETED"
        assert session["kwh"] == Decimal("18.18")
        assert len(session["charging_periods"]) == 4
        assert session == cpo.book.own["sessions"]["S1"]
        assert complaints(cpo, emsp) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_is_pulled_page_by_page(version):
    with connected(version) as (cpo, emsp):
        cpo.do("publish")
        emsp.book.held.clear()
        pulled = emsp.caller.pull("locations")
        assert [each["id"] for each in pulled] == [f"EXA-LOC-{number:03d}" for number in range(1, 13)]
        assert emsp.caller.pull("locations", date_from="2999-01-01T00:00:00Z") == []
        assert complaints(cpo, emsp) == []


def test_a_complaint_names_what_is_not_of_the_edition():
    with connected("2.1.1") as (cpo, emsp):
        location = {"id": "L1", "publish": True, "last_updated": "2026-01-01 00:00:00"}
        cpo.caller.push("PUT", "locations", ["L2"], location, cpo.identity.first)
        found = " ".join(emsp.book.complaints)
        assert "location.publish: not a field of 2.1.1" in found
        assert "location.address: missing" in found
        assert "location.last_updated: '2026-01-01 00:00:00' is no t" in found
        assert "id is 'L1' in the body, 'L2' in the URL" in found


def test_a_token_in_the_form_of_another_version_is_not_accepted():
    with connected("2.2.1") as (cpo, _):
        answer = requests.get(
            cpo.versions_url, headers={"Authorization": f"Token {cpo.invite()}"}, timeout=60
        )
        assert answer.status_code == 401
        assert any("Base64" in each for each in cpo.book.complaints)


def test_a_partner_misbehaves_as_the_script_says():
    with connected("2.2.1") as (cpo, emsp):
        for kind in ("500", "503", "401", "2001", "html", "wrong_envelope", "garbage"):
            emsp.misbehave(kind)
            with pytest.raises(Refused):
                cpo.do("publish")
        emsp.misbehave("503", retry_after=7)
        answer = cpo.caller.push("PUT", "tariffs", ["T"], {}, cpo.identity.first)
        assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(("kind", "done"), [("drop_before", False), ("drop_after", True)])
def test_a_partner_may_drop_the_connection_before_or_after_it_did_what_was_asked(kind, done):
    with connected("2.2.1") as (cpo, emsp):
        emsp.misbehave(kind)
        with pytest.raises(requests.ConnectionError):
            cpo.do("publish")
        assert (emsp.book.find("tariffs", ("NL", "EXA", "EXA-AC-TIMES")) is not None) is done
        assert cpo.do("publish")["tariffs"] == 3


def test_a_partner_may_hang():
    with connected("2.2.1") as (cpo, emsp):
        emsp.misbehave("hang", seconds=0.2)
        with pytest.raises(requests.ConnectionError):
            cpo.do("publish")


def test_tokens_change_hands_anew_and_end():
    with connected("2.2.1") as (cpo, emsp):
        former = emsp.caller.token
        emsp.renew(cpo.versions_url)
        assert not cpo.accepts(former)
        assert cpo.accepts(emsp.caller.token)
        emsp.unregister()
        assert not cpo.registered
        with pytest.raises(Refused):
            emsp.caller.pull("locations")


def test_a_partner_runs_as_a_process_and_is_told_what_to_do():
    command = [
        sys.executable,
        "-m",
        "hub.demo.partner",
        "--role",
        "CPO",
        "--version",
        "2.2.1",
        "--party",
        "NL/EXA",
    ]
    with subprocess.Popen(
        [*command, "--with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        says = json.loads(process.stdout.readline())
        with partner("EMSP", "2.2.1", "DE/EMS") as emsp:
            emsp.register(says["versions_url"], says["token"])
            with urllib.request.urlopen(f"{says['url']}/demo/do/publish", data=b"{}", timeout=60) as answer:
                assert json.load(answer)["locations"] == 12
            with urllib.request.urlopen(f"{says['url']}/demo/received", timeout=60) as answer:
                assert [each["module"] for each in json.load(answer)["requests"]][-1] == "credentials"
        process.stdin.close()
        assert process.wait(60) == 0
