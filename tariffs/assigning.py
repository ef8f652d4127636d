"""Which of the given tariffs prices which period (P-04, P-05)."""

from collections.abc import Sequence
from itertools import groupby

from tariffs.errors import MismatchError
from tariffs.model import Remark, Tariff
from tariffs.session import Period, Session

Assigned = tuple[tuple[Tariff | None, ...], tuple[Remark, ...]]


def assign(tariffs: Tariff | Sequence[Tariff], session: Session) -> Assigned:
    """The tariff of each period, None where none is relevant, with what looks wrong about it.

    A tariff given alone prices every period, whatever tariff the session names; of several, each prices the
    periods that name it. Where no period names any, the one in force at the start prices all.
    """
    given = (tariffs,) if isinstance(tariffs, Tariff) else tuple(tariffs)
    _check(given, session)
    if not any(period.tariff_id for period in session.periods):
        doubts = (Remark("tariff-not-named", "charging_periods", "name none of the tariffs"),)
        return (_in_force(given, session),) * len(session.periods), doubts if len(given) > 1 else ()
    if isinstance(tariffs, Tariff):
        return _alone(tariffs, session.periods)
    return _by_name(given, session)


def _check(given: Sequence[Tariff], session: Session) -> None:
    if not given:
        raise MismatchError("tariffs", "required", "there is no tariff to price with")
    currencies = {tariff.currency for tariff in given}
    if session.currency:
        currencies.add(session.currency.upper())
    if len(currencies) > 1:
        told = ", ".join(sorted(currencies))
        raise MismatchError("currency", "currency", f"tariffs and session differ: {told}")


def _in_force(tariffs: Sequence[Tariff], session: Session) -> Tariff:
    """Of several the one that is valid at the start of the session (A24)."""
    return next((tariff for tariff in tariffs if tariff.valid_at(session.start)), tariffs[0])


def _alone(tariff: Tariff, periods: Sequence[Period]) -> Assigned:
    names = {period.tariff_id for period in periods if period.tariff_id}
    others = sorted(name for name in names if name.casefold() != tariff.id.casefold())
    remarks = [Remark("tariff-other", "charging_periods", f"name tariff {name}") for name in others]
    chosen = tuple(tariff if period.tariff_id else None for period in periods)
    return chosen, (*remarks, *_unnamed(periods))


def _by_name(given: Sequence[Tariff], session: Session) -> Assigned:
    in_order = sorted(given, key=_name)
    named = {name: _in_force(tuple(same), session) for name, same in groupby(in_order, _name)}
    names = {period.tariff_id for period in session.periods if period.tariff_id}
    unknown = sorted(name for name in names if name.casefold() not in named)
    remarks = [Remark("tariff-unknown", "charging_periods", f"{name} is not given") for name in unknown]
    chosen = tuple(named.get((period.tariff_id or "").casefold()) for period in session.periods)
    return chosen, (*remarks, *_unnamed(session.periods))


def _name(tariff: Tariff) -> str:
    return tariff.id.casefold()


def _unnamed(periods: Sequence[Period]) -> tuple[Remark, ...]:
    if all(period.tariff_id for period in periods):
        return ()
    return (Remark("period-without-tariff", "charging_periods", "some name no tariff and are not priced"),)
