"""How a file of market prices is published: all of it in one transaction, or nothing of it.

What was known of the hours before and after the file stays, so that a session that lasts past midnight is
billed by the curve on both sides of it. Versions that an earlier file has scheduled are replaced; one that a
person has scheduled stays, and is told of.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.prices.book import entries, publishing, versions
from hub.prices.book.content import content_hash
from hub.prices.book.drafting import drafted
from hub.prices.book.problems import NoSuchTariff
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import Version
from hub.prices.curves import files as curve_files
from hub.prices.curves import known as curve_known
from hub.prices.curves import places as curve_places
from hub.prices.curves.curves import Dated, Stretch
from hub.prices.curves.curves import versions as made_of
from hub.prices.curves.faults import refuse
from hub.prices.curves.template import Template
from hub.prices.curves.terms import Terms, examined
from hub.store import documents
from hub.store.curves import curve_files as files
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Offered:
    """A file, and what is to be made of it.

    tariff    the id of the tariff
    template  a tariff of any edition; None is the one in force
    """

    name: str
    content: bytes
    owner: Party
    tariff: str
    terms: Terms
    template: Json | None = None

    @property
    def key(self) -> str:
        return fold(self.tariff)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the price book holds of the tariff.

    now      the present of this tariff: see `hub.prices.book.entries.Book`
    planned  what is still to begin; own: of these the versions that imports have made
    stop     the first instant from which the curve has nothing to say: a version that a person has scheduled
    ends     where a person has set an end
    """

    now: int
    present: Version | None
    last: Version | None
    planned: tuple[Version, ...]
    own: frozenset[int]
    ends: int | None

    @property
    def foreign(self) -> list[Version]:
        return [each for each in self.planned if each.number not in self.own]

    @property
    def stop(self) -> int | None:
        begin = [each.valid_from for each in self.foreign]
        return min([*begin, *([] if self.ends is None else [self.ends])], default=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import is to change.

    now        the present that it is made for
    added      what the file tells, per kWh before taxes; curve: all that is known then
    prices     what is known from now on, as it stands in the tariff; fallback: the price at other times
    dated      the versions to be published; those that hold already as they are to are left out
    withdrawn  the numbers of scheduled versions that make room
    remarks    what the operator should know
    """

    offered: Offered
    now: int
    added: tuple[Stretch, ...]
    curve: tuple[Stretch, ...]
    prices: tuple[Stretch, ...]
    fallback: Decimal
    dated: tuple[Dated, ...]
    withdrawn: tuple[int, ...]
    remarks: tuple[str, ...]

    @property
    def since(self) -> int:
        return self.added[0].start

    @property
    def until(self) -> int:
        return self.added[-1].end


def plan(unit: Unit, offered: Offered) -> Plan:
    """What the file comes to; writes nothing. PriceProblem says what is wrong."""
    terms = offered.terms
    quoted, told = curve_files.read(offered.content, ZoneInfo(terms.time_zone))
    found = standing(unit, offered.owner, offered.key)
    source = templated(unit, offered, found)
    examined(quoted, told, terms, source["currency"])
    if quoted[-1].end <= found.now:
        raise refuse("past", quoted[-1].place, f"all prices end by {instants.text(quoted[-1].end)}")
    template = Template.of(source, terms)
    added = [Stretch(each.start, each.end, terms.price(each.price)) for each in quoted]
    curve = curve_known.together(curve_known.known(unit, offered.owner, offered.key), added)
    prices = [Stretch(each.start, each.end, template.raised(each.price)) for each in curve]
    dated, withdrawn = changes(wanted(prices, template, terms, found), found)
    return Plan(
        offered,
        found.now,
        tuple(added),
        tuple(curve),
        tuple(each for each in prices if each.end > found.now),
        template.fallback,
        tuple(dated),
        tuple(withdrawn),
        (*map(remark, found.foreign), *holes(curve, found.now), *elsewhere(unit, offered, curve)),
    )


def publish(unit: Unit, offered: Offered, edit: Edit) -> tuple[Plan, list[Version]]:
    """Do it; the versions that were made, none when all of it was known. What of the edit is a moment, the
    prices say themselves."""
    entries.opened(
        unit, offered.owner, offered.key, edit.expect
    )  # from here on nobody else changes the tariff
    found = plan(unit, offered)
    signed = Edit(edit.author, edit.reason or f"prices of {offered.name}")
    for number in found.withdrawn:
        publishing.withdraw(unit, offered.owner, offered.key, number, signed)
    made = [
        publishing.publish(unit, each.document, offered.owner, replace(signed, at=at, until=each.end))
        for each in found.dated
        for at in (each.start if each.start > found.now else None,)
    ]
    curve_known.remember(unit, offered.owner, offered.key, found.curve)
    return found, [each for each in made if isinstance(each, Version)]


# What it consists of ---------------------------------------------------------------------------------------


def standing(unit: Unit, owner: Party, key: str) -> Standing:
    now = entries.looked_into(unit, owner, key, documents.find(unit, "tariffs", owner, key)).now
    book = versions.in_order(versions.of_tariff(unit, owner, key))
    begins = {each.valid_from for each in book}
    ends = [each.valid_to for each in book if each.valid_to is not None and each.valid_to not in begins]
    return Standing(
        now=now,
        present=next((each for each in book if each.holds_at(now)), None),
        last=next(reversed(book), None),
        planned=tuple(each for each in book if each.valid_from > now),
        own=numbers_of_curves(unit, owner, key),
        ends=min((each for each in ends if each > now), default=None),
    )


def templated(unit: Unit, offered: Offered, found: Standing) -> Json:
    """The tariff from which all is taken but the price of energy, in the newest edition."""
    current = found.present or found.last
    if offered.template is not None:
        named = offered.tariff if current is None else current.document.newest["id"]
        return drafted(unit, offered.template | {"id": named}, offered.owner, unit.now).newest
    if current is None:
        raise NoSuchTariff(
            f"{offered.owner} has no tariff {offered.tariff} to be taken as template. Publish one first,"
            " or give --template FILE"
        )
    return current.document.newest


def wanted(prices: Sequence[Stretch], template: Template, terms: Terms, found: Standing) -> list[Dated]:
    """The versions that make up the curve: what holds, if it is one of them, and those to come."""
    zone, present = terms.time_zone, found.present
    if present is not None:
        again = made_of(prices, template, zone, present.valid_from)
        if content_hash(again[0].document) == present.content_hash:
            return again
    covered = any(each.start <= found.now < each.end for each in prices)
    if covered or same(present, template, terms):
        return made_of(prices, template, zone, found.now)
    return made_of(prices, template, zone, next(each.start for each in prices if each.end > found.now))


def same(present: Version | None, template: Template, terms: Terms) -> bool:
    """Whether what holds now says the same as the template, hours of a curve aside: then the new version can
    hold from now on, and a session that lasts until the first price has it."""
    return present is not None and Template.of(present.document.newest, terms) == template


def changes(dated: Sequence[Dated], found: Standing) -> tuple[list[Dated], list[int]]:
    """The versions to be published and those to be withdrawn, so that the book says what is wanted."""
    stop = found.stop
    coming = [each for each in dated if stop is None or each.start < stop]
    held = [*found.planned, *([] if found.present is None else [found.present])]
    wished = {(each.start, content_hash(each.document)) for each in coming}
    there = {(each.valid_from, each.content_hash) for each in held}
    gone = [each for each in found.planned if each.number in found.own]
    return (
        [
            Dated(
                each.start, found.ends if each is coming[-1] and stop == found.ends else None, each.document
            )
            for each in coming
            if (each.start, content_hash(each.document)) not in there
        ],
        [each.number for each in gone if (each.valid_from, each.content_hash) not in wished],
    )


def numbers_of_curves(unit: Unit, owner: Party, key: str) -> frozenset[int]:
    """The versions that imports have made."""
    mine = (files.c.owner == owner.code, files.c.key == key)
    rows = unit.connection.execute(select(files.c.numbers).where(*mine))
    return frozenset(number for (told,) in rows for number in json.loads(told))


def remark(foreign: Version) -> str:
    return (
        f"From {instants.text(foreign.valid_from)} on version {foreign.number} holds, scheduled by"
        f" {foreign.author}; the curve goes on with the next import after that"
    )


def elsewhere(unit: Unit, offered: Offered, curve: Sequence[Stretch]) -> list[str]:
    span = (curve[0].start, curve[-1].end)
    return curve_places.strays(unit, offered.owner, offered.key, offered.terms.time_zone, span)


def holes(curve: Sequence[Stretch], now: int) -> list[str]:
    """Between files there may be hours that none has told of."""
    return [
        f"No price is known from {instants.text(max(before.end, now))} to {instants.text(each.start)}:"
        " the fallback holds"
        for before, each in pairwise(curve)
        if before.end < each.start and each.start > now
    ]
