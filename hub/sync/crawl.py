"""How a page of a partner's list is asked for, and where its Link leads: nowhere but to the same platform."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.parties import quirks
from hub.parties.partner import Partner
from hub.parties.peer import place
from hub.sync import peer
from hub.sync.peer import Request

DEADLINE = 20.0
PAGE = 100
"""Objects asked for; the partner may give fewer (TR-37)."""
SPARE_PAGES = 10
MOST_PAGES = 10_000
LINK = re.compile(r"<([^<>]*)>([^<]*)")
REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


class Unreadable(Exception):
    """What the partner answered is no page of a list.

    passing  the same page may come right later: the crawl goes on from there
    gone     there is nothing at this URL: the partner may have moved its interfaces
    """

    def __init__(self, message: str, *, passing: bool = False, gone: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        self.gone = gone


class Stray(Unreadable):
    """The Link to the next page leads where a crawl does not go: to another place, in a circle, or on for
    ever (threat 14)."""


@dataclass(frozen=True, slots=True)
class Source:
    """One list of a partner.

    url            of its endpoint
    authorization  the header that opens it
    to             the party that is asked; None when the platform has several: they are all meant
    """

    partner: Partner
    url: str
    authorization: str
    to: Party | None

    def first(self, since: int | None) -> str:
        """The URL of the first page of what has changed since, in microseconds (TR-30, TR-31)."""
        dated = {} if since is None else {"date_from": instants.text(since)}
        query = urlencode(dated | {"limit": quirks.page_size(self.partner, PAGE)})
        url = quirks.spelled(self.partner.settings, self.url)
        return f"{url}{'&' if '?' in url else '?'}{query}"


@dataclass(frozen=True, slots=True)
class Page:
    """What came back.

    link   of the next page, None on the last
    total  X-Total-Count, None when it was not told
    date   the partner's clock, None when it was not told
    """

    items: list[Any]
    link: str | None
    total: int | None
    date: int | None

    @property
    def most(self) -> int:
        """How many pages such a list may have."""
        if self.total is None:
            return MOST_PAGES
        return min(MOST_PAGES, -(-self.total // max(1, len(self.items))) + SPARE_PAGES)


def fetch(hub: Hub, source: Source, url: str) -> Page:
    """One page; Unreachable when there is no answer, Unreadable when it is none of OCPI."""
    request = Request("GET", url, sender=hub.settings.party, to=source.to)
    reply = peer.ask(hub, source.partner, source.authorization, request, DEADLINE)
    if not reply.ok:
        passing = reply.http in (408, 425, 429) or reply.http >= 500 or (reply.status_code or 0) >= 3000
        answered = f"{reply.http}/{reply.status_code} {reply.message}"
        told = f"GET {urlsplit(url).path} was answered with {answered}"
        raise Unreadable(told, passing=passing, gone=reply.http in (404, 410))
    if not isinstance(reply.data, list):
        raise Unreadable(f"GET {urlsplit(url).path}: data is not a list")
    headers = reply.headers or {}
    link = next_link(headers.get("Link", ""), url)
    return Page(reply.data, link, whole(headers.get("X-Total-Count")), date(headers))


def keep_to(source: Source, link: str) -> None:
    """Stray unless the link leads to where the list is: the same scheme, host and port."""
    try:
        near = place(urlsplit(link)) == place(urlsplit(source.url))
    except ValueError:
        near = False
    if not near:
        raise Stray(f"the Link to the next page leads to another place: {link[:200]}")


def next_link(header: str, url: str) -> str | None:
    """The URL of rel="next", as it stands there (TR-39); one without a host belongs to the page's own."""
    for target, parameters in LINK.findall(header):
        for quoted, plain in REL.findall(parameters):
            if "next" in (quoted or plain).lower().split():
                return joined(url, target.strip())
    return None


def joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:  # it will be refused as it stands
        return target


def whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def date(headers: Mapping[str, str]) -> int | None:
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
        return instants.instant(moment) if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None
