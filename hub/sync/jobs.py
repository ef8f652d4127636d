"""The jobs: what is done again and again, and the hand of the clock that gives what is due to threads."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC
from time import monotonic

from apscheduler.schedulers.background import BackgroundScheduler

from hub.hub import Hub
from hub.ocpi.errors import OcpiError
from hub.parties import introduction, registration, registry
from hub.parties.partner import Status
from hub.parties.problems import PartnerProblem
from hub.prices.book import taking_force
from hub.prices.past import history
from hub.prices.shown import turning
from hub.store.schedules import schedules
from hub.sync import completeness, curves, overdue, presence, pulling, retention, schedule, schedule_defaults
from hub.sync import quarantine as rereading
from hub.sync.run import Interrupted, Outcome, Run
from hub.sync.schedule import FAILED, SKIPPED, Scheduled
from hub.sync.schedule_defaults import (
    ALIVE,
    COMPLETENESS,
    CRAWL,
    CURVES,
    HISTORY,
    INTRODUCE,
    OVERDUE,
    PRICES,
    PULL,
    REREAD,
    RETENTION,
    ROTATE,
)

log = logging.getLogger(__name__)

TICK = 0.5
THREADS = 8
"""Runs at a time in one process; one partner has at most one of them, in all processes together."""
URGENT = (PRICES,)
"""Jobs that are done at their instant, also while eight long runs have all the threads."""
AWAY = 5.0
RENEWED_EVERY = 10.0
"""Seconds after which the claims of runs under way are renewed."""


def rotate(run: Run) -> Outcome:
    """New tokens for both sides (CRED-19)."""
    assert run.partner is not None
    try:
        registration.update(run.hub, run.partner)
    except (OcpiError, PartnerProblem) as failure:
        return Outcome(FAILED, str(failure))
    return Outcome(told="both sides have new tokens")


def introduce(run: Run) -> Outcome:
    """A partner that lists who is behind the hub is told when that has changed; both sides have new tokens
    then, for that is how OCPI tells it (CRED-22)."""
    partner, hub = run.partner, run.hub
    assert partner is not None
    version = str(partner.version)
    if version not in introduction.LISTING:
        return Outcome(SKIPPED, f"OCPI {version} has no list of who is behind a hub")
    with hub.store.reading() as unit:
        if introduction.is_known(unit, hub.settings.party, version, partner.id):
            return Outcome(told="it knows who is connected")
    renewed = rotate(run)
    return renewed if renewed.state == FAILED else Outcome(told="it was told who is connected now")


def take_force(run: Run) -> Outcome:
    """Prices whose instant has come, and what partners see otherwise since."""
    count = taking_force.all_due(run.hub.store)
    turning.catch_up(run.hub.store)
    told = f"{count} tariff{'' if count == 1 else 's'} changed"
    return Outcome(told=told, finish=turning.wake_for_next)


def keep_history(run: Run) -> Outcome:
    """The CDRs that have come since, packed for what-if questions."""
    count = history.fill(run.hub.store, lambda: run.over)
    return Outcome(told=f"{count} CDR{'' if count == 1 else 's'} packed", again=run.over)


JOBS: Mapping[str, Callable[[Run], Outcome]] = {
    PULL: pulling.pull,
    CRAWL: pulling.whole,
    ALIVE: presence.check,
    ROTATE: rotate,
    INTRODUCE: introduce,
    REREAD: rereading.reread,
    RETENTION: retention.forget,
    OVERDUE: overdue.watch,
    PRICES: take_force,
    CURVES: curves.look,
    HISTORY: keep_history,
    COMPLETENESS: completeness.nightly,
}


@dataclass
class Jobs:
    """The jobs of one process. Any number of processes may have one: claims in the database keep them apart.

    under_way  the claims that this process holds
    """

    hub: Hub
    jobs: Mapping[str, Callable[[Run], Outcome]] = field(default_factory=lambda: JOBS)
    lease: int = schedule.LEASE
    under_way: dict[int, Scheduled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(THREADS + len(URGENT), thread_name_prefix="job")
        self._renewed: float | None = None
        self._clock = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Let the clock go; it is no more than that: what is due stands in the database."""
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # a tick that waits is no news
        self._clock.add_job(self.tick, "interval", seconds=TICK)
        self._clock.start()

    def tick(self) -> None:
        """Claim what is due while there are free threads, and hand it to them; never waits for a job."""
        try:
            self.renew()
            self.claim_all()
        except Exception:  # the database is away: slots stay due until it is back
            log.exception("schedules wait")
            self._stopping.wait(AWAY)

    def claim_all(self) -> None:
        while not self._stopping.is_set() and len(self.under_way) < THREADS:
            claim = self.claim()
            if claim is None:
                return
            self.begin(claim)
        if not self._stopping.is_set():
            self.hurry()

    def hurry(self) -> None:
        """All threads are busy: what may not wait has one of its own."""
        with self.hub.store.reading() as unit:
            due = schedule.listed(unit, schedules.c.job.in_(URGENT), schedule.ready(unit.now))
        for each in due:
            with self.hub.store.unit() as unit:
                claim = schedule.claim_one(unit, each, self.lease)
            if claim is not None:
                self.begin(claim)

    def stop(self) -> None:
        """Runs under way leave off where it is safe; another process goes on with them."""
        self._stopping.set()
        if self._clock.running:
            self._clock.shutdown(wait=True)
        self._threads.shutdown(wait=True)

    def at_once(self, wanted: Scheduled) -> bool:
        """Do this now and wait for its end; False when somebody is at it or at another job of its partner."""
        with self.hub.store.unit() as unit:
            claim = schedule.claim_one(unit, wanted, self.lease)
        if claim is None:
            return False
        ended = self.begin(claim)
        while not wait([ended], RENEWED_EVERY / 2).done:
            self.renew()
        return True

    def begin(self, claim: Scheduled) -> Future[None]:
        with self._lock:
            self.under_way[claim.id] = claim
        return self._threads.submit(self.run, claim)

    def renew(self) -> None:
        """Now and then: what is under way stays ours, and no clock that was wrong holds anything up."""
        now = monotonic()
        if self._renewed is None:
            with self.hub.store.unit() as unit:
                schedule_defaults.of_hub(unit)
        elif now - self._renewed < RENEWED_EVERY:
            return
        self._renewed = now
        with self._lock:
            held = list(self.under_way.values())
        with self.hub.store.reading() as unit:
            far = schedule.strayed(unit)
        if held or far:
            with self.hub.store.unit() as unit:
                schedule.straighten(unit, far)
                schedule.extend(unit, held, self.lease)

    def claim(self) -> Scheduled | None:
        with self._lock:
            busy = {claim.partner_id for claim in self.under_way.values() if claim.partner_id is not None}
        with self.hub.store.reading() as unit:
            if not schedule.candidates(unit, busy):  # an idle hub writes nothing
                return None
        with self.hub.store.unit() as unit:
            return schedule.claim(unit, busy, self.lease)

    def run(self, claim: Scheduled) -> None:
        """One slot, from its beginning to what is written of its end."""
        try:
            self.conclude(claim, self.outcome(claim))
        except Interrupted:
            with self.hub.store.unit() as unit:
                schedule.give_back(unit, claim)
        except Exception:  # the claim lapses, and the slot is taken once more
            log.exception("the end of a run could not be written", extra={"schedule": claim.name})
        finally:
            with self._lock:
                del self.under_way[claim.id]

    def outcome(self, claim: Scheduled) -> Outcome:
        """What the job tells; a fault of ours is told too, and the slot tried again."""
        partner = None
        if claim.partner_id is not None:
            with self.hub.store.reading() as unit:
                partner = registry.by_id(unit, claim.partner_id)
            if partner is None or not registry.is_connected(partner):
                return Outcome(SKIPPED, "the partner is not connected")
            if partner.status is Status.OFFLINE and claim.job != ALIVE:  # HCI-06
                return Outcome(SKIPPED, "the partner is OFFLINE; it is asked when it returns")
        try:
            return self.jobs[claim.job](Run(self.hub, partner, claim.module, self._stopping))
        except Interrupted:
            raise
        except Exception as fault:
            log.exception("a job failed", extra={"schedule": claim.name})
            return Outcome(FAILED, f"a fault of the hub: {type(fault).__name__}: {fault}")

    def conclude(self, claim: Scheduled, outcome: Outcome) -> None:
        """Write how it ended, together with what the job writes last: unless the claim was lost meanwhile."""
        with self.hub.store.unit() as unit:
            if not schedule.conclude(unit, claim, outcome.state, outcome.told):
                return
            if outcome.finish is not None:
                outcome.finish(unit)
            if outcome.again:
                schedule.run_now(unit, claim)
