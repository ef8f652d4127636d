"""An event is one line with its keys, for people or for machines, and says which request it belongs to."""

import io
import json
import logging

import pytest
from apps import app, connect, cpo, emsp
from factories import example
from platforms import code

from hub.api import watch
from hub.observing import logs

__all__ = ["app", "connect", "cpo", "emsp"]

log = logging.getLogger("hub.of.this.test")


@pytest.fixture
def written():
    """written("json") -> what gives the lines so far; afterwards pytest has its log back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    out = io.StringIO()

    def written(form):
        logs.begin(form, watch.identify, out)
        return lambda: out.getvalue().splitlines()

    yield written
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


def test_json_is_one_object_a_line(written):
    lines = written("json")
    log.warning("given up", extra={"partner": "EV Mobile", "seconds": 1.5, "nothing": None})
    (line,) = lines()
    event = json.loads(line)
    assert event.pop("at").endswith("Z")
    assert event == {
        "level": "WARNING",
        "logger": "hub.of.this.test",
        "event": "given up",
        "partner": "EV Mobile",
        "seconds": 1.5,
    }


def test_text_is_for_people(written):
    lines = written("text")
    log.warning("given up after %d tries", 3, extra={"partner": "EV Mobile", "delivery": 17})
    (line,) = lines()
    assert line.endswith("Z WARNING hub.of.this.test given up after 3 tries partner='EV Mobile' delivery=17")


def test_where_there_is_no_terminal_it_is_json(written):
    lines = written("auto")
    log.info("x")
    assert json.loads(lines()[0])["event"] == "x"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_end_in_a_value_makes_no_second_event(written, form):
    lines = written(form)
    log.info("refused\nand", extra={"why": "x\n2026-01-01T00:00:00Z ERROR made up", "partner": "a\nb"})
    assert len(lines()) == 1


def test_a_fault_is_told_with_where_it_arose_and_without_secrets(written):
    lines = written("json")
    try:
        int("Authorization: Token abcdefghij")
    except ValueError:
        log.exception("failed")
    (line,) = lines()
    fault = json.loads(line)["fault"]
    assert "test_logs.py" in fault
    assert "abcdefghij" not in line


def test_what_is_under_way_is_told_with_every_event_inside(written):
    lines = written("json")
    with logs.about(partner="EV Mobile", correlation_id="c-1"), logs.about(delivery=7):
        log.info("inside")
    log.info("outside")
    inside, outside = map(json.loads, lines())
    assert (inside["partner"], inside["correlation_id"], inside["delivery"]) == ("EV Mobile", "c-1", 7)
    assert "partner" not in outside


def test_a_refusal_is_told_with_the_ids_of_its_request_and_the_partner(written, cpo):
    lines = written("json")
    cpo.put("locations/NL/CPO/L1", example("2.2.1", "locations", id="L1"))
    assert lines() == []  # what goes well is counted, not told
    body = {"id": "L1", "name": "a document that is nobody's business"}
    answer = cpo.receiver("PUT", "locations/NL/CPO/L1", body, X_Request_ID="r-1", X_Correlation_ID="c-1")
    assert code(answer) == (200, 2001)
    (line,) = lines()
    event = json.loads(line)
    assert (event["event"], event["code"], event["partner"]) == ("refused", 2001, "CPO NL/CPO")
    assert (event["request_id"], event["correlation_id"]) == ("r-1", "c-1")
    assert event["route"] == "/ocpi/2.2.1/receiver/locations/<country_code>/<party_id>/<object_id>"
    assert "country_code" in event["fields"]
    assert "nobody's business" not in line


def test_no_token_card_or_contract_of_a_flow_is_in_the_log(written, app, cpo, emsp, monkeypatch):
    """Threats 29 and 30: with every way to refuse and to fail that a flow has."""
    lines = written("json")
    token = example("2.2.1", "tokens", uid="04AABBCCDDEEFF", contract_id="NL-TNM-C12204391-X")
    emsp.put("tokens/DE/MSP/04AABBCCDDEEFF", token)
    emsp.put("tokens/DE/MSP/04AABBCCDDEEFF", token | {"type": 7, "valid": "perhaps"})
    emsp.put("tokens/DE/MSP/OTHER", token)
    emsp.patch("tokens/DE/MSP/04AABBCCDDEEFF", {"contract_id": "NL-TNM-C12204391-X"})
    cpo.sender("POST", "tokens/04AABBCCDDEEFF/authorize", b"{nonsense")
    cpo.sender("POST", "tokens/04AABBCCDDEE00/authorize")
    stolen = "Token " + cpo.token[:-1] + "x"
    app.test_client().get("/ocpi/2.2.1/sender/tokens", headers={"Authorization": stolen})
    app.test_client().get(f"/ocpi/2.2.1/sender/tokens/{emsp.token}")
    monkeypatch.setattr(watch, "SLOW", 0.0)
    cpo.sender("POST", "tokens/04AABBCCDDEEFF/authorize")
    monkeypatch.setattr(app.extensions["hub"].store, "unit", None)  # a fault of ours
    emsp.put("tokens/DE/MSP/04AABBCCDDEEFF", token)
    told = "\n".join(lines())
    assert "request failed" in told
    assert "slow request" in told
    assert told.count('"refused"') >= 4
    for secret in (cpo.token, emsp.token, stolen, "04AABBCCDDEEFF", "04AABBCCDDEE00", "C12204391"):
        assert secret not in told
