"""Whatever is done, in whatever order: the books are true, what was closed stays, all is computed again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

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
EXAMPLES = {True: 25, False: 8}
"""On SQLite; on PostgreSQL, where each takes five times as long."""
parties = count(1)

RATES = st.sampled_from([0, 7, 19])
PARTS = st.lists(st.tuples(st.decimals("0.0001", "99", places=4).map(str), RATES), min_size=1, max_size=2)
AMOUNTS = st.decimals("0.0001", "60", places=4)
WHICH = st.integers(0, 30)
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
STEPS = st.sampled_from(["approve", "send", "accept", "finalise"])
DEEDS = st.one_of(
    st.tuples(st.just("bill"), PARTS, st.integers(0, 3), st.booleans()),
    st.tuples(st.sampled_from(["accept", "drop", "credit", "by_line", "dispute", "decline"]), WHICH),
    st.tuples(st.sampled_from(["part", "gift", "settle"]), WHICH, AMOUNTS),
    st.tuples(st.just("close")),
    st.tuples(st.just("step"), STEPS, WHICH),
    st.tuples(st.just("contest"), WHICH, WHICH),
)


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

    def row(self, which: int) -> Any:
        """One of its CDRs; CannotBeCredited while there is none."""
        if not self.told:
            raise CannotBeCredited("nothing was billed yet")
        key = list(self.told)[which % len(self.told)]
        with self.store.reading() as unit:
            return rows.one(unit, self.cpo.code, key)

    def bill(self, parts: list[tuple[str, int]], month: int, held: bool) -> None:
        """Of any month: when that is closed, it comes late."""
        key = f"C{len(self.told)}"
        self.put(cdr(key, parts, f"{MONTHS[month]}-07T10:00:00Z", currency=self.currency), held)
        self.told[key] = parts

    def put(self, body: Any, held: bool) -> int:
        state = State.HELD if held else State.RATED
        return put(self.store, body, self.agreement, state, self.cpo, self.emsp)

    def accept(self, which: int) -> None:
        self.do(deciding.decide, self.row(which), Decision.ACCEPT, ANN, None)

    def drop(self, which: int) -> None:
        self.do(deciding.decide, self.row(which), Decision.DROP, ANN, None)

    def credit(self, which: int) -> None:
        """By the CPO, once."""
        original = self.row(which)
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

    def by_line(self, which: int) -> None:
        self.do(crediting.credit_by_line, self.row(which), ANN, "by phone")

    def part(self, which: int, amount: Decimal) -> None:
        self.do(goodwill.give_part, self.row(which), amount, ANN, "too much")

    def gift(self, which: int, amount: Decimal) -> None:
        self.do(goodwill.give, self.row(which), amount, ANN, "sorry")

    def dispute(self, which: int) -> None:
        self.do(disputes.open_, self.row(which), Claim("OTHER"), Word("no"), ANN)

    def disputed(self, which: int) -> int:
        row = self.row(which)
        with self.store.reading() as unit:
            (found,) = disputes.open_over(unit, row) or [None]
        if found is None:
            raise DisputeProblem("it is not disputed")
        return int(found.id)

    def decline(self, which: int) -> None:
        self.do(disputes.decline, self.disputed(which), ANN, "no")

    def settle(self, which: int, amount: Decimal) -> None:
        remedy = Remedy(part=amount) if amount < 30 else Remedy(by_line=True)
        self.do(disputes.accept, self.disputed(which), remedy, ANN, "yes")

    def close(self) -> None:
        """The next month; again where all are."""
        month = MONTHS[min(self.closed, 3)]
        made = self.do(periods.close, self.agreement, month, ANN)
        assert made.fresh == (self.closed < len(MONTHS))
        if made.fresh:
            self.closed += 1
            self.statements += [] if made.statement is None else [made.statement.id]

    def statement(self, which: int) -> str:
        if not self.statements:
            raise ClosingProblem("there is none yet")
        return str(self.statements[which % len(self.statements)])

    def step(self, name: str, which: int) -> None:
        options = {"anyway": True} if name == "approve" else {}
        self.do(getattr(lifecycle, name), self.statement(which), ANN, **options)

    def contest(self, which: int, line: int) -> None:
        name = self.statement(which)
        with self.store.reading() as unit:
            keys = [row.cdr_key for row in statements.rows_of(unit, int(name)) if row.clearing_id is not None]
        if keys:
            claim = ("OTHER", "no")
            self.do(lifecycle.contest, name, {keys[line % len(keys)]}, ANN, claim)


def lived(store: Store, terms: dict[str, Any], currency: str, deeds: list[tuple[Any, ...]]) -> None:
    """A history of its own parties; what was frozen stays so at every step of it."""
    number = next(parties)
    cpo, emsp = Party("NL", f"{number:03}"), Party("DE", f"{number:03}")
    history = History(store, cpo, emsp, agree(store, cpo, emsp, currency, **terms), currency)
    stands = frozen(store)
    for name, *arguments in deeds:
        with suppress(*REFUSED):
            getattr(history, name)(*arguments)
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
    @given(TERMS, st.sampled_from(["EUR", "JPY", "KWD"]), st.lists(DEEDS, min_size=8, max_size=40))
    def histories(terms: dict[str, Any], currency: str, deeds: list[tuple[Any, ...]]) -> None:
        lived(store, terms, currency, deeds)

    histories()
