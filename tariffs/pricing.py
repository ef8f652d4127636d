"""The price of a session: the one function behind preview, billing, repricing and explanation."""

from collections.abc import Sequence

from tariffs.assigning import assign
from tariffs.clock import clock
from tariffs.model import Tariff, without_dialect
from tariffs.plan import Mode, compiled
from tariffs.policy import DEFAULT, Dialect, Policy, Split
from tariffs.prepared import prepare
from tariffs.quote import Quote
from tariffs.session import Session, Source
from tariffs.walked import Walked


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
    if policy.dialect is Dialect.OCPI:
        given = (tariffs,) if isinstance(tariffs, Tariff) else tariffs
        plain = [without_dialect(one) for one in given]
        tariffs = plain[0] if isinstance(tariffs, Tariff) else plain
    chosen, doubts = assign(tariffs, session)
    place = clock(time_zone if policy.local_time else "UTC")
    currency = (tariffs if isinstance(tariffs, Tariff) else tariffs[0]).currency
    expired = session.only_reserved if reservation_expired is None else reservation_expired
    walked = Walked(currency, chosen, doubts, session, place, policy, expired)
    only = chosen[0] if chosen and all(one is chosen[0] for one in chosen) else None
    quick = (
        only and not _splits(only, session, policy) and prepare(only, time_zone, policy).price_walked(walked)
    )
    return quick or Quote(walked.done)


def _splits(tariff: Tariff, session: Session, policy: Policy) -> bool:
    """Whether a price may change inside a period and be split there (A11): then all is walked through."""
    if session.source is Source.CDR or policy.split is not Split.BY_SOURCE:
        return False
    return compiled(tariff).table(Mode.SESSION).cuts
