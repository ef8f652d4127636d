"""How rules are made, ended and replaced. None is ever edited, and none changes what began before it.

    rule = rule_book.add(unit, Draft(owner, Kind.TARIFF, match, tariff_id="NIGHT"), author)
    rule_book.end(unit, rule.id, None, author, "the contract has ended")

Whoever changes the rules of an owner takes its lock first: of two at once the second sees what the first did.
What follows (held sessions are tried again, partners see other tariffs) is in `hub.reactions`.
"""

from dataclasses import asdict, replace

from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.prices.rules import ambiguity
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.drafts import LONGEST_REASON, Draft, checked
from hub.prices.rules.faults import AlreadyEnded, InvalidRule, NoSuchRule, TooLate
from hub.prices.rules.rules import Rule, legible
from hub.prices.shown import readers
from hub.store import audit
from hub.store.audit import Actor
from hub.store.unit import Unit

__all__ = ["Draft", "add", "described", "end", "one", "replace_by"]


def add(unit: Unit, draft: Draft, author: Actor, *, replaces: int | None = None) -> Rule:
    """Make a rule; InvalidRule, TooLate or Ambiguous say why not, and nothing is written then."""
    rule_rows.touch(unit, draft.owner)
    rule = checked(unit, draft, author, replaces)
    ambiguity.refuse(unit, rule, rule_rows.of_owner(unit, draft.owner))
    made = replace(rule, id=rule_rows.create(unit, rule))
    if made.private and made.tariff_id and made.match.partner:
        readers.admit(unit, made.owner, fold(made.tariff_id), Party.of_code(made.match.partner))
    unit.ruled.append(made)
    audit.record(unit, author, "create", named(made), None, described(made), made.reason or None)
    return made


def end(unit: Unit, identity: int, at: int | None, author: Actor, reason: str = "") -> Rule:
    """Let a rule end, now by default; one that has not begun never does. An end never moves back."""
    found = one(unit, identity)
    rule_rows.touch(unit, found.owner)
    before = one(unit, identity)  # as it is under the lock
    until = max(unit.now if at is None else at, before.valid_from)
    if at is not None and at < unit.now:
        raise TooLate("at", f"{instants.text(at)} has passed; a rule ends now or later")
    if before.valid_to is not None and before.valid_to <= until:
        raise AlreadyEnded(
            f"rule {identity} ends at {instants.text(before.valid_to)}, no later than that. To let it hold "
            "for longer, add a rule that begins then."
        )
    rule_rows.set_end(unit, identity, until, author.name, reason[:LONGEST_REASON])
    after = one(unit, identity)
    unit.ruled.append(after)
    audit.record(unit, author, "end", named(after), described(before), described(after), reason or None)
    return after


def replace_by(unit: Unit, identity: int, draft: Draft, author: Actor) -> Rule:
    """End a rule and make another in its place, at the same instant: the draft's beginning, or now."""
    before = one(unit, identity)
    if before.owner != draft.owner:
        raise InvalidRule(
            "owner", f"rule {identity} is of {before.owner}; replace it by a rule of the same owner"
        )
    if draft.reach_back:
        raise InvalidRule(
            "reach_back", "a rule that replaces another begins where that one ends; leave it out"
        )
    at = unit.now if draft.valid_from is None else draft.valid_from
    if before.valid_to is None or before.valid_to > at:
        end(unit, identity, at, author, draft.reason)
    return add(unit, replace(draft, valid_from=max(at, before.valid_from)), author, replaces=identity)


def one(unit: Unit, identity: int) -> Rule:
    found = rule_rows.one(unit, identity)
    if found is None:
        raise NoSuchRule(f"there is no rule {identity}. `hub rule list` shows those there are.")
    return found


def named(rule: Rule) -> str:
    return f"rule/{rule.owner}/{rule.id}"


def described(rule: Rule) -> Json:
    """As JSON can hold it, instants as OCPI writes them."""
    told = asdict(rule) | {"owner": str(rule.owner), "match": legible(rule.match)}
    moments = {name: told[name] and instants.text(told[name]) for name in MOMENTS}
    return told | moments


MOMENTS = ("valid_from", "valid_to", "recorded_at", "ended_at")
