"""Rules on a database of a test's own: an owner with tariffs and locations; made-up rules and sessions."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from factories import example
from hypothesis import strategies as st

from hub.ocpi.document import Document, Party
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import book as rule_book
from hub.prices.rules import membership_book
from hub.prices.rules.drafts import Draft
from hub.prices.rules.membership_book import Belonging
from hub.prices.rules.memberships import Kind as Of
from hub.prices.rules.rules import Kind, Match, Per, Rule
from hub.prices.rules.situation import Situation
from hub.store import documents
from hub.store.audit import Actor
from hub.store.engine import Store
from hub.store.unit import Unit

OWNER = Party.of("NL", "CPO")
ANN = Actor("ann", "CLI")
HOUR = 3_600_000_000
NOW = 1_770_000_000_000_000  # 2026-02-02T02:40Z, a Monday
TARIFFS = ("T", "NIGHT", "PARTNER")
LOCATIONS = ("HARBOUR", "STATION", "MALL")
CONTRACTS = ("NL-EMS-C1", "NL-EMS-C2", "DE-MSP-X9")


class Undone(Exception):
    """So that nothing of an example stays."""


@dataclass
class Ruling:
    """A store whose clock stands still at `now`."""

    store: Store
    now: int = NOW

    def clock(self) -> int:
        return self.now

    @contextmanager
    def undone(self) -> Iterator[Unit]:
        with suppress(Undone), self.store.unit() as unit:
            yield unit
            raise Undone

    def add(self, kind: Kind = Kind.TARIFF, match: Match | None = None, **told: Any) -> Rule:
        with self.store.unit() as unit:
            return add(unit, kind, match, **told)

    def belong(self, kind: Of, name: str, *members: str, **told: Any) -> None:
        with self.store.unit() as unit:
            membership_book.add(unit, Belonging(OWNER, kind, name, members, **told), ANN)


def add(unit: Unit, kind: Kind = Kind.TARIFF, match: Match | None = None, **told: Any) -> Rule:
    given = USUAL[kind] | told
    return rule_book.add(unit, Draft(OWNER, kind, match or Match(), **given), ANN)


USUAL: dict[Kind, dict[str, Any]] = {
    Kind.TARIFF: {"tariff_id": "NIGHT"},
    Kind.PERCENT: {"value": Decimal(-10)},
    Kind.PER_KWH: {"value": Decimal("-0.05"), "currency": "EUR"},
    Kind.FREE_KWH: {"value": Decimal(30), "per": Per.MONTH},
    Kind.FREE_MINUTES: {"value": Decimal(30), "per": Per.SESSION},
    Kind.MONTHLY_CAP: {"value": Decimal(50), "currency": "EUR"},
}


def ruling_on(url: str, now: int = NOW) -> Ruling:
    made = Ruling(Store(url), now)
    made.store.clock = made.clock
    with made.store.unit() as unit:
        for key in TARIFFS:
            publishing.publish(unit, tariff(key), OWNER, Edit(ANN, "first"))
        for key in LOCATIONS:
            body = example("2.3.0", "locations", id=key, country_code="NL", party_id="CPO")
            document = Document("locations", OWNER, key, "2.3.0", body, body)
            documents.save(unit, document, None, audience=None, source=None)
        unit.changes.clear()
    return made


def tariff(key: str, **changes: Any) -> dict[str, Any]:
    always = {"start_date_time": None, "end_date_time": None, "min_price": None, "max_price": None}
    return example("2.2.1", "tariffs", id=key, country_code="NL", party_id="CPO") | always | changes


HERE = Situation(
    OWNER,
    NOW + HOUR,
    time_zone="Europe/Amsterdam",
    partner="NLEMS",
    contract="NL-EMS-C1",
    connector_id="1",
    evse_uid="E1",
    location_id="HARBOUR",
    country="NLD",
    power_kw=Decimal(50),
    current="DC",
    standard="IEC_62196_T2_COMBO",
    token_type="RFID",
    tariff_ids=("T",),
)


def or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.none(), values)


bands = st.sampled_from(
    [(None, Decimal(22)), (Decimal(22), Decimal(50)), (Decimal(50), None), (Decimal(11), None)]
)
matches = st.builds(
    Match,
    partner=or_none(st.sampled_from(["NLEMS", "DEMSP"])),
    contract=or_none(st.sampled_from([*CONTRACTS, "NL-EMS*", "NL*", "DE*"])),
    group_id=or_none(st.sampled_from(["G1", "G2"])),
    plan=or_none(st.sampled_from(["GOLD", "BASIC"])),
    campaign=or_none(st.sampled_from(["SPRING", "SUMMER"])),
    location_id=or_none(st.sampled_from(LOCATIONS)),
    location_group=or_none(st.sampled_from(["COAST", "CITY"])),
    power_kw=or_none(bands),
    current=or_none(st.sampled_from(["AC", "DC"])),
    tariff_type=or_none(st.sampled_from(["REGULAR", "AD_HOC_PAYMENT"])),
    weekdays=or_none(st.sampled_from([(0,), (0, 1), (5, 6)])),
    hours=or_none(st.sampled_from([(0, 240), (180, 300), (1320, 360)])),
)
windows = st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(1, 4)))
drafts = st.builds(
    lambda kind, match, priority, window: Draft(
        OWNER,
        kind,
        match,
        priority=priority,
        valid_from=NOW + window[0] * HOUR,
        valid_to=None if window[1] is None else NOW + (window[0] + window[1]) * HOUR,
        **USUAL[kind],
    ),
    st.sampled_from([Kind.TARIFF, Kind.TARIFF, Kind.PERCENT]),
    matches,
    st.sampled_from([0, 0, 0, 1]),
    windows,
)
belongings = st.one_of(
    st.builds(
        lambda name, member, since: Belonging(OWNER, Of.LOCATION, name, [member], NOW + since * HOUR),
        st.sampled_from(["COAST", "CITY"]),
        st.sampled_from(LOCATIONS),
        st.integers(0, 4),
    ),
    st.builds(
        lambda named, member, window: Belonging(
            OWNER,
            named[0],
            named[1],
            [member],
            NOW + window[0] * HOUR,
            None if window[1] is None else NOW + (window[0] + window[1]) * HOUR,
        ),
        st.sampled_from(
            [
                (Of.CAMPAIGN, "SPRING"),
                (Of.CAMPAIGN, "SUMMER"),
                (Of.PLAN, "GOLD"),
                (Of.PLAN, "BASIC"),
                (Of.GROUP, "G2"),
            ]
        ),
        st.sampled_from(CONTRACTS),
        windows,
    ),
)
situations = st.builds(
    lambda contract, group, location, power, kind, later: replace(
        HERE,
        contract=contract,
        partner=contract[:2] + contract[3:6],
        group_id=group,
        location_id=location,
        power_kw=Decimal(power),
        current="AC" if power <= 22 else "DC",
        tariff_type=kind,
        start=NOW + later * HOUR // 2,
    ),
    st.sampled_from(CONTRACTS),
    st.sampled_from([None, "G1", "G2"]),
    st.sampled_from(LOCATIONS),
    st.sampled_from([11, 22, 50, 150]),
    st.sampled_from(["REGULAR", "AD_HOC_PAYMENT"]),
    st.integers(0, 60),
)
