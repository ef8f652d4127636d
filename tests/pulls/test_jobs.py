"""What is scheduled is done: once, by one at a time with a partner, while the clock goes on."""

import threading
from time import monotonic

import pytest
from factories import example
from odd_list import Answer

from hub.demo.partner import partner
from hub.parties import registry
from hub.parties.partner import Status
from hub.store import runs
from hub.store.schedules import schedules
from hub.store.unit import utc_micros
from hub.sync import jobs, presence, schedule, schedule_defaults
from hub.sync.jobs import Jobs
from hub.sync.run import Outcome
from hub.sync.schedule import Due
from hub.sync.slots import SECOND
from hub.sync.worker import Worker

HOUR = 3600 * SECOND
WEEK = 7 * 24 * HOUR


@pytest.fixture
def probes(clockwork, monkeypatch):
    """The only schedules are those that a test puts down. The clock stands still in the middle of a day, far
    from the slots of every interval, so that none comes while a test runs."""
    monkeypatch.setattr(schedule_defaults, "OF_HUB", ())
    noon = (utc_micros() // WEEK + 1) * WEEK + 12 * HOUR + HOUR // 2
    clockwork.hub.store.clock = lambda: noon
    return clockwork


def put_down(clockwork, partner_id, *due, at_once=("probe",)):
    with clockwork.hub.store.unit() as unit:
        schedule.put_down(unit, partner_id, due, at_once=at_once)


def until(condition, seconds=60):
    """Wait for a condition that other threads make true."""
    tick, over = threading.Event(), monotonic() + seconds
    while not condition():
        assert monotonic() < over
        tick.wait(0.02)


def test_slots_that_nobody_ran_are_covered_by_one_run(probes):
    ran = []
    work = Jobs(probes.hub, {"probe": lambda run: ran.append(run) or Outcome()})
    put_down(probes, None, Due("probe", None, "1h", 0))
    with probes.hub.store.unit() as unit:
        unit.connection.execute(schedules.update().values(next_at=unit.now // HOUR * HOUR - 5 * HOUR))
    work.tick()
    until(lambda: probes.scheduled("probe").outcome == "done")
    work.tick()
    done = probes.scheduled("probe")
    assert (len(ran), done.through - done.slot) == (1, 5 * HOUR)
    assert done.next_at == done.through + HOUR
    work.stop()


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_clock_that_is_set_stops_nothing_and_repeats_nothing(probes, step):
    ran = []
    at = utc_micros() // (10 * SECOND) * 10 * SECOND + SECOND  # no slot comes while the test runs
    probes.hub.store.clock = lambda: at
    work = Jobs(probes.hub, {"probe": lambda run: ran.append(run) or Outcome()})
    put_down(probes, None, Due("probe", None, "10s", 0))
    work.tick()
    until(lambda: probes.scheduled("probe").outcome == "done" and not work.under_way)
    probes.hub.store.clock = lambda: at + step
    work._renewed = -1000.0
    work.tick()
    until(lambda: not work.under_way)
    assert len(ran) == (1 if step < 0 else 2)
    assert 0 < probes.scheduled("probe").next_at - probes.hub.store.clock() <= 10 * SECOND
    work.stop()


def test_prices_take_force_also_while_long_runs_have_all_the_threads(probes, monkeypatch):
    monkeypatch.setattr(jobs, "THREADS", 1)
    over, ran = threading.Event(), []

    def long(run):
        over.wait(20)
        return Outcome()

    work = Jobs(probes.hub, {"probe": long, jobs.PRICES: lambda run: ran.append(run) or Outcome()})
    put_down(probes, None, Due("probe", None, "1h", 0))
    work.tick()
    put_down(probes, None, Due(jobs.PRICES, None, "1h", 0), at_once=(jobs.PRICES,))
    work.tick()
    until(lambda: ran)
    assert probes.scheduled("probe").outcome is None
    over.set()
    work.stop()


def test_two_jobs_of_one_partner_are_never_done_at_once(probes, odd):
    other, went = probes.scheduled("alive").partner_id, threading.Event()
    with probes.hub.store.unit() as unit:
        unit.connection.execute(schedules.delete())
    put_down(probes, other, *(Due("probe", each, "1h", 0) for each in ("locations", "tariffs")))
    under_way, most = [], []

    def probe(run):
        under_way.append(run.module)
        most.append(len(under_way))
        went.wait(0.2)
        under_way.remove(run.module)
        return Outcome()

    crowd = [Jobs(probes.hub, {"probe": probe}) for _ in range(2)]
    until(lambda: [work.tick() for work in crowd] and len(most) == 2)
    for work in crowd:
        work.stop()
    assert most == [1, 1]


def test_a_partner_that_hangs_holds_up_neither_the_clock_nor_another_partner(clockwork, odd):
    release = threading.Event()

    def hang(query):
        release.wait(60)
        return Answer([])

    odd.script = hang
    clockwork.jobs.tick()
    until(lambda: odd.asked)
    with partner("EMSP", "2.2.1", "DE/MSP") as emsp:
        emsp.register(clockwork.versions_url, clockwork.invite("EMSP DE/MSP", "EMSP", "DE/MSP"))
        clockwork.jobs.tick()
        until(lambda: clockwork.scheduled("pull", "tokens").outcome == "done")
        assert clockwork.scheduled("pull", "locations").lease is not None
        release.set()
        until(lambda: clockwork.scheduled("pull", "locations").outcome == "done")


def test_all_that_waits_for_one_partner_hides_nothing_of_another(probes, odd):
    whose = probes.scheduled("alive").partner_id
    with probes.hub.store.unit() as unit:
        unit.connection.execute(schedules.delete())
    put_down(probes, whose, *(Due("probe", f"list {number}", "1h", 0) for number in range(60)))
    put_down(probes, None, Due("probe", None, "1h", 0))
    with probes.hub.store.unit() as unit:
        assert schedule.claim(unit).partner_id == whose
        assert schedule.claim(unit).partner_id is None
        assert schedule.claim(unit) is None


def test_what_a_dead_process_was_at_is_taken_over_with_the_same_slot(probes):
    put_down(probes, None, Due("probe", None, "1h", 0))
    with probes.hub.store.unit() as unit:
        dead = schedule.claim(unit)
        assert schedule.claim(unit) is None
    real = probes.hub.store.clock
    probes.hub.store.clock = lambda: real() + schedule.LEASE + SECOND
    with probes.hub.store.unit() as unit:
        taken = schedule.claim(unit)
        assert (taken.slot, taken.through) == (dead.slot, dead.through)
        assert not schedule.conclude(unit, dead, "done", "too late")
        assert schedule.conclude(unit, taken, "done", "")
        told = runs.of_schedule(unit, taken.id, 10)
    assert [(each.outcome, each.slot) for each in told] == [("lost", dead.slot), ("done", dead.slot)]


def test_what_failed_is_tried_again_sooner_than_its_slot_and_less_and_less(probes):
    put_down(probes, None, Due("probe", None, "7d", 0))
    waits = []
    for _ in range(8):
        with probes.hub.store.unit() as unit:
            claim = schedule.claim_one(unit, probes.scheduled("probe"))
            schedule.conclude(unit, claim, "failed", "no answer")
            waits.append((probes.scheduled_in(unit, "probe").next_at - unit.now) // SECOND)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_worker_pulls_what_a_partner_lists_without_being_told_to(clockwork, odd):
    odd.script = lambda query: Answer([example("2.2.1", "locations", id="LOC-1")])
    worker = Worker(clockwork.hub)
    worker.start()
    until(lambda: clockwork.held("locations"))
    worker.stop()


def test_a_fault_of_ours_is_told_and_stops_nothing(probes):
    def broken(run):
        raise ZeroDivisionError

    work = Jobs(probes.hub, {"probe": broken})
    put_down(probes, None, Due("probe", None, "1h", 0))
    work.tick()
    until(lambda: probes.scheduled("probe").outcome == "failed")
    assert "ZeroDivisionError" in probes.scheduled("probe").told
    work.stop()


def test_paused_schedules_wait_and_times_are_changed_while_workers_run(probes):
    put_down(probes, None, Due("probe", None, "1h", 0))
    with probes.hub.store.unit() as unit:
        schedule.pause(unit, probes.scheduled_in(unit, "probe"))
        assert schedule.claim(unit) is None
        schedule.resume(unit, probes.scheduled_in(unit, "probe"))
        assert schedule.claim(unit) is None
        schedule.set_times(unit, probes.scheduled_in(unit, "probe"), "30 4 * * *", 0)
    assert probes.scheduled("probe").next_at % (24 * HOUR) == 4 * HOUR + HOUR // 2


# Whether partners are there --------------------------------------------------------------------------------


def status(clockwork, name):
    with clockwork.hub.store.reading() as unit:
        return registry.named(unit, name).status


def silent(clockwork):
    """Nothing has been heard of anybody for long."""
    with clockwork.hub.store.unit() as unit:
        unit.connection.execute(presence.table.delete())


def test_a_silent_partner_is_asked_and_followed(clockwork, join):  # HCI-05, HCI-06
    cpo = join("CPO", "2.2.1", "NL/EXA")
    assert clockwork.run("alive").told == "it was heard of lately"
    silent(clockwork)
    cpo.misbehave("500", times=9)
    assert clockwork.run("alive").outcome == "failed"
    assert status(clockwork, "CPO NL/EXA") is Status.OFFLINE
    assert clockwork.run("pull", "locations").outcome == "skipped"
    cpo.book.mishaps.clear()
    assert clockwork.run("alive").told == "it answers"
    assert status(clockwork, "CPO NL/EXA") is Status.CONNECTED
    due = clockwork.scheduled("pull", "locations")
    assert due.next_at <= clockwork.hub.store.clock()


def test_a_partner_that_returns_is_asked_for_its_news(clockwork, odd):  # TR-92
    odd.script = lambda query: Answer([example("2.2.1", "locations", id="LOC-1")])
    with clockwork.hub.store.unit() as unit:
        presence.become(unit, registry.named(unit, "Odd"), Status.OFFLINE)
    clockwork.jobs.tick()
    until(lambda: clockwork.scheduled("pull", "locations").outcome == "skipped")
    with clockwork.hub.store.unit() as unit:
        presence.become(unit, registry.named(unit, "Odd"), Status.CONNECTED)
    clockwork.jobs.tick()
    until(lambda: clockwork.scheduled("pull", "locations").outcome == "done")
    assert set(clockwork.held("locations")) == {"LOC-1"}


def test_a_partner_that_talks_all_the_time_costs_one_write_a_minute(clockwork, join, monkeypatch):
    join("CPO", "2.2.1", "NL/EXA")
    with clockwork.hub.store.reading() as unit:
        known = registry.named(unit, "CPO NL/EXA")
        at = presence.last_heard(unit, known.id)
    assert at is not None
    for _ in range(100):
        presence.heard(clockwork.hub.store, known)
    with clockwork.hub.store.reading() as unit:
        assert presence.last_heard(unit, known.id) == at
    real = clockwork.hub.store.clock
    clockwork.hub.store.clock = lambda: real() + 61 * SECOND
    presence.heard(clockwork.hub.store, known)
    with clockwork.hub.store.reading() as unit:
        assert presence.last_heard(unit, known.id) > at


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_tokens_are_renewed_by_the_schedule(clockwork, join, version):  # CRED-19
    cpo = join("CPO", version, "NL/EXA")
    former = cpo.caller.token
    assert clockwork.run("rotate").told == "both sides have new tokens"
    assert cpo.caller.token != former
    cpo.do("publish")
    assert clockwork.run("pull", "locations").outcome == "done"
    assert cpo.book.complaints == []


def test_a_partner_that_lists_who_is_behind_the_hub_is_told_when_that_changes(clockwork, join):  # CRED-22
    cpo = join("CPO", "2.3.0", "NL/EXA")
    former = cpo.caller.token
    assert clockwork.run("introduce").told == "it knows who is connected"
    assert cpo.caller.token == former
    join("EMSP", "2.2.1", "DE/MSP")
    assert clockwork.run("introduce").told == "it was told who is connected now"
    assert cpo.caller.token != former
    assert clockwork.run("introduce").told == "it knows who is connected"
    assert cpo.book.complaints == []


def test_the_schedules_of_a_partner_go_with_its_roles_and_its_version(clockwork, join):
    join("CPO", "2.3.0", "NL/EXA")
    join("EMSP", "2.2.1", "DE/MSP")
    with clockwork.hub.store.unit() as unit:
        schedule_defaults.of_hub(unit)
        told = {(each.job, each.module) for each in schedule.listed(unit)}
    lists = {"locations", "tariffs", "sessions", "cdrs", "tokens"}
    assert {module for job, module in told if job == "pull"} == lists
    assert {module for job, module in told if job == "crawl"} == lists
    assert {job for job, module in told if module is None} == jobs.JOBS.keys() - {"pull", "crawl"}
