"""What each partner was told of a tariff, and when: which version it has confirmed, is owed, or may pull.

A version of the price book becomes a revision in `tariffs` in the transaction that puts it into force, and
what is sent is a revision. So a revision is the latest version of the same content that was in force by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.parties import registry
from hub.parties.partner import Partner
from hub.prices.book import versions
from hub.prices.book.content import content_hash
from hub.prices.book.versions import Version
from hub.prices.shown import coming, readers
from hub.prices.shown.readers import Span
from hub.store import attempts, documents
from hub.store.attempts import Attempt
from hub.store.deliveries import deliveries
from hub.store.documents import Stored
from hub.store.unit import Unit
from hub.sync import watching
from hub.sync.outcomes import DEAD, DONE, DUE, LEASED, WITHHELD
from hub.sync.watching import Owed

MOST_PARTNERS = 10_000
HEARD_BY = sorted(MODULES["tariffs"].heard_by)
CONFIRMED, OWED, REFUSED, HELD_BACK = "confirmed", "owed", "refused", "withheld"
PULLS, NOT_FOR_IT, NOTHING = "pulls", "not for it", "not told yet"
STATES = (CONFIRMED, OWED, REFUSED, HELD_BACK, PULLS, NOT_FOR_IT, NOTHING)
STATE_OF: Mapping[str, str] = {
    DONE: CONFIRMED,
    DUE: OWED,
    LEASED: OWED,
    DEAD: REFUSED,
    WITHHELD: HELD_BACK,
}


@dataclass(frozen=True, slots=True)
class Try:
    """One time that it was sent to a partner; `version` is None where it was sent that there is none."""

    at: int
    version: int | None
    outcome: str
    answer: str | None
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """How one partner stands with a tariff.

    parties   those of it that hear of tariffs
    edition   the version of OCPI that it speaks
    state     one of STATES
    version   the one that it was told of, is owed, or sees when it pulls; None: that there is none (any more)
    owed_at   since when it was owed; ended_at: when that was confirmed, refused or withheld
    delivery  the number for `hub delivery show`
    """

    partner: str
    parties: tuple[Party, ...]
    edition: str | None
    state: str
    version: int | None = None
    owed_at: int | None = None
    ended_at: int | None = None
    answer: str | None = None
    delivery: int | None = None
    tries: tuple[Try, ...] = ()


def of_tariff(unit: Unit, owner: Party, key: str, tries: int) -> list[Told]:
    """Every connected partner that hears of tariffs, with so many of its last tries; in order of name."""
    stored = documents.find(unit, "tariffs", owner, key)
    history = [] if stored is None else list(documents.history(unit, "tariffs", stored.seq))
    tariff = Tariff(unit, owner, key, versions.of_tariff(unit, owner, key), Revisions(history))
    marks = {} if stored is None else marks_of(unit, stored.seq)
    everyone = sorted(registry.everyone(unit), key=lambda each: each.name)
    hearing = [each for each in everyone if registry.is_connected(each) and each.has(*HEARD_BY)]
    return [tariff.told(each, marks.get(each.name), tries) for each in hearing]


def marks_of(unit: Unit, seq: int) -> dict[str, Owed]:
    mine = (deliveries.c.module == "tariffs", deliveries.c.document == seq)
    return {each.partner: each for each in watching.matching(unit, mine, MOST_PARTNERS)}


class Revisions:
    """Every revision of a tariff, the oldest first. Only those that are asked for are read."""

    def __init__(self, history: Sequence[Stored]) -> None:
        self._living = {each.rev: each for each in history if not each.deleted}
        for before, after in pairwise(history):
            if before.received_at == after.received_at and before.body == after.body:
                self._living.pop(after.rev, None)  # one that was deleted is kept as it was before

    def number(self, rev: int, known: Sequence[Version]) -> int | None:
        """Of the version that it was; None where the tariff was deleted."""
        stored = self._living.get(rev)
        if stored is None:
            return None
        digest = content_hash(stored.document.newest)
        saying_so = [each for each in known if each.content_hash == digest and each.taken_at is not None]
        by_then = [each for each in saying_so if (each.taken_at or 0) <= stored.received_at]
        return max((each.number for each in by_then or saying_so), default=None)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What is known of the tariff, for every partner alike."""

    unit: Unit
    owner: Party
    key: str
    known: Sequence[Version]
    revisions: Revisions

    def told(self, partner: Partner, mark: Owed | None, tries: int) -> Told:
        plain = Told(partner.name, partner.parties(*HEARD_BY), partner.version, NOTHING)
        spans = self.hidden_from(plain.parties)
        if mark is not None:
            history = attempts.of_delivery(self.unit, mark.id, tries)
            tried = tuple(self.tried(each, spans) for each in history)
            plain = replace(plain, delivery=mark.id, tries=tried)
        pulls = coming.pulls_only(self.unit, partner)
        if readers.within(spans, self.unit.now) and (pulls or mark is None):
            return replace(plain, state=NOT_FOR_IT)
        if pulls:
            present = next((each.number for each in self.known if each.holds_at(self.unit.now)), None)
            return replace(plain, state=PULLS, version=present)
        return plain if mark is None else self.marked(plain, mark, spans)

    def hidden_from(self, parties: Sequence[Party]) -> Sequence[Span]:
        """The times in which none of the parties may know of it."""
        hidden = readers.hidden_spans(self.unit, parties, self.owner, self.key)
        return () if self.owner in parties else hidden.get(self.owner.code, {}).get(self.key, ())

    def marked(self, plain: Told, mark: Owed, spans: Sequence[Span]) -> Told:
        """Of one that was sent it, or is to be."""
        under_way = mark.done_at is None or mark.state in (DUE, LEASED)
        at = self.unit.now if under_way or mark.done_at is None else mark.done_at
        rev = mark.acked_rev if mark.state == DONE and mark.acked_rev is not None else mark.wanted_rev
        return replace(
            plain,
            state=STATE_OF[mark.state],
            version=self.version(rev, at, spans),
            owed_at=mark.owed_at,
            ended_at=None if under_way else at,
            answer=mark.error,
        )

    def version(self, rev: int | None, at: int, spans: Sequence[Span]) -> int | None:
        """Which one is sent at an instant: none to who may not know of it then."""
        if rev is None or readers.within(spans, at):
            return None
        return self.revisions.number(rev, self.known)

    def tried(self, attempt: Attempt, spans: Sequence[Span]) -> Try:
        version = self.version(attempt.rev, attempt.at, spans)
        return Try(attempt.at, version, attempt.outcome, attempt.answer, attempt.correlation_id)
