"""`hub session`: what holds a session up and what to do about it; how one was priced, line by line."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from platforms import Platform, code

from hub import cli
from hub.billing.holding import Held
from hub.billing.remedies import REMEDIES
from hub.settings import Settings

Run = Callable[..., tuple[int, str, str]]
START = "2025-03-10T07:00:00Z"
ELEMENTS = [{"price_components": [{"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 1}]}]


@pytest.fixture
def run(settings: Settings, capsys, monkeypatch) -> Run:
    """Runs `hub session ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["session", *words])
        return code, *capsys.readouterr()

    return run


def listed(run: Run, *words: str) -> Any:
    return json.loads(run("list", *words, "--json")[1], parse_float=Decimal)


def publish_location(cpo: Platform, *tariff_ids: str) -> None:
    connector = example("2.2.1", "connectors", id="1", tariff_ids=list(tariff_ids) or None)
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    location = example("2.2.1", "locations", evses=[evse], last_updated=START)
    assert code(cpo.put("locations/NL/CPO/HARBOUR", location))[1] == 1000


def publish_tariff(cpo: Platform) -> None:
    body = example("2.2.1", "tariffs", id="T", elements=ELEMENTS, min_price=None, max_price=None)
    assert code(cpo.put("tariffs/NL/CPO/T", body | {"last_updated": START}))[1] == 1000


def charge_at(cpo: Platform, identity: str, **changes: Any) -> None:
    period = {
        "start_date_time": "2025-03-10T08:00:00Z",
        "dimensions": [{"type": "ENERGY", "volume": 20}, {"type": "TIME", "volume": Decimal("1.75")}],
    }
    body = example("2.2.1", "sessions", id=identity, kwh=20, charging_periods=[period], total_cost=None)
    assert code(cpo.put(f"sessions/NL/CPO/{identity}", body | {"status": "COMPLETED"} | changes))[1] == 1000


@pytest.fixture
def billed(cpo: Platform, emsp: Platform) -> None:
    publish_tariff(cpo)
    publish_location(cpo, "T")
    charge_at(cpo, "Sess-1")


@pytest.fixture
def held(cpo: Platform) -> None:
    publish_location(cpo)
    charge_at(cpo, "Sess-1")


def reasons(kind: type[Held]) -> set[str]:
    return {each.code for each in kind.__subclasses__()}


def test_every_reason_has_a_remedy():
    assert set(REMEDIES) == reasons(Held)


def test_a_held_session_is_listed_with_code_and_remedy(run, held):
    code, out, errors = run("list", "--held")
    heading, session, remedy = out.splitlines()
    assert (code, errors) == (0, "")
    assert heading.split() == [
        "Party",
        "Session",
        "Status",
        "Start",
        "kWh",
        "Billing",
        "Reason",
        "Net",
        "CDR",
    ]
    assert session.split()[:7] == [
        *("NL/CPO", "Sess-1", "COMPLETED", "2025-03-10T08:00:00Z"),
        *("20", "HELD", "TARIFF_NONE"),
    ]
    assert remedy == f"TARIFF_NONE: {REMEDIES['TARIFF_NONE']}"


def test_a_script_reads_code_reason_and_remedy(run, held):
    (told,) = listed(run, "--held")
    assert (told["party"], told["id"], told["billing"]) == ("NL/CPO", "Sess-1", "HELD")
    assert told["code"] == "TARIFF_NONE"
    assert told["reason"].startswith("The connector names no tariff")
    assert told["remedy"] == REMEDIES["TARIFF_NONE"]
    assert told["cdr_id"] is None


def test_the_list_tells_what_was_billed(run, billed):
    (told,) = listed(run)
    assert (told["billing"], told["before_taxes"], told["currency"]) == ("RATED", 5, "EUR")
    assert told["cdr_id"]
    assert told["cdr_id"] in run("list")[1]
    assert run("list", "--held")[1] == ""


def test_the_list_is_of_one_party_and_of_the_newest(run, held, cpo, connect):
    charge_at(cpo, "Sess-2")
    assert [told["id"] for told in listed(run)] == ["Sess-2", "Sess-1"]
    assert listed(run, "--party", "DE/CPO") == []
    assert len(listed(run, "--party", "nl/cpo")) == 2
    _, out, errors = run("list", "--limit", "1", "--json")
    assert [told["id"] for told in json.loads(out)] == ["Sess-2"]
    assert errors == "hub: these are the newest 1; see --limit for more.\n"


def test_a_billed_session_is_shown_with_its_lines_and_its_cdr(run, billed):
    code, out, _ = run("show", "NL/CPO", "sess-1")
    assert code == 0
    assert "billing  billed by the hub" in out
    assert "place    HARBOUR / EVSE-1 / 1" in out
    assert "energy   20 kWh" in out
    assert "element 0: always" in out
    assert listed(run)[0]["cdr_id"] in out


def test_a_script_reads_the_session_and_its_quote(run, billed):
    told = json.loads(run("show", "NL/CPO", "Sess-1", "--json")[1], parse_float=Decimal)
    assert told["session"]["auth_method"] == "WHITELIST"
    (line,) = told["quote"]["lines"]
    assert (line["billed_quantity"], line["unit_price"], line["before_taxes"]) == (20, Decimal("0.25"), 5)
    assert (told["quote"]["before_taxes"], told["quote"]["after_taxes"]) == (5, Decimal("5.5"))


def test_a_held_session_is_shown_with_what_to_do(run, held):
    _, out, _ = run("show", "NL/CPO", "Sess-1")
    assert "held: it cannot be billed yet" in out
    assert "TARIFF_NONE" in out
    assert REMEDIES["TARIFF_NONE"] in " ".join(out.split())


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("ACTIVE", "billed when it is completed"),
        ("INVALID", "never billed: the session is INVALID"),
    ],
)
def test_a_session_that_is_not_billed_says_why(run, cpo, status, says):
    charge_at(cpo, "Sess-1", status=status)
    assert says in run("show", "NL/CPO", "Sess-1")[1]
    code, _, errors = run("rate", "NL/CPO", "Sess-1")
    assert (code, errors) == (1, f"hub: it is {status}. Only a completed session is billed.\n")


def test_what_is_left_to_the_cpo_is_said_to_be(run, cpo, emsp):
    cpo.set(hub_issues_cdrs=False)
    charge_at(cpo, "Sess-1")
    assert "the CDR is left to its CPO, and none has come yet" in run("show", "NL/CPO", "Sess-1")[1]
    assert run("rate", "NL/CPO", "Sess-1")[0] == 1
    cdr = example("2.2.1", "cdrs", session_id="Sess-1")
    assert code(cpo.receiver("POST", "cdrs", cdr)) == (201, 1000)
    (told,) = listed(run)
    assert (told["billing"], told["cdr_id"]) == ("OWN", cdr["id"])


def test_a_session_is_rated_when_asked(run, billed, cpo, emsp):
    """One that was left to its CPO, before the operator changed that."""
    cpo.set(hub_issues_cdrs=False)
    charge_at(cpo, "Sess-2")
    cpo.set(hub_issues_cdrs=True)
    code, out, errors = run("rate", "NL/CPO", "Sess-2")
    assert (code, errors) == (0, "")
    assert out == f"Billed 5 EUR before taxes by CDR {listed(run)[0]['cdr_id']}.\n"
    assert [cdr["session_id"] for cdr in emsp.pulled("cdrs")] == ["Sess-1", "Sess-2"]
    again = run("rate", "NL/CPO", "Sess-2")
    assert again == (1, "", "hub: it is not held but RATED. See `hub session show`.\n")


def test_a_session_that_still_cannot_be_billed_says_why(run, held):
    code, out, errors = run("rate", "NL/CPO", "Sess-1")
    assert (code, out) == (1, "")
    assert errors.startswith("hub: Sess-1 is still held: TARIFF_NONE: The connector names no tariff")
    assert REMEDIES["TARIFF_NONE"] in errors
    assert errors.count("\n") == 1


def test_an_unknown_session_and_a_party_that_is_none_are_one_line(run, held):
    code, _, errors = run("show", "NL/CPO", "Sess-9")
    assert (code, errors) == (
        1,
        "hub: NL/CPO has no session Sess-9. `hub session list` shows those there are.\n",
    )
    assert run("show", "CPO", "Sess-1")[0] == 2
