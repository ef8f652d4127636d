"""What rules take off or add, with what is left of their allowances; and what each session has taken of them.

A balance is kept for each rule, contract and month. Who bills a session locks the balances first, so that two
sessions of one contract never take the same kWh; what a session took is given back when its CDR is credited.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, insert, select, update

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.prices.rules.rules import Kind, Per, Rule
from hub.prices.rules.situation import Situation
from hub.store.assignments import balances, uses
from hub.store.base import INSERTS
from hub.store.prepared import Prepared
from hub.store.unit import Unit
from tariffs import AdjustedQuote, Adjustment, Deal, Quote

MILLIONTHS = 10**6
BY_MONTH = frozenset({Kind.MONTHLY_CAP})
"""Always for a month; what is free may be for a month or for each session."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose balances, and of which month where it is."""

    holder: str
    month: str


def account(here: Situation) -> Account:
    local = instants.moment(here.start).astimezone(ZoneInfo(here.time_zone))
    return Account(here.contract or "", f"{local:%Y-%m}")


def monthly(rule: Rule) -> bool:
    return rule.kind in BY_MONTH or rule.per is Per.MONTH


def left(unit: Unit, rules: Sequence[Rule], of: Account) -> list[Adjustment]:
    """The adjustments with what is left now, for a price that is only shown."""
    return made(rules, lambda rule: used(unit, rule, of))


def claimed(unit: Unit, rules: Sequence[Rule], of: Account) -> list[Adjustment]:
    """The same for a price that is billed: nobody else takes of these balances until the commit."""
    taken = {rule.id: locked(unit, rule, of) for rule in sorted(rules, key=by_id) if monthly(rule)}
    return made(rules, lambda rule: taken[rule.id])


def by_id(rule: Rule) -> int:
    """Everybody locks in this order."""
    return rule.id


def made(rules: Iterable[Rule], taken: Callable[[Rule], int]) -> list[Adjustment]:
    return [
        Adjustment(
            str(rule.id), Deal(rule.kind), remaining(rule, taken(rule) if monthly(rule) else 0), rule.reason
        )
        for rule in rules
    ]


def remaining(rule: Rule, taken: int) -> Decimal:
    """Of what is given, what nobody has taken yet; other values are as they are."""
    assert rule.value is not None
    return max(rule.value - Decimal(taken) / MILLIONTHS, Decimal(0)) if monthly(rule) else rule.value


ROW = balances.c
MINE = (
    (ROW.rule_id == bindparam("rule"))
    & (ROW.holder == bindparam("holder"))
    & (ROW.month == bindparam("month"))
)
LOOK = Prepared(every=select(ROW.used).where(MINE))
LOCK = Prepared(every=select(ROW.used).where(MINE).with_for_update())


def used(unit: Unit, rule: Rule, of: Account) -> int:
    row = LOOK.first(unit, rule=rule.id, holder=of.holder, month=of.month)
    return 0 if row is None else int(row.used)


def locked(unit: Unit, rule: Rule, of: Account) -> int:
    empty = INSERTS[unit.dialect.name](balances).values(
        rule_id=rule.id, holder=of.holder, month=of.month, used=0
    )
    unit.connection.execute(empty.on_conflict_do_nothing())
    return int(LOCK.first(unit, rule=rule.id, holder=of.holder, month=of.month).used)


# What a session takes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taker:
    """A session that is billed."""

    owner: Party
    session_key: str
    of: Account


def take(unit: Unit, taker: Taker, rules: Iterable[Rule], quote: Quote) -> None:
    """Write down what a billed session has taken of the balances that were claimed for it."""
    for rule in rules:
        amount = taken_by(rule, quote) if monthly(rule) else 0
        if amount:
            unit.connection.execute(insert(uses).values(rule_id=rule.id, used=amount, **columns(taker)))
            add(unit, (rule.id, taker.of.holder, taker.of.month), amount)


def columns(taker: Taker) -> dict[str, str]:
    of = {"holder": taker.of.holder, "month": taker.of.month}
    return of | {"owner": taker.owner.code, "session_key": taker.session_key}


def taken_by(rule: Rule, quote: Quote) -> int:
    """In millionths, rounded up: of a cap what the session costs as billed, else what was not paid for."""
    if rule.kind is Kind.MONTHLY_CAP:
        figures = quote.total.figures(quote.policy.decimals, quote.policy.rounding)
        return max(int(figures.before_taxes * MILLIONTHS), 0)
    adjusted = quote.adjustments if isinstance(quote, AdjustedQuote) else ()
    return sum(-int(-one.used * MILLIONTHS // 1) for one in adjusted if one.adjustment.id == str(rule.id))


def add(unit: Unit, key: tuple[int, str, str], amount: int) -> None:
    rule, holder, month = key
    mine = (ROW.rule_id == rule) & (ROW.holder == holder) & (ROW.month == month)
    unit.connection.execute(update(balances).where(mine).values(used=ROW.used + amount))


def give_back(unit: Unit, owner: str, session_key: str) -> None:
    """What a session took is there again: its CDR was credited, or it is rated anew."""
    mine = (uses.c.owner == owner) & (uses.c.session_key == session_key)
    for row in unit.connection.execute(select(uses).where(mine).order_by(uses.c.rule_id)).all():
        add(unit, (row.rule_id, row.holder, row.month), -row.used)
    unit.connection.execute(delete(uses).where(mine))
