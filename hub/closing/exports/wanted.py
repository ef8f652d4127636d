"""Which rows are exported: a month, and perhaps one agreement, one CPO or one eMSP alone."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.ocpi import instants
from hub.ocpi.document import Party

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
AROUND = 15 * 3600 * 1_000_000
"""No clock on Earth is farther from UTC, in microseconds."""


class NoSuchMonth(ValueError):
    """A month is written as 2026-10."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; NoSuchMonth when `period` is none."""

    period: str
    agreement: int | None = None
    cpo: Party | None = None
    emsp: Party | None = None

    def __post_init__(self) -> None:
        if MONTH.fullmatch(self.period) is None:
            raise NoSuchMonth(f"{NoSuchMonth.__doc__} ({self.period})")

    @property
    def direction(self) -> str:
        """Of the amounts: what the eMSP pays; what the CPO gets, when only the CPO is named."""
        return "RECEIVABLE" if self.cpo is not None and self.emsp is None else "PAYABLE"

    @property
    def labels(self) -> dict[str, str]:
        """What narrows it down, for names of files and for the sidecar."""
        told = {"agreement": self.agreement, "cpo": self.cpo, "emsp": self.emsp}
        return {name: str(value) for name, value in told.items() if value is not None}

    def span(self, zone: str = "UTC") -> tuple[int, int]:
        """The month by the clocks of a place, in microseconds, half-open."""
        year, month = map(int, self.period.split("-"))
        after = (year + month // 12, month % 12 + 1)
        return first_of(year, month, zone), first_of(*after, zone)


def first_of(year: int, month: int, zone: str) -> int:
    return instants.instant(datetime(year, month, 1, tzinfo=ZoneInfo(zone)))
