"""What rules look at: a session at its start, with its place and what its driver belongs to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold, key_of
from hub.prices.rules import memberships
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.rules import ORDER, Match, party
from hub.store import documents
from hub.store.unit import Unit

PHASES = {"AC_1_PHASE": 1, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2, "AC_3_PHASE": 3}
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """A session that begins at `start`, or one that might; None and an empty set match no rule that names it.

    The fields up to tariff_type are those of `Match`, folded in the same way; of location groups and
    campaigns there may be several. tariff_ids: what the connector names, when no rule holds.
    """

    owner: Party
    start: int
    time_zone: str = "UTC"
    partner: str | None = None
    contract: str | None = None
    group_id: str | None = None
    plan: str | None = None
    tier: str | None = None
    campaign: frozenset[str] = NOBODY
    connector_id: str | None = None
    evse_uid: str | None = None
    location_id: str | None = None
    location_group: frozenset[str] = NOBODY
    country: str | None = None
    power_kw: Decimal | None = None
    current: str | None = None
    standard: str | None = None
    token_type: str | None = None
    tariff_type: str = "REGULAR"
    tariff_ids: tuple[str, ...] = ()

    @property
    def moment(self) -> tuple[int, int]:
        """Weekday and minute of the day of the start, where it is."""
        local = instants.moment(self.start).astimezone(ZoneInfo(self.time_zone))
        return local.weekday(), local.hour * 60 + local.minute

    def values(self, name: str) -> Sequence[str]:
        """What a field of a match may be for it to hold here, those of a contract's prefixes left out."""
        value = getattr(self, name)
        if isinstance(value, frozenset):
            return sorted(value)
        return () if value is None else (value,)


def of(unit: Unit, owner: Party, session: Json, place: tuple[Json, Json, Json]) -> Situation:
    """That of a session, in the newest edition, at its location, EVSE and connector."""
    token = session["cdr_token"]
    partner = Party.of(token["country_code"], token["party_id"])
    kind = "AD_HOC_PAYMENT" if token["type"] == "AD_HOC_USER" else "REGULAR"
    bare = at_place(owner, instants.micros(session["start_date_time"]), place)
    told = replace(
        bare,
        partner=partner.code,
        contract=fold(token["contract_id"]),
        token_type=token["type"],
        tariff_type=kind,
    )
    if rule_rows.state(unit, owner) is None:  # nobody would ask for more
        return told
    return with_memberships(unit, replace(told, group_id=group_of_token(unit, partner, token)))


def at_place(owner: Party, start: int, place: tuple[Json, Json, Json]) -> Situation:
    """What is known of a session from its place alone: location, EVSE and connector."""
    location, evse, connector = place
    return Situation(
        owner,
        start,
        time_zone=location["time_zone"],
        location_id=fold(location["id"]),
        country=location["country"].upper(),
        evse_uid=fold(evse["uid"]),
        connector_id=fold(connector["id"]),
        power_kw=power(connector),
        current="DC" if connector["power_type"] == "DC" else "AC",
        standard=connector["standard"],
        tariff_ids=tuple(connector.get("tariff_ids") or ()),
    )


def with_memberships(unit: Unit, bare: Situation) -> Situation:
    """The same with what its location and its contract belong to. A driver group, a plan or a tier that is
    given already stays, unless the hub itself has put the contract into one."""
    found = memberships.of(unit, bare.owner, bare.location_id or "", bare.contract or "", bare.start)
    return replace(
        bare,
        location_group=found["location_group"] | bare.location_group,
        campaign=found["campaign"] | bare.campaign,
        group_id=only(found["group_id"], bare.group_id),
        plan=only(found["plan"], bare.plan),
        tier=only(found["tier"], bare.tier),
    )


def only(found: Iterable[str], otherwise: str | None) -> str | None:
    return next(iter(found), otherwise)


def group_of_token(unit: Unit, partner: Party, token: Json) -> str | None:
    """The driver group that the eMSP has told with the token."""
    key = key_of(MODULES["tokens"], token["uid"], token["type"])
    stored = documents.find(unit, "tokens", partner, key)
    group = None if stored is None else stored.document.newest.get("group_id")
    return None if group is None else fold(group)


def power(connector: Json) -> Decimal:
    """What a connector can give, in kW: as it says, else from voltage and current."""
    said = connector.get("max_electric_power")
    if said is not None:
        return Decimal(said) / 1000
    phases = PHASES.get(connector["power_type"], 1)
    return Decimal(connector["max_voltage"]) * Decimal(connector["max_amperage"]) * phases / 1000


def why_not(match: Match, here: Situation) -> str | None:
    """In words, why a match does not hold here; None when it does. The slow way, which can explain."""
    for name in ORDER:
        wanted = getattr(match, name)
        if wanted is not None and not HOLDS.get(name, equal)(wanted, here, name):
            told = ", ".join(shown(name, each) for each in here.values(name)) or "none"
            return f"{name} is {told}, not {shown(name, wanted)}"
    return None if in_time(match, here) else "it does not hold at this time of the week"


def equal(wanted: str, here: Situation, name: str) -> bool:
    return wanted in here.values(name)


def contract_holds(wanted: str, here: Situation, _name: str) -> bool:
    told = here.contract or ""
    return told.startswith(wanted[:-1]) if wanted.endswith("*") else told == wanted


def power_holds(wanted: tuple[Decimal | None, Decimal | None], here: Situation, _name: str) -> bool:
    return within(here.power_kw, wanted)


HOLDS: Mapping[str, Callable[[Any, Situation, str], bool]] = {
    "contract": contract_holds,
    "power_kw": power_holds,
}


def within(power_kw: Decimal | None, band: tuple[Decimal | None, Decimal | None]) -> bool:
    low, high = band
    return power_kw is not None and (low is None or low <= power_kw) and (high is None or power_kw < high)


def in_time(match: Match, here: Situation) -> bool:
    """Whether weekday and time of the start are among those that it names."""
    if match.weekdays is None and match.hours is None:
        return True
    weekday, minute = here.moment
    return (match.weekdays is None or weekday in match.weekdays) and (
        match.hours is None or among(minute, match.hours)
    )


def among(minute: int, hours: tuple[int, int]) -> bool:
    """Hours that end before they begin go past midnight."""
    start, end = hours
    return start <= minute < end if start < end else minute >= start or minute < end


def shown(name: str, wanted: object) -> str:
    if name == "partner":
        return party(str(wanted))
    if isinstance(wanted, tuple):
        low, high = wanted
        return f"from {low or 0} to below {'any' if high is None else high} kW"
    return str(wanted)
