"""Whatever is done, in whatever order: the books are true, what was closed stays, all is computed again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from months_of import ANN, LATER, agree, cdr, put
from truths import frozen, refuse_untruth

from hub.clearing import crediting, deciding, disputes, goodwill, offsetting, rows, states
from hub.clearing.crediting import CannotBeCredited
from hub.clearing.deciding import Decision
from hub.clearing.disputes import Claim, DisputeProblem, Remedy, Word
from hub.clearing.states import NoSuchTransition, State
from hub.closing import lifecycle, periods, replay, statements
from hub.closing.problems import ClosingProblem
from hub.ocpi.document import Party
from hub.store.engine import Store

MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
REFUSED = (CannotBeCredited, DisputeProblem, ClosingProblem, NoSuchTransition)
EXAMPLES = {True: 15, False: 5}
"""On SQLite; on PostgreSQL, where each takes five times as long."""
parties = count(1)

RATES = st.sampled_from([0, 7, 19])
PARTS = st.lists(st.tuples(st.decimals("0.0001", "99", places=4).map(str), RATES), min_size=1, max_size=2)
AMOUNTS = st.decimals("0.0001", "60", places=4)
TERMS = st.fixed_dictionaries(
    {
        "rounding": st.sampled_from(["HALF_UP", "HALF_EVEN", "DOWN"]),
        "rounded": st.sampled_from(["DOCUMENT", "LINE"]),
        "vat_rate": st.sampled_from([None, None, Decimal(21)]),
        "fee_per_cdr": st.sampled_from([Decimal(0), Decimal("0.105")]),
        "fee_percent": st.sampled_from([Decimal(0), Decimal("1.5")]),
        "fee_payer": st.sampled_from(["CPO", "EMSP"]),
    }
)


class Pick(NamedTuple):
    """What a deed may need: which of those there are, how much, of what."""

    which: int
    other: int
    amount: Decimal
    parts: list[tuple[str, int]]


PICKS = st.builds(Pick, st.integers(0, 30), st.integers(0, 3), AMOUNTS, PARTS)
OFTEN = "bill bill close advance advance advance contest contest credit dispute settle decline"
SELDOM = "hold hold accept drop by_line part gift"
DEEDS = st.tuples(st.sampled_from(f"{OFTEN} {OFTEN} {SELDOM}".split()), PICKS)
BEGUN = ("bill", "bill", "credit", "hold", "close", "advance", "advance")
"""Every history begins so: a statement is sent that has a credit."""
NEXT = {
    "DRAFT": "approve",
    "APPROVED": "send",
    "SENT": "accept",
    "ACCEPTED": "finalise",
    "CONTESTED": "finalise",
}


@dataclass
class History:
    """Of one agreement, whose parties have no other."""

    store: Store
    cpo: Party
    emsp: Party
    agreement: int
    currency: str
    closed: int = 0
    told: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    statements: list[int] = field(default_factory=list)

    def do(self, what: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self.store.unit() as unit:
            return what(unit, *arguments, **options)

    def one(self, which: int, *wanted: Any) -> Any:
        """Of its rows that are so; CannotBeCredited where there is none."""
        query = rows.clearings.select().where(rows.clearings.c.owner == self.cpo.code, *wanted)
        with self.store.reading() as unit:
            found = list(unit.connection.execute(query.order_by(rows.clearings.c.id)))
        if not found:
            raise CannotBeCredited("there is none")
        return found[which % len(found)]

    def row(self, which: int, *wanted: State) -> Any:
        """A CDR in one of these states, any where none is named."""
        return self.one(which, rows.clearings.c.state.in_(wanted or list(State)))

    def bill(self, pick: Pick, state: State = State.RATED) -> None:
        """A CDR of any month: when that is closed, it comes late."""
        key = f"C{len(self.told)}"
        body = cdr(key, pick.parts, f"{MONTHS[pick.other]}-07T10:00:00Z", currency=self.currency)
        put(self.store, body, self.agreement, state, self.cpo, self.emsp)
        self.told[key] = pick.parts

    def hold(self, pick: Pick) -> None:
        self.bill(pick, State.HELD)

    def accept(self, pick: Pick) -> None:
        self.do(deciding.decide, self.row(pick.which, State.HELD), Decision.ACCEPT, ANN, None)

    def drop(self, pick: Pick) -> None:
        self.do(deciding.decide, self.row(pick.which, State.HELD), Decision.DROP, ANN, None)

    def credit(self, pick: Pick) -> None:
        """By the CPO, once."""
        original = self.one(
            pick.which, rows.clearings.c.kind == "NORMAL", rows.clearings.c.credited_by.is_(None)
        )
        ended = f"{MONTHS[min(self.closed, 3)]}-09T10:00:00Z"
        key = f"{original.cdr_key}-C"
        with self.store.reading() as unit:
            if rows.one(unit, self.cpo.code, key) is not None:
                raise CannotBeCredited("the database lets nobody")
        body = cdr(key, self.told[original.cdr_key], ended, of=original.cdr_key, currency=self.currency)
        put(self.store, body, self.agreement, State.RECEIVED, self.cpo, self.emsp)
        self.do(self.rate, key)

    def rate(self, unit: Any, key: str) -> None:
        credit = rows.one(unit, self.cpo.code, key)
        states.move(unit, credit, State.CHECKED, "ann", agreement_id=self.agreement)
        offsetting.rate(unit, rows.again(unit, credit), "ann")

    def by_line(self, pick: Pick) -> None:
        self.do(crediting.credit_by_line, self.row(pick.which), ANN, "by phone")

    def part(self, pick: Pick) -> None:
        self.do(goodwill.give_part, self.row(pick.which), pick.amount, ANN, "too much")

    def gift(self, pick: Pick) -> None:
        self.do(goodwill.give, self.row(pick.which), pick.amount, ANN, "sorry")

    def dispute(self, pick: Pick) -> None:
        self.do(
            disputes.open_, self.row(pick.which, State.RATED, State.STATED), Claim("OTHER"), Word("no"), ANN
        )

    def disputed(self, which: int) -> int:
        with self.store.reading() as unit:
            found = [each["id"] for each in disputes.listed(unit, disputes.Wanted(self.cpo, is_open=True))]
        if not found:
            raise DisputeProblem("nothing is disputed")
        return int(found[which % len(found)])

    def decline(self, pick: Pick) -> None:
        self.do(disputes.decline, self.disputed(pick.which), ANN, "no")

    def settle(self, pick: Pick) -> None:
        remedy = Remedy(part=pick.amount) if pick.amount < 30 else Remedy(by_line=True)
        self.do(disputes.accept, self.disputed(pick.which), remedy, ANN, "yes")

    def close(self, _: Pick) -> None:
        """The next month; again where all are."""
        month = MONTHS[min(self.closed, 3)]
        try:
            made = self.do(periods.close, self.agreement, month, ANN)
        except REFUSED as fault:
            raise AssertionError("whatever waits or is wrong, a month can be closed") from fault
        assert made.fresh == (self.closed < len(MONTHS))
        if made.fresh:
            self.closed += 1
            self.statements += [] if made.statement is None else [made.statement.id]

    def statement(self, which: int) -> Any:
        if not self.statements:
            raise ClosingProblem("there is none yet")
        with self.store.reading() as unit:
            return statements.by_id(unit, self.statements[which % len(self.statements)])

    def advance(self, pick: Pick) -> None:
        """Its next step: lines leave every other one that is sent."""
        found = self.statement(pick.which)
        if found.state == "SENT" and pick.other % 2:
            self.contest(pick)
            return
        if step := NEXT.get(found.state):
            options = {"anyway": True} if step == "approve" else {}
            self.do(getattr(lifecycle, step), str(found.id), ANN, **options)

    def contest(self, pick: Pick) -> None:
        found = self.statement(pick.which)
        with self.store.reading() as unit:
            keys = [row.cdr_key for row in statements.rows_of(unit, found.id) if row.clearing_id is not None]
        if keys:
            claim = ("OTHER", "no")
            self.do(lifecycle.contest, str(found.id), {keys[pick.other % len(keys)]}, ANN, claim)


def lived(store: Store, terms: dict[str, Any], currency: str, deeds: list[tuple[str, Pick]]) -> None:
    """A history of its own parties; what was frozen stays so at every step of it."""
    number = next(parties)
    cpo, emsp = Party("NL", f"{number:03}"), Party("DE", f"{number:03}")
    history = History(store, cpo, emsp, agree(store, cpo, emsp, currency, **terms), currency)
    stands = frozen(store)
    for name, pick in deeds:
        with suppress(*REFUSED):
            getattr(history, name)(pick)
            now = frozen(store)
            assert stands.items() <= now.items()
            stands = now
    refuse_untruth(store)
    with store.reading() as unit:
        for month in MONTHS[: history.closed]:
            assert replay.replay(unit, month, lambda _: None).differences == ()


def test_the_books_are_true_whatever_is_done(store: Store) -> None:
    """I1, I2, I4-I6, I8, I9, O3, O4, O7, O8."""
    store.clock = lambda: LATER
    few = settings(max_examples=EXAMPLES[store.sqlite], suppress_health_check=[HealthCheck.too_slow])

    @few
    @given(TERMS, st.sampled_from(["EUR", "JPY", "KWD"]), st.lists(DEEDS, min_size=8, max_size=40), PICKS)
    def histories(terms: dict[str, Any], currency: str, deeds: list[tuple[str, Pick]], first: Pick) -> None:
        lived(store, terms, currency, [*((name, first._replace(other=0)) for name in BEGUN), *deeds])

    histories()
