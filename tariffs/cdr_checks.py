"""What in a CDR contradicts the CDR itself, whatever it costs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tariffs.claims import Claims, negated, read_claims
from tariffs.errors import SessionError
from tariffs.exact import HOUR, MILLION, SECOND, Exact
from tariffs.fields import Fields
from tariffs.model import Remark
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.session_reading import ENDS, STARTS

CENT = Decimal("0.01")
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Subject:
    """A CDR that was read; `original` is the CDR that it credits, where that is known."""

    fields: Fields
    session: Session
    claims: Claims
    original: Mapping[str, Any] | None


Remarks = Iterator[Remark]


def check_cdr(
    document: Mapping[str, Any], session: Session, original: Mapping[str, Any] | None = None
) -> tuple[Remark, ...]:
    """Every contradiction within a CDR, and with the CDR that it credits; SessionError when unreadable."""
    subject = Subject(Fields(document, "", SessionError), session, read_claims(document), original)
    return tuple(remark for check in CHECKS for remark in check(subject))


def periods(subject: Subject) -> Remarks:
    """Periods outside the session, and several that begin together."""
    start, end = _edge(subject, STARTS), _edge(subject, ENDS)
    starts = [fields.instant("start_date_time") for fields in subject.fields.children("charging_periods")]
    for place, at in enumerate(starts):
        path = f"charging_periods[{place}].start_date_time"
        if at is None:
            continue
        if start is not None and at < start - SECOND:
            yield Remark("period-outside", path, "is before the session starts")
        if end is not None and at >= end and at != start:
            yield Remark("period-outside", path, "is not before the session ends")
        if at in starts[:place]:
            yield Remark("period-duplicate", path, "is when another period begins")


def energy(subject: Subject) -> Remarks:
    """The periods' energy against total_energy, within what four decimals a period can lose."""
    told = subject.fields.number("total_energy")
    metered = _decimal(subject.session.energy, MILLION)
    allowed = max(Decimal("0.001"), Decimal("0.0005") * len(subject.session.periods))
    if told is not None and abs(metered - told) > allowed:
        yield Remark("total-energy", "total_energy", f"is {told:f} kWh, its periods have {metered:f} kWh")


def times(subject: Subject) -> Remarks:
    """total_time against the clock and against the periods; total_parking_time against both."""
    told, parked = subject.fields.number("total_time"), subject.fields.number("total_parking_time")
    start, end = _edge(subject, STARTS), _edge(subject, ENDS)
    if (
        told is not None
        and start is not None
        and end is not None
        and abs(told * HOUR - (end - start)) > MINUTE
    ):
        hours = _decimal(end - start, HOUR)
        yield Remark("total-time", "total_time", f"is {told:f} h, while start and end are {hours:f} h apart")
    if told is not None and abs(told * HOUR - _decimal(subject.session.time, 1)) > MINUTE:
        hours = _decimal(subject.session.time, HOUR)
        yield Remark("total-time-of-periods", "total_time", f"is {told:f} h, its periods have {hours:f} h")
    if parked is not None and abs(parked * HOUR - _decimal(subject.session.parking, 1)) > MINUTE:
        hours = _decimal(subject.session.parking, HOUR)
        message = f"is {parked:f} h, its periods have {hours:f} h"
        yield Remark("total-parking-time", "total_parking_time", message)
    if told is not None and parked is not None and parked > told:
        yield Remark("total-parking-time", "total_parking_time", "is longer than total_time")


def costs(subject: Subject) -> Remarks:
    """The shares against the total, unless a limit may have changed it."""
    total, shares = subject.claims.total.net, subject.claims.shares
    if total is None or not shares or any(claim.net is None for claim in shares.values()):
        return
    summed = sum((claim.net or Decimal(0) for claim in shares.values()), Decimal(0))
    if abs(summed - total) > CENT * len(shares) and not _may_be_limited(subject):
        yield Remark("costs-sum", "total_cost", f"is {total:f}, its parts make {summed:f}")


def taxes(subject: Subject) -> Remarks:
    """Each tax against the percentage that it names; with several rates their bases are not told."""
    for name, claim in (("total", subject.claims.total), *subject.claims.shares.items()):
        if len(claim.taxes) != 1 or claim.net is None:
            continue
        percentage, amount = claim.taxes[0]
        if percentage is not None and abs(claim.net * percentage / 100 - amount) > CENT:
            message = f"of {name} is {amount:f}, which is not {percentage:f} % of {claim.net:f}"
            yield Remark("tax-amount", "taxes", message)


def tariff_names(subject: Subject) -> Remarks:
    """Periods that name a tariff which the CDR does not carry."""
    known = {str(fields.text("id")).casefold() for fields in subject.fields.children("tariffs")}
    for place, period in enumerate(subject.session.periods):
        if known and period.tariff_id and period.tariff_id.casefold() not in known:
            path = f"charging_periods[{place}].tariff_id"
            yield Remark("tariff-not-carried", path, f"{period.tariff_id} is not among the CDR's tariffs")


def credit(subject: Subject) -> Remarks:
    """A credit CDR negates the total of its original and changes nothing else (P-65, A31)."""
    is_credit, names = subject.fields.get("credit") is True, subject.fields.has("credit_reference_id")
    if is_credit != names:
        yield Remark("credit-reference", "credit_reference_id", "goes with credit, and only with it")
    if not is_credit or subject.original is None:
        return
    first = read_claims(subject.original)
    if subject.claims.total != first.total:
        told = negated(subject.claims.total).net
        yield Remark("credit-amount", "total_cost", f"is {told}, its original cost {first.total.net}")
    for name in ("currency", "total_energy", "total_time", "start_date_time", "end_date_time"):
        if subject.fields.get(name) != subject.original.get(name):
            yield Remark("credit-differs", name, "is not as in the CDR that is credited")


CHECKS: tuple[Callable[[Subject], Remarks], ...] = (
    periods,
    energy,
    times,
    costs,
    taxes,
    tariff_names,
    credit,
)


def _edge(subject: Subject, names: tuple[str, ...]) -> int | None:
    return next((subject.fields.instant(name) for name in names if subject.fields.has(name)), None)


def _may_be_limited(subject: Subject) -> bool:
    return any(
        fields.has("min_price") or fields.has("max_price") for fields in subject.fields.children("tariffs")
    )


def _decimal(value: Exact, unit: int) -> Decimal:
    return to_places(value, unit, 6)
