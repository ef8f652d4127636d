"""A rule as it is asked for, and what must be so for it to become one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.enums import CURRENCIES
from hub.ocpi.wire import fold
from hub.prices.book import versions
from hub.prices.rules.faults import InvalidRule, TooLate
from hub.prices.rules.index import FOREVER
from hub.prices.rules.rules import Kind, Match, Per, Rule
from hub.prices.shown import readers
from hub.store.audit import Actor
from hub.store.unit import Unit

MOST = Decimal(10**9)
LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as it is asked for; the fields are those of `Rule`.

    valid_from  None for now
    reach_back  valid_from may have passed: of what began before the rule was made, it then prices only
                sessions for which nothing else gives a tariff, such as those that are held
    """

    owner: Party
    kind: Kind
    match: Match = field(default_factory=Match)
    tariff_id: str | None = None
    value: Decimal | None = None
    per: Per | None = None
    currency: str | None = None
    priority: int = 0
    valid_from: int | None = None
    valid_to: int | None = None
    private: bool = False
    reason: str = ""
    reach_back: bool = False


def checked(unit: Unit, draft: Draft, author: Actor, replaces: int | None) -> Rule:
    """The rule of a draft, without a number yet."""
    since = unit.now if draft.valid_from is None else draft.valid_from
    check_window(draft, since, unit.now)
    for name in MEANT[draft.kind]:
        if getattr(draft, name) is None:
            raise InvalidRule(name, f"a rule of kind {draft.kind} needs it")
    for name in {"tariff_id", "value", "per", "currency"} - set(MEANT[draft.kind]):
        if getattr(draft, name) is not None:
            raise InvalidRule(name, f"a rule of kind {draft.kind} has none; leave it out")
    check_value(draft)
    check_tariff(unit, draft, since)
    plain_fields = {name: getattr(draft, name) for name in COPIED}
    return Rule(
        0,
        draft.owner,
        draft.kind,
        draft.match,
        since,
        unit.now,
        **plain_fields,
        author=author.name[:100],
        replaces=replaces,
    )


COPIED = ("tariff_id", "value", "per", "currency", "priority", "valid_to", "private", "reason")
MEANT: Mapping[Kind, tuple[str, ...]] = {
    Kind.TARIFF: ("tariff_id",),
    Kind.FREE_KWH: ("value", "per"),
    Kind.FREE_MINUTES: ("value", "per"),
    Kind.PER_KWH: ("value", "currency"),
    Kind.PERCENT: ("value",),
    Kind.MONTHLY_CAP: ("value", "currency"),
}
"""What each kind of rule needs, and no other has."""


def check_window(draft: Draft, since: int, now: int) -> None:
    if since < now and not draft.reach_back:
        raise TooLate(
            "valid_from",
            f"{instants.text(since)} has passed, and what began before a rule was made is priced without it. "
            "Leave it out for now; or let the rule reach back, to sessions that nothing else prices.",
        )
    if since < now and draft.kind is not Kind.TARIFF:
        raise TooLate("valid_from", "only a rule that gives a tariff can reach back")
    if since >= FOREVER or since < 0:
        raise InvalidRule("valid_from", "is no moment that rules can hold at")
    if draft.valid_to is not None and draft.valid_to <= max(since, now):
        raise InvalidRule("valid_to", "must be later than the beginning, and not have passed")


def check_value(draft: Draft) -> None:
    if len(draft.reason) > LONGEST_REASON:
        raise InvalidRule("reason", f"is longer than {LONGEST_REASON} signs")
    if not -(10**6) <= draft.priority <= 10**6:
        raise InvalidRule("priority", "must be a whole number from -1000000 to 1000000")
    if draft.currency is not None and draft.currency not in CURRENCIES:
        raise InvalidRule("currency", f"{draft.currency} is no currency of ISO 4217; write EUR")
    if draft.value is not None:
        check_amount(draft.kind, draft.value)


def check_amount(kind: Kind, value: Decimal) -> None:
    if not value.is_finite() or abs(value) > MOST or value * 10**6 % 1:
        raise InvalidRule("value", f"must be a number with at most 6 decimals, up to {MOST:f}")
    if kind not in (Kind.PERCENT, Kind.PER_KWH) and value < 0:
        raise InvalidRule("value", "must not be below zero")
    if kind is Kind.PERCENT and value < -100:
        raise InvalidRule("value", "takes off more than all there is; the least is -100")
    if not value and kind is not Kind.MONTHLY_CAP:
        raise InvalidRule("value", "changes nothing; leave the rule out")


def check_readers(unit: Unit, draft: Draft, key: str) -> None:
    """A tariff that is for some parties only is not given to others."""
    may_read = readers.of(unit, draft.owner, key)
    partner = draft.match.partner and Party.of_code(draft.match.partner)
    if may_read is None or partner in may_read or draft.private:
        return
    told = ", ".join(sorted(map(str, may_read)))
    raise InvalidRule(
        "tariff_id",
        f"{draft.tariff_id} is for {told} only; let the rule name one of them as its partner, or make it "
        "private to let its partner read the tariff too",
    )


def check_tariff(unit: Unit, draft: Draft, since: int) -> None:
    """A rule must not send sessions to a tariff that does not hold when the rule begins."""
    if draft.private and (draft.kind is not Kind.TARIFF or draft.match.partner is None):
        raise InvalidRule(
            "private", "only a rule that gives a tariff to one partner can keep it from the others"
        )
    if draft.tariff_id is None:
        return
    key = fold(draft.tariff_id)
    check_readers(unit, draft, key)
    if not versions.latest(unit, draft.owner, key):
        raise InvalidRule(
            "tariff_id",
            f"{draft.owner} has no tariff {draft.tariff_id}; publish it first, with `hub tariff publish`",
        )
    if versions.in_force(unit, draft.owner, key, max(since, unit.now)) is None:
        raise InvalidRule(
            "tariff_id",
            f"{draft.tariff_id} does not hold at {instants.text(max(since, unit.now))}; let the rule begin "
            "when it does, or publish it from then on",
        )
