"""All that is told to the hub in the month, in order of time: a pure function of month, number and seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from hub.demo import forms
from hub.demo.month import arrivals, papers
from hub.demo.month.arrivals import Stay
from hub.demo.month.cast import BGS, CPOS, EMSPS, Cpo
from hub.demo.month.faults import BY_HUB, DOOR, FAULTS, Fault
from hub.demo.month.places import ALL, FAIR, TROUBLE, Site, card, location, tariffs, token
from hub.demo.wire import Json, moment, stamp

SEED = 20261001
DAY = timedelta(days=1)
BEFORE = 120 * DAY
"""So long before the month the partners have connected."""
DEARER_ON = 14 * DAY + timedelta(hours=3)
SLOWEST = 40
"""Minutes within which a CPO sends the CDR of a charge."""
BLOCKED = "E4b"


@dataclass(frozen=True)
class Event:
    """At an instant a party tells the hub something. `refused`: the door does not let it in, and why."""

    at: datetime
    party: str
    module: str
    key: str
    body: Json
    refused: str | None = None


@dataclass(frozen=True)
class Plan:
    """What happens, and which CDRs are wrong: by their id, or by that of the session when the hub issues."""

    month: tuple[datetime, datetime]
    founded: datetime
    events: tuple[Event, ...]
    planted: dict[str, Fault]


def plan(month: str, count: int, seed: int = SEED) -> Plan:
    """month as 2026-10, of UTC; so many right charges besides the wrong ones."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    until = (first + 32 * DAY).replace(day=1)
    dice = Random(seed)  # noqa: S311 (always the same month, no secret)
    made = arrivals.stays(count, (first, until), dice)
    book = Book(first)
    right = [event for stay in made for event in told(book, stay, dice)]
    planted: dict[str, Fault] = {}
    wrong = [event for site in (FAIR, TROUBLE) for event in trouble(book, site, planted)]
    wrong += list(at_the_door(book))
    events = [*right, *wrong]
    begun = [*beginnings(book, made, planted, events)]
    ordered = tuple(sorted([*begun, *events], key=lambda event: event.at))
    return Plan((first, until), book.founded, ordered, planted)


class Book:
    """The tariffs of both CPOs as they were published."""

    def __init__(self, first: datetime) -> None:
        self.first = first
        self.founded = first - BEFORE
        self.changed = first + DEARER_ON
        self.usual = {cpo.party: self.published(cpo, self.founded, dearer=False) for cpo in CPOS}
        self.dearer = self.published(BGS, self.changed, dearer=True)

    def published(self, cpo: Cpo, at: datetime, *, dearer: bool) -> dict[str, Json]:
        form = forms.of(cpo.who)
        return {str(each["id"]): form.tariff(each, stamp(at)) for each in tariffs(cpo, dearer=dearer)}

    def tariff(self, stay: Stay, *, old: bool = False) -> Json:
        cpo = stay.site.cpo
        later = cpo is BGS and stay.start >= self.changed and not old
        return (self.dearer if later else self.usual[cpo.party])[papers.tariff_of(stay)]


# What there is before --------------------------------------------------------------------------------------


def beginnings(
    book: Book, made: list[Stay], planted: dict[str, Fault], events: list[Event]
) -> Iterator[Event]:
    """Tariffs, locations and the cards that will be used; on the way, Bergstrom gets dearer."""
    at, written = book.founded, stamp(book.founded)
    for cpo in CPOS:
        for name, tariff in book.usual[cpo.party].items():
            yield Event(at, cpo.party, "tariffs", name, tariff)
    for site in ALL:
        record = forms.of(site.cpo.who).location(location(site), written)
        yield Event(at, site.cpo.party, "locations", site.id, record)
    for name, tariff in book.dearer.items():
        yield Event(book.changed, BGS.party, "tariffs", name, tariff)
    yield from known_cards(at, events)


def known_cards(at: datetime, events: list[Event]) -> Iterator[Event]:
    issued = {emsp.short: emsp for emsp in EMSPS}
    seen = [event.body["cdr_token"]["uid"] for event in events if "cdr_token" in event.body]
    for uid in sorted({uid for uid in seen if uid[:3] in issued}):
        emsp = issued[uid[:3]]
        blocked = {"valid": False} if uid in BLOCKED_CARDS else {}
        yield Event(at, emsp.party, "tokens", uid, token(emsp, uid, stamp(at)) | blocked)


# What is right ---------------------------------------------------------------------------------------------


def told(book: Book, stay: Stay, dice: Random) -> Iterator[Event]:
    """A session a minute after its end; its CDR a few minutes later, where the CPO writes it."""
    cpo = stay.site.cpo
    at = stay.end + timedelta(minutes=1)
    yield Event(at, cpo.party, "sessions", stay.id, papers.session(stay))
    if not cpo.by_hub:
        sent = stay.end + timedelta(minutes=dice.randint(3, SLOWEST))
        body = papers.cdr(stay, book.tariff(stay), sent)
        yield Event(sent, cpo.party, "cdrs", body["id"], body)


# What is wrong ---------------------------------------------------------------------------------------------


def usual(book: Book, site: Site, number: int, fault: Fault) -> Stay:
    """The charge that goes wrong: each at a point and with a card of its own, on a day of its own."""
    emsp = fault.emsp or EMSPS[number % len(EMSPS)]
    day = fault.day or 2 + number % 18
    return Stay(
        id=f"{site.cpo.short}-S9{number:05d}",
        site=site,
        evse_uid=site.evse_uid(number),
        fast=False,
        emsp=emsp,
        card=card(emsp, site, number),
        start=book.first + (day - 1) * DAY + timedelta(hours=8, minutes=number),
        charging=120,
        idle=60,
        kwh=Decimal("14.4"),
        currency=emsp.currency,
    )


def faults_at(site: Site) -> tuple[Fault, ...]:
    return FAULTS if site is FAIR else BY_HUB


def trouble(book: Book, site: Site, planted: dict[str, Fault]) -> Iterator[Event]:
    for number, fault in enumerate(faults_at(site), 1):
        stay = fault.stay(usual(book, site, number, fault))
        events = list(gone_wrong(book, stay, fault))
        planted[events[-1].key] = fault
        yield from events


def gone_wrong(book: Book, stay: Stay, fault: Fault) -> Iterator[Event]:
    party, by_hub = stay.site.cpo.party, stay.site.cpo.by_hub
    came = max(stay.end + fault.delay, book.founded + DAY)
    session = fault.session(papers.session(stay))
    if session is not None:
        at = came if by_hub else min(came, max(stay.end, book.founded) + timedelta(minutes=1))
        yield Event(at, party, "sessions", stay.id, session)
    if by_hub:
        return
    written = max(stay.end, book.founded) + timedelta(minutes=2)
    sent = fault.cdr(papers.cdr(stay, book.tariff(stay, old=fault.old), written, split=fault.split), stay)
    for place, body in enumerate(sent):
        last = place == len(sent) - 1
        own = {"last_updated": stamp(moment(body["last_updated"]) + timedelta(minutes=place))}
        whole = {name: value for name, value in (body | own).items() if value is not None}
        at = came if last else min(came, moment(whole["last_updated"]) + timedelta(minutes=1))
        yield Event(at, party, "cdrs", body["id"], whole)


def at_the_door(book: Book) -> Iterator[Event]:
    for number, (says, change) in enumerate(DOOR.items(), len(FAULTS) + 1):
        stay = usual(book, FAIR, number, Fault("", says))
        good = papers.cdr(stay, book.tariff(stay), stay.end + timedelta(minutes=2))
        *before, refused = change(good, stay)
        at = stay.end + timedelta(minutes=5)
        for body in before:
            yield Event(stay.end + timedelta(minutes=1), BGS.party, "sessions", stay.id, papers.session(stay))
            yield Event(at, BGS.party, "cdrs", body["id"], body)
        yield Event(at + timedelta(minutes=1), BGS.party, "cdrs", refused["id"], refused, refused=says)


BLOCKED_CARDS = frozenset(
    card(EMSPS[number % len(EMSPS)], site, number)
    for site in (FAIR, TROUBLE)
    for number, fault in enumerate(faults_at(site), 1)
    if fault.codes == BLOCKED
)
