"""A completed session becomes an exact, priced CDR, in the transaction that completed it; or it is held."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import tariffs
from hub.billing import cdr
from hub.billing.holding import (
    UNRESOLVED,
    CurrencyDiffers,
    EnergyZero,
    Held,
    QuantityNegative,
    SessionUnpriceable,
)
from hub.billing.learning import learned
from hub.billing.place import Place, place_of, started
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import WIRES, key_of
from hub.parties import registry
from hub.prices.book import by_connector
from hub.prices.book.by_connector import Unresolved
from hub.prices.book.versions import Version
from hub.prices.rules import adjustments, resolving, situation
from hub.prices.rules.adjustments import Account, Taker
from hub.prices.rules.resolving import Resolution
from hub.prices.rules.rules import Rule
from hub.prices.rules.situation import Situation
from hub.store import charges, documents, grounds
from hub.store.charges import Charge
from hub.store.grounds import Ground
from hub.store.unit import Change, Unit
from hub.surroundings import StoreSurroundings
from tariffs import Adjustment, MismatchError, Quote, SessionError, Tariff

CDRS = WIRES["cdrs", NEWEST.version]
TIMES = frozenset({"PARKING_TIME", "RESERVATION_TIME"})
BILLED = frozenset({"ENERGY", "TIME"}) | TIMES
Take = Callable[[Unit, Sequence[Rule], Account], list[Adjustment]]
"""How what is left of allowances is found."""
ID_SPACE = uuid.UUID("6f0d4c1e-3d0b-5b0a-9d62-1f7f0e0c8a51")
"""CDR ids are made from the session they bill, so that billing it twice would make the same id."""


def rate(unit: Unit, change: Change) -> None:
    """When the hub issues the CDRs of this CPO and the session is completed: price it and issue its CDR.

    INVALID sessions are never billed (SES-08); a session for which something is missing is held with a
    reason, never dropped and never free.
    """
    session = change.document.newest
    if session["status"] == "COMPLETED" and hub_issues(unit, change.document.owner):
        bill(unit, change.document)


def retry_held(unit: Unit, change: Change) -> None:
    """What prices stand on has changed: the held sessions of this CPO may be billable now."""
    owner = change.document.owner
    waiting = charges.held_of(unit, owner.code)
    if waiting and (change.before is None or told(change.before.document) != told(change.document)):
        retry(unit, owner, waiting)


def retry_ruled(unit: Unit, rule: Rule) -> None:
    """A rule was made: the same. Whatever else becomes of rules concerns sessions to come."""
    if rule.recorded_at == unit.now:
        retry(unit, rule.owner, charges.held_of(unit, rule.owner.code))


def retry(unit: Unit, owner: Party, waiting: Collection[Charge]) -> None:
    for charge in waiting:
        stored = documents.find(unit, "sessions", owner, charge.session_key)
        if stored is not None and hub_issues(unit, owner):
            bill(unit, stored.document)


def told(document: Document) -> object:
    """What rating reads of a document: of a location only where its connectors are and what they name,
    so that the many changes of a status cost nothing."""
    if document.module != "locations":
        return document.newest
    location = document.newest
    return location["time_zone"], [
        (evse["uid"], connector["id"], connector.get("tariff_ids"))
        for evse in location.get("evses") or ()
        for connector in evse["connectors"]
    ]


def hub_issues(unit: Unit, owner: Party) -> bool:
    """Whether this hub issues the CDRs of the CPO; one that is not connected any more keeps the default."""
    return all(partner.settings.hub_issues_cdrs for partner in registry.of_party(unit, owner, Role.CPO))


def bill(unit: Unit, session: Document, accepted: Collection[str] = ()) -> None:
    """Issue the CDR of a completed session, once; or write down why not.

    accepted  codes of reasons to hold it that the operator has looked at and waives
    """
    owner, key = session.owner, session.key
    charge = charges.of_session(unit, owner.code, key)
    if charge is not None and charge.state != charges.HELD:
        return
    try:
        rated = rated_session(unit, session)
        if EnergyZero.code not in accepted:
            refuse_zero_energy(session.newest, rated.quote)
    except Held as held:
        charges.keep(unit, Charge(owner.code, key, charges.HELD, held.code, held.message))
        return
    issue(unit, session, rated)


@dataclass(frozen=True, slots=True)
class Rated:
    """A session with its place, its price and the tariffs that gave it, that of rule or connector first.

    rule  that gave the tariff; None when it is the connector's, or the CPO's for single periods
    """

    place: Place
    versions: tuple[Version, ...]
    rule: Rule | None
    resolution: Resolution
    quote: Quote

    @property
    def adjusted_by(self) -> tuple[Rule, ...]:
        return self.resolution.adjustments


def rated_session(unit: Unit, document: Document) -> Rated:
    """Price a session by what held when it started; Held says what is missing."""
    refuse_negative(document.newest)
    return rated_at(unit, document.newest, circumstances(unit, document), adjustments.claimed)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a price stands on besides the session: where, what rules look at, when the hub learned of it."""

    place: Place
    here: Situation
    seen: int | None


def circumstances(unit: Unit, document: Document) -> Circumstances:
    """Those of a session that took place; LocationUnknown."""
    session, owner = document.newest, document.owner
    place = place_of(unit, owner, session, started(session))
    here = situation.of(unit, owner, session, (place.location, place.evse, place.connector))
    return Circumstances(place, here, learned(unit, document))


def rated_at(unit: Unit, session: Json, found: Circumstances, take: Take) -> Rated:
    """The price of a session, whether it took place or might.

    take  `adjustments.claimed` for what is billed, `adjustments.left` for what is only shown
    """
    place, here, seen = found.place, found.here, found.seen
    resolution = resolving.resolve(unit, here, seen)
    try:
        rule, chosen = tariffs_of(unit, session, resolution, seen)
        read = [by_connector.readable(version) for version in chosen]
    except Unresolved as fault:
        raise UNRESOLVED[fault.code](fault.detail) from fault
    refuse_currencies(session, chosen, resolution)
    body = cdr.metered(session, chosen[0].document.newest["id"], alone=rule is not None)
    base = priced(read, body, place)
    changes = take(unit, resolution.adjustments, adjustments.account(here))
    return Rated(place, chosen, rule, resolution, tariffs.adjust(base, changes))


def refuse_negative(session: Json) -> None:
    """A session that gave energy back is not for this hub to bill unseen (A27); one that says so by mistake
    would be billed the least that its tariff allows."""
    if min((session["kwh"], *volumes(session, BILLED))) < 0:
        raise QuantityNegative(f"kwh {session['kwh']}")


def refuse_zero_energy(session: Json, quote: Quote) -> None:
    """A driver who got no energy, and neither parked nor reserved, most often met a fault: somebody must look
    before a fee is billed."""
    if not session["kwh"] and not any(volumes(session, TIMES)) and quote.before_taxes > 0:
        raise EnergyZero(f"it would cost {quote.before_taxes:f} {quote.currency} before taxes")


def volumes(session: Json, kinds: Collection[str]) -> list[int]:
    periods = session.get("charging_periods") or ()
    return [each["volume"] for period in periods for each in period["dimensions"] if each["type"] in kinds]


def refuse_currencies(session: Json, chosen: Collection[Version], resolution: Resolution) -> None:
    wanted = session["currency"]
    for version in chosen:
        if (currency := version.document.newest["currency"]) != wanted:
            raise CurrencyDiffers(f"{currency}, {wanted}")
    for rule in resolution.adjustments:
        if rule.currency not in (None, wanted):
            raise CurrencyDiffers(f"rule {rule.id} in {rule.currency}, {wanted}")


def priced(read: list[Tariff], body: Json, place: Place) -> Quote:
    try:
        return tariffs.price(read, tariffs.read_session(body), place.location["time_zone"])
    except (SessionError, MismatchError) as fault:
        raise SessionUnpriceable(str(fault)) from fault


def tariffs_of(
    unit: Unit, session: Json, resolution: Resolution, seen: int | None
) -> tuple[Rule | None, tuple[Version, ...]]:
    """The tariff of the rule that holds, for all of the session. Without one, that of the connector, and any
    others that the CPO names for single periods (P-04)."""
    rule = resolution.rule
    periods = session.get("charging_periods") or ()
    named = {period.get("tariff_id") for period in periods} - {None}
    usual = rule is not None and not resolution.reached_back
    others = [] if usual else [pinned(unit, resolution, each, seen) for each in sorted(named)]
    if others and all(period.get("tariff_id") for period in periods):
        return None, tuple(others)
    if resolution.version is None:
        assert resolution.fault is not None
        raise resolution.fault
    if rule is not None:
        return rule, (resolution.version,)
    first = resolution.version
    return None, (first, *(other for other in others if other.key != first.key))


def pinned(unit: Unit, resolution: Resolution, tariff_id: str, seen: int | None) -> Version:
    return by_connector.pinned(unit, resolution.here.owner, tariff_id, resolution.here.start, seen)


def issue(unit: Unit, session: Document, rated: Rated, replaced: str = "") -> None:
    """Store the CDR and the charge; the reactions to the CDR owe it to the eMSP.

    replaced  key of the CDR in whose place it comes, once that is credited
    """
    owner = session.owner
    identity = str(uuid.uuid5(ID_SPACE, "/".join(filter(None, (str(owner), session.key, replaced)))))
    used = [version.document.newest for version in rated.versions]
    body = cdr.of(session.newest, identity, rated.place, used, rated.quote)
    body["last_updated"] = instants.text(unit.now)
    document = CDRS.lift(CDRS.check(body), owner, StoreSurroundings(unit))
    billed = Charge(
        owner.code,
        session.key,
        charges.RATED,
        cdr_key=key_of(MODULES["cdrs"], identity, None),
        tariff_id=used[0]["id"],
        tariff_rev=rated.versions[0].number,
        quote=strictjson.write(rated.quote.as_dict()),
    )
    if charges.keep(unit, billed):
        stand_on(unit, session, rated)
        heard_by = CDRS.module.heard_by_one
        documents.save(unit, document, None, audience=heard_by and heard_by(body), source=None)


def stand_on(unit: Unit, session: Document, rated: Rated) -> None:
    """Write down what the charge stands on, and what it takes of allowances."""
    first, rules = rated.versions[0], rated.adjusted_by
    grounds.keep(
        unit,
        Ground(
            session.owner.code,
            session.key,
            first.key,
            first.number,
            None if rated.rule is None else rated.rule.id,
            tuple(rule.id for rule in rules),
        ),
    )
    adjustments.give_back(unit, session.owner.code, session.key)
    taker = Taker(session.owner, session.key, adjustments.account(rated.resolution.here))
    adjustments.take(unit, taker, rules, rated.quote)
