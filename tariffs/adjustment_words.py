"""What a CDR says of adjustments in its remark, since OCPI has no field for them (A52)."""

import re
from collections.abc import Iterator
from decimal import Decimal

from tariffs.adjusted import Adjusted, AdjustedQuote
from tariffs.policy import Policy
from tariffs.quote import Quote
from tariffs.rounding import to_places

TOLD = re.compile(r"\brule (\S+) (\w+) (-?\d+(?:\.\d+)?)(?=[,;.)]|$)")
OPENING = "Adjusted before taxes: "
LONGEST = 255


def adjustment_remark(quote: Quote) -> str | None:
    """The remark of a CDR: each rule with its kind and amount, and why, as far as there is room."""
    if not isinstance(quote, AdjustedQuote) or not quote.adjustments:
        return None
    told = ", ".join(_told(one, quote.policy) for one in quote.adjustments)
    reasons = "; ".join(dict.fromkeys(filter(None, (one.adjustment.reason for one in quote.adjustments))))
    both = f"{OPENING}{told}. {reasons}".rstrip()
    return both if len(both) <= LONGEST else f"{both[: LONGEST - 3]}..."


def _told(one: Adjusted, policy: Policy) -> str:
    amount = to_places(one.change.net, 1, policy.decimals, policy.rounding)
    return f"rule {one.adjustment.id} {one.adjustment.deal} {amount:f}"


def adjustments_told(text: object) -> tuple[tuple[str, Decimal], ...]:
    """What a remark says of adjustments: the rules, and what each has added before taxes."""
    if not isinstance(text, str) or not text.startswith(OPENING):
        return ()
    said, _, _ = text.removeprefix(OPENING).partition(". ")
    return tuple(_read(said))


def _read(said: str) -> Iterator[tuple[str, Decimal]]:
    for rule, _, amount in TOLD.findall(said + "."):
        yield rule, Decimal(amount)
