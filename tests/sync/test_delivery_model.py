"""Whatever happens in whatever order, each partner ends up with the latest state of each object.

A model holds the latest revision of every object, and what each partner has processed. The rules are those of
life: objects change, workers claim, send, die before or after sending; partners fail, lose answers, refuse;
leases lapse; operators replay.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from delivering import Post
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from platforms import connected
from sqlalchemy import select

from hub.app import create_app
from hub.ocpi.module import Role
from hub.settings import Settings
from hub.store import documents
from hub.store.deliveries import deliveries
from hub.sync import watching
from hub.sync.claiming import Mark
from hub.sync.outcomes import DONE, Outcome
from hub.sync.watching import Filter

PARTNERS = ("DE/AAA", "DE/BBB")
NAMES = st.sampled_from(["X", "Y", "Z"])
FAILURES = st.sampled_from([Outcome.FAILED, Outcome.UNREACHED, Outcome.UNAUTHORISED, Outcome.MISSING])


class Life(RuleBasedStateMachine):
    """`claimed` are tries under way, each with the revision that was read for it."""

    databases: Iterator[str]
    claimed = Bundle("claimed")

    def __init__(self) -> None:
        super().__init__()
        url = next(self.databases)
        self.app = create_app(Settings(database_url=url, secret_key="a secret of the tests alone, 32+"))
        self.post = Post(self.app.extensions["hub"])
        self.ids = [connected(self.app, party, Role.EMSP, "2.2.1").id for party in PARTNERS]
        self.latest: dict[int, int] = {}
        self.processed: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def teardown(self) -> None:
        """In the end everybody is well again, and all that is owed arrives."""
        with self.post.hub.store.unit() as unit:
            watching.replay(unit, Filter())
        for _ in range(60):
            self.post.pass_by(1000)
            for mark in self.post.claim():
                self.accepted(mark, self.read(mark))
        for (_, document), seen in self.processed.items():
            assert seen[-1] == self.latest[document]
        assert len(self.processed) == len(self.ids) * len(self.latest)
        self.app.extensions["hub"].store.close()
        self.app.extensions["hub"].client.close()

    # ------------------------------------------------------------------------------------- what happens

    @rule(name=NAMES)
    def changes(self, name: str) -> None:
        rev = self.post.publish(name)
        with self.post.hub.store.reading() as unit:
            found = documents.where(unit, "locations")
        self.latest |= {each.seq: each.rev for each in found}
        assert rev in self.latest.values()

    @rule(target=claimed, most=st.integers(1, 6))
    def claims(self, most: int) -> Any:
        return multiple(*((mark, self.read(mark)) for mark in self.post.claim(most)))

    @rule(taken=consumes(claimed))
    def is_accepted(self, taken: tuple[Mark, int]) -> None:
        self.accepted(*taken)

    @rule(taken=consumes(claimed))
    def loses_the_answer(self, taken: tuple[Mark, int]) -> None:
        mark, rev = taken
        self.sent(mark, rev)
        self.post.end(Outcome.UNSURE, mark, rev=rev)

    @rule(taken=consumes(claimed))
    def is_stopped_before_it_can_write(self, taken: tuple[Mark, int]) -> None:
        mark, rev = taken
        self.sent(mark, rev)
        self.post.pass_by(50)
        self.post.claim()
        self.post.end(Outcome.ACCEPTED, mark, rev=rev)

    @rule(taken=consumes(claimed))
    def dies_before_sending(self, taken: tuple[Mark, int]) -> None:
        pass

    @rule(taken=consumes(claimed))
    def dies_after_sending(self, taken: tuple[Mark, int]) -> None:
        self.sent(*taken)

    @rule(taken=consumes(claimed), outcome=FAILURES)
    def fails(self, taken: tuple[Mark, int], outcome: Outcome) -> None:
        self.post.end(outcome, taken[0], rev=taken[1])

    @rule(taken=consumes(claimed))
    def is_refused(self, taken: tuple[Mark, int]) -> None:
        self.post.end(Outcome.REFUSED, taken[0], rev=taken[1])

    @rule(seconds=st.sampled_from([1, 10, 50, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.post.pass_by(seconds)

    @rule()
    def an_operator_replays(self) -> None:
        with self.post.hub.store.unit() as unit:
            watching.replay(unit, Filter())

    # ------------------------------------------------------------------------------------- what must hold

    @invariant()
    def what_is_done_is_at_the_partner(self) -> None:
        for row in self.rows():
            seen = self.processed[row.partner_id, row.document]
            if row.state == DONE:
                assert seen
                assert seen[-1] == self.latest[row.document]

    @invariant()
    def nobody_is_forgotten(self) -> None:
        known = {(row.partner_id, row.document) for row in self.rows()}
        assert known == {(partner, document) for partner in self.ids for document in self.latest}

    @invariant()
    def no_object_goes_back(self) -> None:
        for seen in self.processed.values():
            assert seen == sorted(seen)

    # ------------------------------------------------------------------------------------- the model's hands

    def rows(self) -> list[Any]:
        with self.post.hub.store.reading() as unit:
            return list(unit.connection.execute(select(deliveries)))

    def read(self, mark: Mark) -> int:
        """The revision that is sent: the one there is when the request is made."""
        return self.latest[mark.document]

    def sent(self, mark: Mark, rev: int) -> None:
        """Nothing is sent when the claim might lapse meanwhile, as `sender.send` has it."""
        if self.holds(mark):
            self.processed[mark.partner_id, mark.document].append(rev)

    def accepted(self, mark: Mark, rev: int) -> None:
        if self.holds(mark):
            self.sent(mark, rev)
            self.post.end(Outcome.ACCEPTED, mark, rev=rev)

    def holds(self, mark: Mark) -> bool:
        return mark.until - self.post.now > 20_000_000


def databases(engine: str, request: pytest.FixtureRequest, folder: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if engine == "sqlite":
            file = f"{folder}/{number}.sqlite"
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
            yield f"sqlite:///{file}"
        else:
            template = request.getfixturevalue("postgres_template")
            yield request.getfixturevalue("postgres").create(f"life_{number}", template)


def test_a_partner_ends_up_with_the_latest_state_whatever_happens(database_engine, request):
    with tempfile.TemporaryDirectory() as folder:
        Life.databases = databases(database_engine, request, folder)
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=15,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
