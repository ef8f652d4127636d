"""How a partner's list comes to be held here: the news since a watermark, or all there is.

A page and the place of the next one are kept in one transaction, so a process that dies loses nothing and the
next one goes on from there. The watermark moves after the last page only, and no further than the partner's
own clock stood at the first (TR-39, TR-92).
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.net.failures import Unreachable
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.ocpi.errors import OcpiError
from hub.ocpi.wire import WIRES, Checked, key_of
from hub.parties import registry, tokens
from hub.parties.interfaces import SENDER
from hub.parties.partner import Partner
from hub.store import cursors, quarantine
from hub.store.cursors import Cursor
from hub.store.pressure import is_passing
from hub.store.quarantine import Fault
from hub.store.unit import Unit
from hub.sync import completeness, crawl, discovery, intake, presence
from hub.sync.crawl import Page, Source, Stray, Unreadable
from hub.sync.intake import NotOwn, Sender
from hub.sync.quarantine import place_of
from hub.sync.run import Interrupted, Outcome, Run
from hub.sync.schedule import DONE, FAILED, PARTIAL, SKIPPED
from hub.sync.slots import SECOND

log = logging.getLogger(__name__)

NEWS, WHOLE = "news", "whole"
OVERLAP = 600 * SECOND
"""Asked for again each time, for what the partner wrote while it was read."""
STALE_LINK = 24 * 3600 * SECOND
"""A crawl that was left so long ago begins anew: its link may lead nowhere any more."""
TOGETHER = 50
"""Objects in one transaction: on SQLite nobody else writes meanwhile."""
DATED = frozenset({"sessions", "cdrs"})
"""Lists of what happened: what was before the connection has been settled otherwise, and is not asked for."""
LOOKED_BACK = 35 * 86400 * SECOND
"""How old the oldest is that is asked for, a month and some days to settle it in."""
BAD, FOREIGN = "in quarantine", "of other parties"


@dataclass(frozen=True, slots=True)
class Read:
    """One object of a page, as far as it could be judged without the database."""

    item: Any
    owner: Party | None = None
    checked: Checked | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Crawl:
    """One list that is being read."""

    run: Run
    source: Source
    sender: Sender
    cursor: Cursor
    counts: Counter[str]

    @property
    def module(self) -> str:
        return self.sender.wire.module.name


def pull(run: Run) -> Outcome:
    """Read what has changed since the watermark, or go on where the last run left off."""
    return read(run, NEWS)


def whole(run: Run) -> Outcome:
    """Read all there is. What the hub holds and the list has no more is found missing, but stays (LOC-25).

    It is not taken away: a list that its owner cut short by mistake would take a city off the map, and what
    sessions stand on must stay explained. An operator looks at the finding with the owner.
    """
    return read(run, WHOLE)


def read(run: Run, kind: str) -> Outcome:
    """Read a list to its end, if the partner lets us."""
    begun = begin(run, kind)
    if begun is None:
        return Outcome(SKIPPED, "the partner offers no such list")
    try:
        crawled = walk(begun)
    except (Unreachable, Unreadable) as failure:
        return broken_off(begun, failure)
    if crawled.cursor.link is not None:
        return Outcome(PARTIAL, f"{told(crawled)}; goes on", again=True)
    return concluded(crawled)


def begin(run: Run, kind: str) -> Crawl | None:
    """The crawl to be gone on with, or a new one; None when the partner has no such list."""
    assert run.partner is not None
    assert run.module is not None
    with run.hub.store.unit() as unit:
        source = source_of(run, unit)
        if source is None:
            return None
        cursor = cursors.load(unit, run.partner.id, run.module, kind)
        if cursor.link is None or (cursor.begun_at or 0) < unit.now - STALE_LINK:
            cursor = afresh(unit, cursor, since(run.partner, cursor, unit.now))
        cursors.save(unit, cursor)
    wire = WIRES[run.module, str(run.partner.version)]
    return Crawl(run, source, Sender(run.partner, wire), cursor, Counter())


def source_of(run: Run, unit: Unit) -> Source | None:
    partner = run.partner
    assert partner is not None
    url = registry.endpoint_of(unit, partner.id, str(run.module), SENDER)
    header = registry.authorization(unit, partner, tokens.vault(run.hub.settings.sealing_key))
    if url is None or header is None or (run.module, partner.version) not in WIRES:
        return None
    owners = partner.parties(*WIRES[str(run.module), str(partner.version)].module.owners)
    return Source(partner, url, header, owners[0] if len(owners) == 1 else None)


def since(partner: Partner, cursor: Cursor, now: int) -> int | None:
    """From when on a list is to be read; None for all of it."""
    if cursor.kind == NEWS and cursor.watermark is not None:
        return cursor.watermark - OVERLAP
    if cursor.module not in DATED:
        return None
    return max(partner.registered_at or 0, now - LOOKED_BACK) - OVERLAP


def afresh(unit: Unit, cursor: Cursor, since: int | None) -> Cursor:
    if cursor.kind == WHOLE:
        cursors.forget_listed(unit, cursor.partner_id, cursor.module)
    begun = Cursor(cursor.partner_id, cursor.module, cursor.kind, cursor.watermark, since, unit.now)
    return replace(begun, completed_at=cursor.completed_at)


# Page by page ----------------------------------------------------------------------------------------------


def walk(begun: Crawl) -> Crawl:
    """Follow the links to the last page, or until the run has had its time."""
    crawled, url = begun, begun.cursor.link or begun.source.first(begun.cursor.since)
    crawl.keep_to(crawled.source, url)  # also one that was saved before the partner moved
    visited = set()
    while True:
        visited.add(url)
        crawled = take(crawled, crawl.fetch(crawled.run.hub, crawled.source, url))
        link = crawled.cursor.link
        if link is None:
            return crawled
        crawl.keep_to(crawled.source, link)
        if link in visited:
            raise Stray(f"the Link to the next page leads in a circle: {link[:200]}")
        if crawled.cursor.pages >= (crawled.cursor.most or crawl.MOST_PAGES):
            raise Stray(f"the list does not end after {crawled.cursor.pages} pages")
        if crawled.run.stopping.is_set():
            raise Interrupted
        if crawled.run.over:
            return crawled
        url = link


def take(crawled: Crawl, page: Page) -> Crawl:
    """Keep what a page shows, and where the next one is."""
    store = crawled.run.hub.store
    presence.heard(store, crawled.source.partner)
    now = store.clock()
    judged = [judge(crawled.sender, item, now) for item in page.items]
    bad_before = crawled.counts[BAD]
    for start in range(0, len(judged), TOGETHER):
        keep_some(crawled, judged[start : start + TOGETHER])
    cursor = moved(crawled.cursor, page, newest_of(judged, now))
    cursor = replace(cursor, bad=cursor.bad + crawled.counts[BAD] - bad_before)
    with store.unit() as unit:
        if cursor.kind == WHOLE:
            shown = [key for each in judged if (key := shown_as(crawled.sender, each)) is not None]
            cursors.note_listed(unit, cursor.partner_id, cursor.module, shown)
        cursors.save(unit, cursor)
    return replace(crawled, cursor=cursor)


def moved(cursor: Cursor, page: Page, newest: int | None) -> Cursor:
    """The cursor behind a page."""
    shrunk = cursor.total is not None and page.total is not None and page.total < cursor.total
    bound = cursor.bound
    if cursor.pages == 0:
        bound = cursor.begun_at if page.date is None else page.date
    return replace(
        cursor,
        link=page.link,
        pages=cursor.pages + 1,
        most=max(cursor.most or 0, page.most),
        total=page.total,
        shrunk=cursor.shrunk or shrunk,
        bound=bound,
        newest=max(filter(None, (cursor.newest, newest)), default=None),
    )


def judge(sender: Sender, item: Any, now: int) -> Read:
    if not isinstance(item, dict):
        return Read(item, fault=Fault("not a JSON object", {}))
    try:
        owner, checked = sender.check(item, now)
    except NotOwn:
        return Read(item)
    except OcpiError as refused:
        return Read(item, fault=Fault(refused.message, refused.fields))
    return Read(item, owner, checked)


def keep_some(crawled: Crawl, judged: Sequence[Read]) -> None:
    """In one transaction; if that fails for a reason nobody foresaw, one by one, to find the one to blame."""
    try:
        with crawled.run.hub.store.unit() as unit:
            counts = Counter(keep_one(unit, crawled.sender, each) for each in judged)
            release(unit, crawled.sender, judged)
    except Exception:
        if len(judged) == 1:
            raise
        log.exception("objects of a page are kept one by one", extra={"of": crawled.module})
        for each in judged:
            keep_alone(crawled, each)
        return
    crawled.counts.update(counts)


def keep_alone(crawled: Crawl, each: Read) -> None:
    try:
        keep_some(crawled, [each])
    except Exception as failure:
        if is_passing(failure):  # it is the database, and no object: the page is read again later
            raise
        fault = Fault(f"could not be stored ({type(failure).__name__})", {})
        keep_some(crawled, [replace(each, fault=fault)])


def keep_one(unit: Unit, sender: Sender, each: Read) -> str:
    """Keep an object, or put it aside with what is wrong with it; what became of it."""
    fault = each.fault
    if fault is None and (each.checked is None or each.owner is None):
        return FOREIGN
    if fault is None:
        assert each.checked is not None
        assert each.owner is not None
        try:
            return intake.keep(unit, sender, each.checked, each.owner)
        except OcpiError as refused:
            fault = Fault(refused.message, refused.fields)
    raw = strictjson.write(each.item)
    name = quarantine.name_of(identity(sender, each.item), raw)
    quarantine.put(unit, place_of(sender.partner, sender.wire), name, raw, fault)
    return BAD


def release(unit: Unit, sender: Sender, judged: Sequence[Read]) -> None:
    """What lay in quarantine and has come in a good form lies there no longer."""
    good = [str(identity(sender, each.item))[:100] for each in judged if each.checked is not None]
    if good:
        quarantine.release(unit, sender.partner.id, sender.wire.module.name, unit.now, good)


def identity(sender: Sender, item: Any) -> object:
    return item.get(sender.wire.module.id_field) if isinstance(item, dict) else None


def shown_as(sender: Sender, each: Read) -> tuple[str, str] | None:
    """(Party.code, key) under which the hub would have this object; None when nobody can tell."""
    name = identity(sender, each.item)
    try:
        owner = each.owner or sender.owner_of(each.item)
    except (OcpiError, TypeError):
        return None
    if not isinstance(name, str):
        return None
    return owner.code, key_of(sender.wire.module, name, str(each.item.get("type") or "RFID"))


def newest_of(judged: Sequence[Read], now: int) -> int | None:
    """The latest last_updated that is not in future."""
    texts = (each.checked.body.get("last_updated") for each in judged if each.checked is not None)
    dated = (instants.micros(text) for text in texts if text is not None)
    return max((instant for instant in dated if instant <= now), default=None)


# The end of it ---------------------------------------------------------------------------------------------


def broken_off(begun: Crawl, failure: Unreachable | Unreadable) -> Outcome:
    """What was read stays; the link is kept when the same page may come right later."""
    passing = isinstance(failure, Unreachable) or failure.passing
    store = begun.run.hub.store
    with store.unit() as unit:
        cursor = cursors.load(unit, begun.cursor.partner_id, begun.module, begun.cursor.kind)
        if not passing:
            cursors.save(unit, replace(cursor, link=None, begun_at=None))
    if isinstance(failure, Unreadable) and failure.gone:
        discovery.confirm(begun.run.hub, begun.source.partner)  # the next try is at what it says now
    how_far = f" after {cursor.pages} pages" if cursor.pages else ""
    return Outcome(FAILED, f"{failure}{how_far}")


def concluded(crawled: Crawl) -> Outcome:
    """The list was read to its end; what became shorter meanwhile may have hidden an object."""
    cursor = crawled.cursor

    def finish(unit: Unit) -> None:
        ended = replace(cursor, begun_at=None, link=None, completed_at=unit.now)
        cursors.save(unit, ended if cursor.shrunk else replace(ended, watermark=watermark(cursor)))
        if cursor.kind == WHOLE and not cursor.shrunk:
            completeness.note_unlisted(unit, crawled.sender, cursor)

    if cursor.shrunk:
        return Outcome(
            FAILED, f"{told(crawled)}; the list became shorter, so it is read again", finish=finish
        )
    return Outcome(PARTIAL if cursor.bad else DONE, told(crawled), finish=finish)


def watermark(cursor: Cursor) -> int | None:
    """Up to when everything was read: the latest change seen, but no later than the partner's clock stood."""
    seen = cursor.newest if cursor.bound is None else min(cursor.bound, cursor.newest or cursor.bound)
    if cursor.newest is None:
        return cursor.watermark
    return max(filter(None, (seen, cursor.watermark)), default=None)


def told(crawled: Crawl) -> str:
    """What became of the objects, in words."""
    counts = ", ".join(f"{count} {what}" for what, count in sorted(crawled.counts.items()))
    return counts or "nothing new"
