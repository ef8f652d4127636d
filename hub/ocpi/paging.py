"""How a list is asked for and how the next page is named (TR-30 to TR-38)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from hub.ocpi import instants
from hub.ocpi.errors import InvalidParameter

MOST = 100
"""Objects on a page at most (TR-34)."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a list request asks for.

    since, until  half-open span of last_updated in microseconds (TR-31)
    after, total  carried by our own Link: the last object of the page before, the count of the whole crawl
    """

    limit: int = MOST
    offset: int = 0
    since: int | None = None
    until: int | None = None
    after: int | None = None
    total: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "Query":
        """Read the query string; InvalidParameter names the argument that cannot be read (TR-38)."""
        return cls(
            limit=min(MOST, whole(arguments, "limit") or MOST),
            offset=whole(arguments, "offset") or 0,
            since=date(arguments, "date_from"),
            until=date(arguments, "date_to"),
            after=whole(arguments, "after"),
            total=whole(arguments, "total"),
        )

    def next_link(self, url: str, arguments: Mapping[str, str], after: int, total: int) -> str:
        """The Link of the page behind `after`; every filter of the request stays (TR-35)."""
        kept = {name: value for name, value in arguments.items() if name != "offset"}
        place = {"limit": self.limit, "after": after, "total": total}
        return f'<{url}?{urlencode({**kept, **place})}>; rel="next"'


def whole(arguments: Mapping[str, str], name: str) -> int | None:
    given = arguments.get(name)
    if given is None or given == "":
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise InvalidParameter(f"{name} is not a whole number from 0", fields={name: given[:40]})
    return int(given)


def date(arguments: Mapping[str, str], name: str) -> int | None:
    given = arguments.get(name)
    if given is None or given == "":
        return None
    try:
        return instants.micros(given)
    except ValueError:
        wanted = f"{name} is not an OCPI DateTime such as 2026-01-31T23:59:59Z"
        raise InvalidParameter(wanted, fields={name: given[:40]}) from None
