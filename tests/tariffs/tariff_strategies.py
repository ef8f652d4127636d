"""Made-up tariffs and sessions for properties: every restriction, and nights on which the clock changes."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

ZONES = ["Europe/Amsterdam", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "UTC"]
NIGHTS = [
    "2024-03-30T18:00:00Z",
    "2024-10-26T17:30:00Z",
    "2024-10-05T10:00:00Z",
    "2024-04-06T09:00:00Z",
    "2024-11-03T01:00:00Z",
    "2024-12-31T20:10:07Z",
    "2024-06-07T15:59:59Z",
]
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def money(least: int = 0, most: int = 500) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda cents: Decimal(cents) / 100)


clock_times = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
dates = st.sampled_from(["2024-03-31", "2024-10-06", "2024-10-27", "2024-11-03", "2024-12-31", "2025-01-01"])
VATS = st.sampled_from([Decimal(0), Decimal(9), Decimal(21), Decimal("5.2")])


@st.composite
def components(draw: st.DrawFn, kinds: list[str], steps: st.SearchStrategy[int]) -> list[Json]:
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True))
    return [
        {"type": kind, "price": draw(money()), "vat": draw(VATS), "step_size": draw(steps)} for kind in chosen
    ]


restrictions = st.fixed_dictionaries(
    {},
    optional={
        "start_time": clock_times,
        "end_time": clock_times,
        "start_date": dates,
        "end_date": dates,
        "day_of_week": st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=4),
        "min_kwh": st.integers(0, 40),
        "max_kwh": st.integers(1, 40),
        "min_power": st.integers(0, 20),
        "max_power": st.integers(1, 30),
        "min_current": st.integers(0, 40),
        "max_current": st.integers(1, 40),
        "min_duration": st.integers(0, 40_000),
        "max_duration": st.integers(1, 40_000),
    },
)
STEPS = st.sampled_from([0, 1, 60, 300, 900, 1000])


@st.composite
def elements(draw: st.DrawFn) -> list[Json]:
    found = []
    for _ in range(draw(st.integers(1, 5))):
        when = draw(st.one_of(st.just({}), restrictions))
        kind = draw(st.sampled_from([None, None, None, "RESERVATION", "RESERVATION_EXPIRES"]))
        kinds = ["FLAT", "TIME"] if kind else ["FLAT", "TIME", "ENERGY", "PARKING_TIME"]
        element = {"price_components": draw(components(kinds, STEPS))}
        found.append(element | {"restrictions": when | ({"reservation": kind} if kind else {})})
    return found


@st.composite
def limits(draw: st.DrawFn) -> Json:
    net = draw(money(0, 3000))
    return {"before_taxes": net, "after_taxes": net + draw(money(0, 500))}


@st.composite
def tariff_documents(draw: st.DrawFn, limited: bool = False) -> Json:
    found: Json = {"country_code": "NL", "party_id": "TST", "id": "T", "currency": "EUR"}
    found |= {"elements": draw(elements()), "tax_included": draw(st.sampled_from(["NO", "YES"]))}
    if limited:
        found |= draw(st.fixed_dictionaries({}, optional={"min_price": limits()}))
    return found


@st.composite
def session_documents(draw: st.DrawFn) -> Json:
    reserved = draw(
        st.one_of(st.just([]), st.builds(segment, st.just("RESERVATION"), st.just(0)).map(lambda s: [s]))
    )
    kwh = st.one_of(st.integers(0, 30), money(0, 3000))
    used = st.one_of(st.tuples(st.just("CHARGING"), kwh), st.tuples(st.just("PARKING"), st.just(0)))
    segments = [
        *reserved,
        *(segment(*one) for one in draw(st.lists(used, min_size=0 if reserved else 1, max_size=5))),
    ]
    for one in segments:
        if "kwh" in one:
            one["current"] = draw(st.integers(0, 45))
        one["seconds"] = draw(st.one_of(st.integers(1, 30_000), st.integers(1, 80).map(lambda n: n * 900)))
    return {"start": draw(st.sampled_from(NIGHTS)), "segments": segments}


def segment(kind: str, kwh: int | Decimal) -> Json:
    return {"kind": kind} if kind != "CHARGING" else {"kind": kind, "kwh": kwh}
