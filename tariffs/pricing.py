"""The price of a session: the one function behind preview, billing, repricing and explanation."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from tariffs.assigning import assign
from tariffs.clock import clock, moment
from tariffs.exact import HOUR, MILLION
from tariffs.limits import AppliedLimit, limited
from tariffs.model import Dimension, Remark, Tariff, Taxes
from tariffs.periods import joined
from tariffs.plan import Plan
from tariffs.policy import DEFAULT, Policy
from tariffs.quote import Group, Line, Quote
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.stepping import apply_steps
from tariffs.taxes import Cost, cost, total
from tariffs.uses import Use, Walk

UNITS = {
    Dimension.ENERGY: ("kWh", MILLION),
    Dimension.TIME: ("h", HOUR),
    Dimension.PARKING_TIME: ("h", HOUR),
    Dimension.FLAT: ("flat", 1),
}


def price(
    tariffs: Tariff | Sequence[Tariff],
    session: Session,
    time_zone: str,
    policy: Policy = DEFAULT,
    *,
    reservation_expired: bool | None = None,
) -> Quote:
    """What `session` costs under `tariffs` at a place in `time_zone`.

    One tariff prices every period; a sequence prices each period with the tariff that it names. A session
    that is only a reservation counts as expired unless `reservation_expired` says otherwise. MismatchError
    when tariffs and session do not belong together, TimeZoneError when the zone is not known.
    """
    chosen, doubts = assign(tariffs, session)
    expired = session.only_reserved if reservation_expired is None else reservation_expired
    walk = Walk(session, clock(time_zone if policy.local_time else "UTC"), policy, expired)
    walk.through(chosen)
    apply_steps(walk.uses, walk.unpriced, policy.step)
    given = list(dict.fromkeys(tariff for tariff in chosen if tariff is not None))
    remarks = (*doubts, *_validity(given, session), *walk.remarks.values())
    return _quote(walk, given, remarks, tariffs)


def _quote(
    walk: Walk, given: Sequence[Tariff], remarks: Iterable[Remark], tariffs: Tariff | Sequence[Tariff]
) -> Quote:
    session, policy = walk.session, walk.policy
    whole, limits = _within_limits(walk.uses, given, session, policy)
    shares = {group.value: _share(walk.uses, group, policy) for group in Group}
    warnings = [*(remark for tariff in given for remark in tariff.warnings), *session.warnings, *remarks]
    return Quote(
        currency=(tariffs if isinstance(tariffs, Tariff) else tariffs[0]).currency,
        total=whole,
        **shares,
        energy_used=session.energy,
        time_used=session.time,
        time_parked=session.parking,
        lines=tuple(_line(use, policy) for use in walk.uses),
        stretches=tuple(joined(walk.stretches)),
        limits=limits,
        warnings=(*warnings, *_tax_doubts(walk.uses, policy)),
        policy=policy,
    )


def _within_limits(
    uses: Sequence[Use], given: Sequence[Tariff], session: Session, policy: Policy
) -> tuple[Cost, tuple[AppliedLimit, ...]]:
    """Each tariff's periods within its own limits (A17)."""
    found = []
    for tariff in given:
        subtotal = _cost((use for use in uses if use.plan.tariff == tariff), policy)
        found.append(limited(subtotal, tariff, session.only_reserved))
    return total(one for one, _ in found), tuple(limit for _, applied in found for limit in applied)


def _share(uses: Sequence[Use], group: Group, policy: Policy) -> Cost | None:
    mine = [use for use in uses if use.group is group]
    return _cost(mine, policy) if mine else None


def _cost(uses: Iterable[Use], policy: Policy) -> Cost:
    """Whole numbers until here: one division for each rate of each tariff."""
    grains: dict[Plan, dict[Decimal | None, Fraction]] = {}
    for use in uses:
        of_plan = grains.setdefault(use.plan, {})
        percentage = _percentage(use, policy)
        of_plan[percentage] = of_plan.get(percentage, Fraction(0)) + use.grains
    return total(
        cost({percentage: amount / plan.grain for percentage, amount in of_plan.items()}, plan.tariff.taxes)
        for plan, of_plan in grains.items()
    )


def _percentage(use: Use, policy: Policy) -> Decimal | None:
    """The component's own, else the local rate where the tariff leaves it open (A20, A21)."""
    if use.candidate.vat is not None or use.plan.tariff.taxes not in (Taxes.INCLUDED, Taxes.ON_TOP_UNKNOWN):
        return use.candidate.vat
    return policy.vat_where_absent


def _line(use: Use, policy: Policy) -> Line:
    unit, scale = UNITS[use.candidate.dimension]
    figures = _cost((use,), policy).figures()
    return Line(
        dimension=use.candidate.dimension,
        group=use.group,
        tariff_id=use.plan.tariff.id,
        element_index=use.candidate.element,
        start=moment(use.start),
        quantity=to_places(use.volume, scale),
        billed_quantity=to_places(use.volume + use.surplus, scale),
        unit=unit,
        unit_price=use.candidate.price,
        before_taxes=figures.before_taxes,
        tax_percentage=_percentage(use, policy),
        after_taxes=figures.after_taxes,
        reason=use.candidate.reason,
    )


def _validity(given: Sequence[Tariff], session: Session) -> Iterable[Remark]:
    for tariff in given:
        if not tariff.valid_at(session.start):
            yield Remark("tariff-not-valid", "tariffs", f"{tariff.id} is not valid when the session starts")


def _tax_doubts(uses: Sequence[Use], policy: Policy) -> Iterable[Remark]:
    open_rates = {use.plan.tariff.taxes for use in uses if _percentage(use, policy) is None and use.grains}
    if Taxes.INCLUDED in open_rates:
        yield Remark("net-unknown", "taxes", "the rate of included taxes is unknown: net is given as gross")
    if Taxes.ON_TOP_UNKNOWN in open_rates:
        yield Remark("taxes-unknown", "taxes", "somebody else adds the taxes: the gross amount is unknown")
