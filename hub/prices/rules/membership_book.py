"""How locations come into groups, and contracts into plans, tiers, campaigns and driver groups, and leave."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.wire import fold
from hub.prices.rules import ambiguity, memberships
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.faults import InvalidRule, NoSuchMembership, Overlapping, TooLate
from hub.prices.rules.memberships import NAMED_BY, ONE_AT_A_TIME, Kind, Membership
from hub.prices.rules.rules import Rule
from hub.store import audit, documents
from hub.store.audit import Actor
from hub.store.unit import Unit

LONGEST = 80


@dataclass(frozen=True, slots=True)
class Belonging:
    """Members of something, as it is asked for; valid_from None for now, valid_to None for good."""

    owner: Party
    kind: Kind
    name: str
    members: Sequence[str]
    valid_from: int | None = None
    valid_to: int | None = None
    reason: str = ""


def add(unit: Unit, asked: Belonging, author: Actor) -> list[Membership]:
    """Let members belong; those that do already are left as they are. What was made is returned."""
    rule_rows.touch(unit, asked.owner)
    since = unit.now if asked.valid_from is None else asked.valid_from
    check(unit, asked, since)
    made = [new(asked, member, since, author, unit.now) for member in folded(asked.members)]
    made = memberships.keep(unit, [each for each in made if not_yet(unit, each)])
    concerned = rules_naming(unit, asked)
    everything = rule_rows.of_owner(unit, asked.owner)
    for rule in concerned:
        ambiguity.refuse(unit, rule, everything)
    unit.ruled.extend(concerned)
    written_down(unit, "add", asked, [each.member for each in made], author)
    return made


def remove(unit: Unit, asked: Belonging, author: Actor) -> list[Membership]:
    """Let members leave, now by default; NoSuchMembership when one does not belong there then."""
    rule_rows.touch(unit, asked.owner)
    at = unit.now if asked.valid_from is None else asked.valid_from
    if at < unit.now:
        raise TooLate("at", f"{instants.text(at)} has passed; members leave now or later")
    ending = [present(unit, asked, member, at) for member in folded(asked.members)]
    memberships.end(unit, ending, at)
    unit.ruled.extend(rules_naming(unit, asked))
    written_down(unit, "remove", asked, [each.member for each in ending], author)
    return ending


def check(unit: Unit, asked: Belonging, since: int) -> None:
    if since < unit.now:
        raise TooLate("valid_from", f"{instants.text(since)} has passed; members come now or later")
    if asked.valid_to is not None and asked.valid_to <= since:
        raise InvalidRule("valid_to", "must be later than the beginning")
    check_members(unit, asked)


def check_members(unit: Unit, asked: Belonging) -> None:
    for field, each in [("name", asked.name), *(("members", member) for member in asked.members)]:
        if not each.strip() or len(each) > LONGEST:
            raise InvalidRule(field, f"{each!r} must be a text of 1 to {LONGEST} signs")
    if not asked.members:
        raise InvalidRule("members", "name at least one")
    if asked.kind is Kind.LOCATION:
        for member in asked.members:
            if documents.find(unit, "locations", asked.owner, fold(member)) is None:
                raise InvalidRule("members", f"{asked.owner} has no location {member}")


def folded(members: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(fold(member.strip()) for member in members))


def new(asked: Belonging, member: str, since: int, author: Actor, now: int) -> Membership:
    name = fold(asked.name.strip())
    said = author.name[:100], asked.reason[:255]
    return Membership(0, asked.owner, asked.kind, name, member, since, asked.valid_to, *said, now)


def not_yet(unit: Unit, wanted: Membership) -> bool:
    """Whether the member does not belong there yet; Overlapping when it belongs where it then could not."""
    for held in memberships.standing(unit, wanted.owner, wanted.kind, wanted.member, wanted.valid_from):
        ends_before = wanted.valid_to is not None and wanted.valid_to <= held.valid_from
        if ends_before:
            continue
        if held.name == wanted.name and covers(held, wanted):
            return False
        if held.name == wanted.name or wanted.kind in ONE_AT_A_TIME:
            raise Overlapping(overlapping(held, wanted))
    return True


def covers(held: Membership, wanted: Membership) -> bool:
    lasts = held.valid_to is None or (wanted.valid_to is not None and wanted.valid_to <= held.valid_to)
    return held.valid_from <= wanted.valid_from and lasts


def overlapping(held: Membership, wanted: Membership) -> str:
    until = "" if held.valid_to is None else f" until {instants.text(held.valid_to)}"
    return (
        f"{wanted.member} is in {held.kind} {held.name} from {instants.text(held.valid_from)}{until}, which "
        f"overlaps. Let it leave that first, with `remove`, or begin later."
    )


def present(unit: Unit, asked: Belonging, member: str, at: int) -> Membership:
    name = fold(asked.name.strip())
    for held in memberships.standing(unit, asked.owner, asked.kind, member, at):
        if held.name == name and held.valid_from <= at:
            return held
    raise NoSuchMembership(
        f"{member} is not in {asked.kind} {name} of {asked.owner} at {instants.text(at)}. Look at the list."
    )


def rules_naming(unit: Unit, asked: Belonging) -> list[Rule]:
    """The rules that have not ended and name what members come into or leave."""
    field, name = NAMED_BY[asked.kind], fold(asked.name.strip())
    return [
        rule
        for rule in rule_rows.of_owner(unit, asked.owner)
        if getattr(rule.match, field) == name and (rule.valid_to is None or rule.valid_to > unit.now)
    ]


def written_down(unit: Unit, action: str, asked: Belonging, members: Sequence[str], author: Actor) -> None:
    what = f"{asked.kind.lower()}/{asked.owner}/{fold(asked.name)}"
    told = {"members": list(members), "valid_from": asked.valid_from, "valid_to": asked.valid_to}
    audit.record(unit, author, action, what, None, told, asked.reason or None)
