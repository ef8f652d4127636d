"""Which rows are exported: a month, and perhaps one agreement, one CPO or one eMSP alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.closing import months
from hub.ocpi.document import Party

AROUND = 15 * 3600 * 1_000_000
"""No clock on Earth is farther from UTC, in microseconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; NoSuchMonth when `period` is none."""

    period: str
    agreement: int | None = None
    cpo: Party | None = None
    emsp: Party | None = None

    def __post_init__(self) -> None:
        months.read(self.period)

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
        return months.span(self.period, zone)

    def narrowed(self, agreement: Any, cpo: Any, emsp: Any) -> Iterator[Any]:
        """What it is narrowed to, as conditions on the columns of a table that tell these."""
        if self.agreement is not None:
            yield agreement == self.agreement
        if self.cpo is not None:
            yield cpo == self.cpo.code
        if self.emsp is not None:
            yield emsp == self.emsp.code
