"""Agreements: what a CPO and an eMSP have settled in one currency, and since when.

An agreement holds from its beginning until the next one of its pair and currency begins, or until its own
end: so two never hold at one instant, whatever is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.parties.problems import PartnerProblem
from hub.parties.terms import Terms, of_plain, plain
from hub.store import audit
from hub.store.agreements import agreements
from hub.store.audit import Actor
from hub.store.unit import Unit


class NoSuchAgreement(PartnerProblem):
    """There is no agreement of this number; see `hub agreement list`."""


class AgreementInTheWay(PartnerProblem):
    """Another agreement of these two parties begins at the same moment; end it, or choose another moment."""


class EndBeforeBeginning(PartnerProblem):
    """An agreement must end after it begins."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who changes something, and why."""

    actor: Actor
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Who agrees, and in which currency: all documents between them in it go by one agreement at a time."""

    cpo: Party
    emsp: Party
    currency: str

    def __str__(self) -> str:
        return f"{self.cpo} with {self.emsp} in {self.currency}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement; instants in microseconds, half-open.

    valid_to  where it ends, by all that is known now: at the next one or at its end; None when open
    """

    id: int
    pair: Pair
    number: int
    valid_from: int
    valid_to: int | None
    terms: Terms
    recorded_at: int
    author: str
    reason: str | None

    def holds_at(self, instant: int) -> bool:
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "cpo": str(self.pair.cpo),
            "emsp": str(self.pair.emsp),
            "currency": self.pair.currency,
            "number": self.number,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "terms": {
                name: str(value) if value is not None else None for name, value in plain(self.terms).items()
            },
            "author": self.author,
            "reason": self.reason,
        }


def add(unit: Unit, pair: Pair, terms: Terms, span: tuple[int, int | None], signed: Signed) -> Agreement:
    """A new agreement from an instant on; it ends the one that holds then.

    AgreementInTheWay when one begins at the same instant, EndBeforeBeginning when its span is empty.
    """
    since, until = span
    if until is not None and until <= since:
        raise EndBeforeBeginning
    of_pair = listed(unit, *same_pair(pair))
    if any(each.valid_from == since for each in of_pair):
        raise AgreementInTheWay(f"{AgreementInTheWay.__doc__} ({pair})")
    row = {
        "cpo": pair.cpo.code,
        "emsp": pair.emsp.code,
        "currency": pair.currency,
        "number": max((each.number for each in of_pair), default=0) + 1,
        "valid_from": since,
        "valid_to": until,
        "terms": strictjson.write(plain(terms)).decode(),
        "recorded_at": unit.now,
        "author": signed.actor.name,
        "reason": signed.reason,
    }
    identity = unit.connection.execute(insert(agreements).values(row).returning(agreements.c.id)).scalar_one()
    made = by_id(unit, int(identity))
    audit.record(unit, signed.actor, "add", f"agreement/{made.id}", None, made.as_json(), signed.reason)
    return made


def end(unit: Unit, identity: int, at: int, signed: Signed) -> Agreement:
    """From this instant on it does not hold any more; EndBeforeBeginning when it would never have held."""
    present = by_id(unit, identity)
    if at <= present.valid_from:
        raise EndBeforeBeginning
    unit.connection.execute(update(agreements).where(agreements.c.id == identity).values(valid_to=at))
    ended = by_id(unit, identity)
    what, before, after = f"agreement/{identity}", present.as_json(), ended.as_json()
    audit.record(unit, signed.actor, "end", what, before, after, signed.reason)
    return ended


# Reading ---------------------------------------------------------------------------------------------------


def by_id(unit: Unit, identity: int) -> Agreement:
    found = listed(unit, agreements.c.id == identity)
    if not found:
        raise NoSuchAgreement(f"{NoSuchAgreement.__doc__} ({identity})")
    return found[0]


def in_force(unit: Unit, pair: Pair, instant: int) -> Agreement | None:
    """The agreement that held at an instant."""
    return holding(with_pair(unit, pair), instant)


def with_pair(unit: Unit, pair: Pair) -> list[Agreement]:
    """Every agreement that a pair has, had or will have, the earliest first."""
    return listed(unit, *same_pair(pair))


def holding(found: Sequence[Agreement], instant: int) -> Agreement | None:
    """That of a pair's agreements which holds at an instant; there are never two."""
    return next((each for each in found if each.holds_at(instant)), None)


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Agreement]:
    """Those that fulfil the conditions: by CPO, eMSP and currency, the earliest first."""
    later = agreements.alias("later")
    same = [later.c[name] == agreements.c[name] for name in ("cpo", "emsp", "currency")]
    following = select(func.min(later.c.valid_from)).where(
        *same, later.c.valid_from > agreements.c.valid_from
    )
    query = select(agreements, following.scalar_subquery().label("next_from")).where(*wanted)
    order = [agreements.c[name] for name in ("cpo", "emsp", "currency", "valid_from")]
    return [agreement(row) for row in unit.connection.execute(query.order_by(*order))]


def same_pair(pair: Pair) -> Sequence[ColumnElement[bool]]:
    return (
        agreements.c.cpo == pair.cpo.code,
        agreements.c.emsp == pair.emsp.code,
        agreements.c.currency == pair.currency,
    )


def agreement(row: Any) -> Agreement:
    ends = [each for each in (row.next_from, row.valid_to) if each is not None]
    return Agreement(
        id=row.id,
        pair=Pair(Party.of_code(row.cpo), Party.of_code(row.emsp), row.currency),
        number=row.number,
        valid_from=row.valid_from,
        valid_to=min(ends, default=None),
        terms=of_plain(strictjson.reread(row.terms.encode())),
        recorded_at=row.recorded_at,
        author=row.author,
        reason=row.reason,
    )
