"""The choices the OCPI text leaves open, as options; a quote records the policy it was made under."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tariffs.rounding import Rounding


class Step(StrEnum):
    """Whether billed quantities are rounded up to step_size."""

    ONCE = "once"  # once per session over the priced volume (P-41, P-45)
    UNPRICED_TOO = "unpriced too"  # as ONCE, and volume without an active component counts in the total
    OFF = "off"  # exact metering, as in OCPI 3.0


class Hours(StrEnum):
    """What a time volume in hours stands for (A12)."""

    TIMESTAMPS = "timestamps"  # the period's own length where it agrees, else the nearest second
    SECONDS = "seconds"  # the nearest second
    RAW = "raw"  # the decimal hours as they are written


class UnknownLoad(StrEnum):
    """What a restriction on power or current does when the period tells neither (A09)."""

    DERIVE = "derive"  # average power from energy and time; what stays unknown does not match, with a warning
    NO_MATCH = "no match"
    MATCH = "match"


class Flat(StrEnum):
    """How often a FLAT component is charged (A02)."""

    COMPONENT = "component"  # each distinct component once, when first active
    SESSION = "session"  # only the first that becomes active
    PERIOD = "period"  # once in every charging period


class Split(StrEnum):
    """What happens when the price changes inside a period (A11)."""

    BY_SOURCE = "by source"  # CDRs at the start of the period, everything else interpolated
    INTERPOLATE = "interpolate"
    START = "start"  # by the start of the period, with a warning
    STRICT = "strict"  # refused: whoever wrote the period should have split it (P-23)


class Rounded(StrEnum):
    """Where money is rounded to `decimals` (A29)."""

    TOTAL = "total"  # once, when a total is told
    LINE = "line"  # each line as well, before lines are added up


class Dialect(StrEnum):
    """Whether fields count that only Gireve's 2.1.1 has: SESSION_TIME, step_round, price_round (A39)."""

    AS_WRITTEN = "as written"  # where a tariff has them
    OCPI = "ocpi"  # never: components of SESSION_TIME price nothing, roundings are OCPI's


@dataclass(frozen=True, slots=True)
class Policy:
    """One way to read the open points; the default is the reading of INTERPRETATION.md."""

    decimals: int = 4
    rounding: Rounding = Rounding.HALF_UP
    rounded: Rounded = Rounded.TOTAL
    step: Step = Step.ONCE
    hours: Hours = Hours.TIMESTAMPS
    unknown_load: UnknownLoad = UnknownLoad.DERIVE
    flat: Flat = Flat.COMPONENT
    split: Split = Split.BY_SOURCE
    local_time: bool = True
    dialect: Dialect = Dialect.AS_WRITTEN
    vat_where_absent: Decimal | None = None

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


DEFAULT = Policy()
