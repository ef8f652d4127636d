"""Lines of a statement that give something back of a CDR, or for it: a part of its amount, or goodwill."""

from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from hub.clearing import crediting, partial, rows
from hub.clearing.costs import rest
from hub.clearing.crediting import CannotBeCredited
from hub.clearing.facts import Cost
from hub.ocpi.document import Party
from hub.store import adjustments, audit
from hub.store.adjustments import Line
from hub.store.audit import Actor
from hub.store.unit import Unit

PLACES = Decimal("0.0001")
ENOUGH = Context(prec=60)
"""Wide enough for the product of two amounts."""


def give_part(unit: Unit, row: Any, amount: Decimal, actor: Actor, why: str | None) -> int:
    """Take back a part of a CDR's net amount, with as much of each tax; the number of the line.

    All parts together are never more than the CDR (I9); CannotBeCredited says what is left.
    """
    row = crediting.creditable(unit, row)
    if row.state not in crediting.PAID:
        raise CannotBeCredited(
            f"{row.cdr_key} is {row.state}: nobody is to pay it. Drop or reject it instead"
        )
    earlier = adjustments.of_cdr(unit, row.owner, row.cdr_key)
    parts = [each for each in earlier if each.kind == adjustments.PARTIAL]
    left = partial.left(unit, row)
    if not 0 < amount <= left:
        raise CannotBeCredited(f"of {row.cdr_key} a part of more than 0 and at most {left} can be taken back")
    line = crediting.line_about(row, actor.name, why, f"partial/{row.owner}/{row.cdr_key}/{len(parts) + 1}")
    total, gone = partial.told(unit, row), partial.of(unit, row)
    cost = part(total, amount, rest(total, gone), last=amount == left)
    number = adjustments.add(unit, Line(kind=adjustments.PARTIAL, **line, **crediting.minus(cost)))
    told(unit, row, actor, number, amount, why)
    return number


def part(total: Cost, amount: Decimal, remaining: Cost, *, last: bool) -> Cost:
    """As much of each tax as of the net amount, rounded down; the last part has what is left."""
    taxes = []
    for (rate, whole), (_, exact) in zip(total.taxes, remaining.taxes, strict=True):
        left = rows.rounded(exact)
        share = ENOUGH.divide(ENOUGH.multiply(whole, amount), total.net).quantize(PLACES, ROUND_DOWN)
        taxes.append((rate, left if last else min(share, left) if left >= 0 else max(share, left)))
    gross = None if total.gross is None else amount + sum((tax for _, tax in taxes), Decimal(0))
    return Cost(amount, gross, tuple(taxes))


def give(unit: Unit, row: Any, amount: Decimal, actor: Actor, why: str | None) -> int:
    """A gift of the CPO for the trouble, once for each CDR and without taxes; the CDR stays as it is."""
    row = rows.locked(unit, row.owner, row.cdr_key)
    key = f"goodwill/{row.owner}/{row.cdr_key}"
    if not (amount.is_finite() and amount > 0 and amount == rows.rounded(amount)):
        raise CannotBeCredited(f"{amount} is no amount to give")
    if any(each.key == key for each in adjustments.of_cdr(unit, row.owner, row.cdr_key)):
        raise CannotBeCredited(f"goodwill was given for {row.cdr_key} already")
    taken = crediting.minus(Cost(amount, amount, ()))
    line = crediting.line_about(row, actor.name, why, key)
    number = adjustments.add(unit, Line(kind=adjustments.GOODWILL, **line, **taken))
    told(unit, row, actor, number, amount, why)
    return number


def told(  # noqa: PLR0913, PLR0917 (what the trail tells)
    unit: Unit, row: Any, actor: Actor, number: int, amount: Decimal, why: str | None
) -> None:
    after = {"net": -amount, "currency": row.currency, "cdr": row.cdr_key}
    what = f"adjustment/{number}"
    audit.record(unit, actor, "add", what, None, after | {"cpo": str(Party.of_code(row.owner))}, why)
