"""What was put aside is read again, and what is missing is found: for sessions and CDRs as well."""

import dataclasses

import pytest
from factories import example
from odd_list import Answer, connect, odd_list

from hub import cli
from hub.demo.wire import later, now, stamp
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.store import charges, findings
from hub.store import quarantine as entries
from hub.store.documents import TABLES
from hub.sync import completeness
from hub.sync import quarantine as rereading
from hub.sync.slots import SECOND

LISTS = ("locations", "tariffs", "sessions", "cdrs")


@pytest.fixture
def lists(clockwork):
    """The CPO "Odd": what stands in each of its lists, by module."""
    shown = {module: [] for module in LISTS}
    with odd_list() as server:
        connect(clockwork.hub, server, LISTS)
        server.script = lambda query: Answer(shown[server.asked[-1]["path"].strip("/")])
        shown["server"] = server
        with clockwork.hub.store.unit() as unit:
            registry.invite(unit, "An eMSP", [(Role.EMSP, Party("DE", "MSP"))])
        yield shown


def settle(clockwork, **settings):
    with clockwork.hub.store.unit() as unit:
        partner = registry.named(unit, "Odd")
        changed = registry.set_settings(unit, partner.id, dataclasses.replace(partner.settings, **settings))
        assert changed is None


def aside(clockwork):
    with clockwork.hub.store.reading() as unit:
        return entries.latest(unit, 99)


def kinds(clockwork):
    with clockwork.hub.store.unit() as unit:
        completeness.look(unit)
        return sorted((found.missing.kind, found.missing.object_key) for found in findings.all_of(unit))


def soon(**fields):
    """Session and CDR of now, for what was before the connection is not asked for."""
    return {"last_updated": stamp(now())} | fields


def test_a_completed_session_that_was_never_pushed_is_pulled_and_billed(clockwork, lists):
    lists["locations"] = [example("2.2.1", "locations")]
    lists["tariffs"] = [example("2.2.1", "tariffs")]
    lists["sessions"] = [example("2.2.1", "sessions", **soon(status="COMPLETED"))]
    for module in ("locations", "tariffs", "sessions"):
        assert clockwork.run("pull", module).told == "1 new"
    (asked,) = [each for each in lists["server"].asked if each["path"] == "/sessions"]
    assert "date_from" in asked  # SES-18
    with clockwork.hub.store.reading() as unit:
        key = str(lists["sessions"][0]["id"]).upper()
        assert charges.of_session(unit, "NLCPO", key) is not None


def test_a_completed_session_changes_no_more_also_when_pulled(clockwork, lists):  # SES-08
    lists["sessions"] = [example("2.2.1", "sessions", **soon(status="COMPLETED"))]
    clockwork.run("pull", "sessions")
    lists["sessions"] = [lists["sessions"][0] | {"kwh": 99, "last_updated": later(stamp(now()), minutes=1)}]
    assert clockwork.run("pull", "sessions").told == "1 in quarantine"
    (entry,) = aside(clockwork)
    assert "COMPLETED" in entry.error


def test_a_cdr_is_pulled_once_and_another_one_of_its_id_is_refused(clockwork, lists):  # CDR-03, CDR-04
    lists["cdrs"] = [example("2.2.1", "cdrs", **soon())]
    assert clockwork.run("pull", "cdrs").told == "1 new"
    assert clockwork.run("pull", "cdrs").told == "1 same"
    lists["cdrs"] = [lists["cdrs"][0] | {"remark": "another"}]
    assert clockwork.run("pull", "cdrs").told == "1 in quarantine"
    with clockwork.hub.store.reading() as unit:
        (charge,) = unit.connection.execute(charges.charges.select()).all()
    assert charge.state == charges.OWN


def test_what_lies_aside_is_read_again_when_its_partner_is_read_otherwise(clockwork, lists):
    lists["locations"] = [example("2.2.1", "locations") | {"country": "NLD ", "time_zone": "Mars"}]
    clockwork.run("pull", "locations")
    assert [entry.times for entry in aside(clockwork)] == [1]
    assert rereading.waiting(clockwork.hub.store) == []
    settle(clockwork, time_zone="Europe/Amsterdam")
    assert len(rereading.waiting(clockwork.hub.store)) == 1
    clockwork.jobs.tick()
    assert clockwork.run("reread").told == "1 still bad"
    assert [entry.times for entry in aside(clockwork)] == [2]
    assert rereading.waiting(clockwork.hub.store) == []


def test_what_is_too_long_is_kept_in_part_and_not_read_again(clockwork, lists):
    lists["locations"] = [{"id": "LONG", "name": "x" * 100_000}]
    clockwork.run("pull", "locations")
    (entry,) = aside(clockwork)
    assert (entry.cut, len(entry.raw)) == (True, entries.RAW_LIMIT)
    settle(clockwork, time_zone="Europe/Amsterdam")
    assert rereading.waiting(clockwork.hub.store) == []


def test_what_is_missing_is_found_and_cleared_when_it_is_there(clockwork, lists):
    lists["sessions"] = [example("2.2.1", "sessions", **soon(status="COMPLETED", id="S-1"))]
    lists["cdrs"] = [example("2.2.1", "cdrs", **soon(id="C-2", session_id="S-2"))]
    clockwork.run("pull", "sessions")
    clockwork.run("pull", "cdrs")
    with clockwork.hub.store.unit() as unit:
        table = TABLES["sessions"]
        unit.connection.execute(table.update().values(received_at=unit.now - 25 * 3600 * SECOND))
    alone = ("cdr-without-receiver", "C-2")
    assert kinds(clockwork) == [alone, ("cdr-without-session", "C-2"), ("session-without-cdr", "S-1")]
    with clockwork.hub.store.reading() as unit:
        first = {found.missing.kind: found.first_at for found in findings.all_of(unit)}
    kinds(clockwork)
    with clockwork.hub.store.reading() as unit:
        assert {found.missing.kind: found.first_at for found in findings.all_of(unit)} == first
    lists["sessions"] = [example("2.2.1", "sessions", **soon(status="ACTIVE", id="S-2"))]
    clockwork.run("pull", "sessions")
    assert kinds(clockwork) == [alone, ("session-without-cdr", "S-1")]


def test_what_was_pushed_and_is_not_listed_and_the_reverse_is_found(clockwork, lists):
    lists["locations"] = [example("2.2.1", "locations", id="L-1"), example("2.2.1", "locations", id="L-2")]
    clockwork.run("pull", "locations")
    lists["locations"] = [lists["locations"][0], {"id": "L-3"}]
    clockwork.run("crawl", "locations")
    assert kinds(clockwork) == [("unlisted", "L-2"), ("unreadable", "L-3")]


def test_the_commands_show_and_set_it_all(clockwork, lists, monkeypatch, capsys):
    settings = clockwork.hub.settings
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", str(settings.secret_key))
    monkeypatch.setenv("HUB_ALLOW_NETWORKS", "127.0.0.0/8")
    lists["locations"] = [example("2.2.1", "locations", id="L-1"), {"id": "L-3"}]

    def told(*words, code=0):
        assert cli.run(list(words)) == code, capsys.readouterr()
        return capsys.readouterr().out

    assert "1 in quarantine, 1 new" in told("sync", "pull", "--partner", "Odd", "--module", "locations")
    identity = str(clockwork.scheduled("pull", "locations").id)
    assert '"outcome": "partial"' in told("schedule", "list", "--partner", "Odd", "--json")
    assert "locations" in told("schedule", "list", "--job", "pull")
    assert "30 4 * * *" in told("schedule", "set", identity, "--every", "30 4 * * *")
    assert "cron" not in told("schedule", "set", identity, "--every", "now and then", code=2)
    for word in ("pause", "resume", "run-now"):
        assert "pull locations" in told("schedule", word, identity)
    assert "1 in quarantine, 1 same" in told("schedule", "run-now", identity, "--wait")
    (entry,) = aside(clockwork)
    assert "L-3" in told("quarantine", "list")
    assert '{"id":"L-3"}' in told("quarantine", "show", str(entry.id))
    told("quarantine", "retry", str(entry.id), code=1)
    assert "unreadable" in told("sync", "check", code=1)
    lists["locations"] = [example("2.2.1", "locations", id=each) for each in ("L-1", "L-3")]
    told("sync", "pull", "--partner", "Odd", "--module", "locations", "--whole")
    assert told("sync", "check", "--partner", "Odd") == "Nothing is missing.\n"


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_every_list_of_a_cpo_is_read_in_its_own_version(clockwork, version):
    with odd_list() as server:
        connect(clockwork.hub, server, LISTS, version)
        settle(clockwork, counterpart=Party("DE", "MSP"), hub_issues_cdrs=False)
        shown = {module: [example(version, module, **soon())] for module in LISTS}
        server.script = lambda query: Answer(shown[server.asked[-1]["path"].strip("/")])
        assert {clockwork.run("pull", module).told for module in LISTS} == {"1 new"}
        assert {clockwork.run("pull", module).told for module in LISTS} == {"1 same"}
