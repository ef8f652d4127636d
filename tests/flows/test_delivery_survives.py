"""What is owed to a partner is in the database, not in a process: it arrives whoever dies in between."""

from collections.abc import Callable

from running import Running

from hub.demo.partner import Partner

Join = Callable[[str, str, str], Partner]
PATIENCE = 60.0


def test_what_was_owed_when_the_worker_ended_is_sent_by_the_next(running: Running, join: Join) -> None:
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", "2.3.0", "DE/MSP")
    running.worker.stop()
    published = cpo.do("publish")
    assert "locations" not in emsp.book.held
    running.new_worker()
    assert len(emsp.wait_for("locations", published["locations"], PATIENCE)) == published["locations"]
    assert emsp.book.complaints == []


def test_a_partner_that_fails_gets_the_latest_state_once_it_is_well(running: Running, join: Join) -> None:
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", "2.2.1", "DE/MSP")
    emsp.misbehave("503", "locations", times=5, retry_after=1)
    published = cpo.do("publish")
    assert len(emsp.wait_for("locations", published["locations"], PATIENCE)) == published["locations"]


def test_a_cdr_waits_for_an_emsp_that_connects_later(running: Running, join: Join) -> None:
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", "2.2.1", "DE/MSP")
    cpo.do("publish")
    emsp.do("issue")
    (token, *_) = cpo.wait_for("tokens", 3, PATIENCE)
    emsp.unregister()
    place = {"location_id": "EXA-LOC-001", "evse_uid": "EXA-EVSE-00101", "connector_id": "1"}
    begun = cpo.do("begin", session_id="S-1", shape="story", token_uid=str(token["uid"]), place=place)
    for leg in range(begun["legs"]):
        cpo.do("update", session_id="S-1", shape="story", leg=leg)
    cpo.do("finish", session_id="S-1", shape="story", place=place)
    assert "cdrs" not in emsp.book.held
    back = running.invite("EMSP DE/MSP", [("EMSP", "DE/MSP")])
    emsp.register(running.versions_url, back)
    (cdr,) = emsp.wait_for("cdrs", 1, PATIENCE)
    assert cdr["session_id"] == "S-1"
