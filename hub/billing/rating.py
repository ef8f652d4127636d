"""A completed session becomes an exact, priced CDR, in the transaction that completed it; or it is held."""

import uuid
from dataclasses import dataclass

import tariffs
from hub.billing import cdr
from hub.billing.holding import (
    CurrencyDiffers,
    Held,
    QuantityNegative,
    SessionUnpriceable,
    TariffNone,
    TariffNotInForce,
    TariffUnknown,
    TariffUnpriceable,
)
from hub.billing.place import Place, place_of, started, version_at
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import WIRES, fold, key_of
from hub.parties import registry
from hub.store import charges, documents
from hub.store.charges import Charge
from hub.store.documents import Stored
from hub.store.unit import Change, Unit
from hub.surroundings import StoreSurroundings
from tariffs import MismatchError, Quote, SessionError, Tariff, TariffError

CDRS = WIRES["cdrs", NEWEST.version]
BILLED = frozenset({"ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"})
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
    if not waiting or (change.before is not None and told(change.before.document) == told(change.document)):
        return
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


def bill(unit: Unit, session: Document) -> None:
    """Issue the CDR of a completed session, once; or write down why not."""
    owner, key = session.owner, session.key
    charge = charges.of_session(unit, owner.code, key)
    if charge is not None and charge.state != charges.HELD:
        return
    try:
        rated = rated_session(unit, owner, session.newest)
    except Held as held:
        charges.keep(unit, Charge(owner.code, key, charges.HELD, held.code, held.message))
        return
    issue(unit, session, rated)


@dataclass(frozen=True, slots=True)
class Rated:
    """A session with its place, its price and the tariffs that gave it, that of the connector first."""

    place: Place
    tariffs: tuple[Stored, ...]
    quote: Quote


def rated_session(unit: Unit, owner: Party, session: Json) -> Rated:
    """Price a session by what held when it started; Held says what is missing."""
    refuse_negative(session)
    place = place_of(unit, owner, session, started(session))
    chosen = tariffs_of(unit, owner, place.connector, session)
    for tariff in chosen:
        if tariff.document.newest["currency"] != session["currency"]:
            raise CurrencyDiffers(f"{tariff.document.newest['currency']}, {session['currency']}")
    body = cdr.metered(session, chosen[0].document.newest["id"])
    return Rated(place, chosen, priced([readable(tariff) for tariff in chosen], body, place))


def refuse_negative(session: Json) -> None:
    """A session that gave energy back is not for this hub to bill unseen (A27); one that says so by mistake
    would be billed the least that its tariff allows."""
    volumes = (each for period in session.get("charging_periods") or () for each in period["dimensions"])
    billed = [each["volume"] for each in volumes if each["type"] in BILLED]
    if min((session["kwh"], *billed)) < 0:
        raise QuantityNegative(f"kwh {session['kwh']}")


def priced(read: list[Tariff], body: Json, place: Place) -> Quote:
    try:
        return tariffs.price(read, tariffs.read_session(body), place.location["time_zone"])
    except (SessionError, MismatchError) as fault:
        raise SessionUnpriceable(str(fault)) from fault


def tariffs_of(unit: Unit, owner: Party, connector: Json, session: Json) -> tuple[Stored, ...]:
    """The tariff of the connector, and any others that the CPO names for single periods (P-04)."""
    named = {period.get("tariff_id") for period in session.get("charging_periods") or ()} - {None}
    others = [known(unit, owner, tariff_id, started(session)) for tariff_id in sorted(named)]
    if named and all(period.get("tariff_id") for period in session["charging_periods"]):
        return tuple(others)
    first = tariff_of(unit, owner, connector, session)
    return (first, *(other for other in others if other.seq != first.seq))


def tariff_of(unit: Unit, owner: Party, connector: Json, session: Json) -> Stored:
    """The tariff for this session: of those that the connector names, by type and validity (P-01 to P-03),
    in the revision that was in force at the start."""
    ids, start = connector.get("tariff_ids") or (), started(session)
    if not ids:
        raise TariffNone
    stored = [documents.find(unit, "tariffs", owner, fold(tariff_id)) for tariff_id in ids]
    then = [version_at(unit, "tariffs", each, start) for each in stored if each is not None]
    if not then:
        raise TariffUnknown(", ".join(ids))
    candidates = [(readable(each), each) for each in then]
    chosen = tariffs.choose([tariff for tariff, _ in candidates], instants.moment(start), kind_of(session))
    for tariff, each in candidates:
        if tariff is chosen:
            return each
    raise TariffNotInForce(", ".join(ids))


def known(unit: Unit, owner: Party, tariff_id: str, start: int) -> Stored:
    """A tariff that a charging period names, in the revision that was in force at the start."""
    stored = documents.find(unit, "tariffs", owner, fold(tariff_id))
    if stored is None:
        raise TariffUnknown(tariff_id)
    return version_at(unit, "tariffs", stored, start)


def kind_of(session: Json) -> str:
    """Which type of tariff is meant for the session (P-01)."""
    return "AD_HOC_PAYMENT" if session["cdr_token"]["type"] == "AD_HOC_USER" else "REGULAR"


def readable(stored: Stored) -> Tariff:
    try:
        return tariffs.read_tariff(stored.document.newest)
    except TariffError as fault:
        raise TariffUnpriceable(str(fault)) from fault


def issue(unit: Unit, session: Document, rated: Rated) -> None:
    """Store the CDR and the charge; the reactions to the CDR owe it to the eMSP."""
    owner = session.owner
    identity = str(uuid.uuid5(ID_SPACE, f"{owner}/{session.key}"))
    used = [tariff.document.newest for tariff in rated.tariffs]
    body = cdr.of(session.newest, identity, rated.place, used, rated.quote)
    body["last_updated"] = instants.text(unit.now)
    document = CDRS.lift(CDRS.check(body), owner, StoreSurroundings(unit))
    quote = strictjson.write(rated.quote.as_dict())
    billed = Charge(
        owner.code,
        session.key,
        charges.RATED,
        cdr_key=key_of(MODULES["cdrs"], identity, None),
        tariff_id=used[0]["id"],
        tariff_rev=rated.tariffs[0].rev,
        quote=quote,
    )
    if charges.keep(unit, billed):
        heard_by = CDRS.module.heard_by_one
        documents.save(unit, document, None, audience=heard_by and heard_by(body), source=None)
