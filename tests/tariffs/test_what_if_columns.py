"""Packed sessions priced again: the figures of pricing them one by one, whatever they are."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, session_documents, tariff_documents

import tariffs
from tariffs import Packed, Policy, Split, Terms, WhatIf, pack_billed, read_tariff, what_if, what_if_columns
from tariffs.claims import Claim, Claims
from tariffs.narrow import narrowed, widened
from tariffs.packed import Billed, from_bytes, joined, to_bytes
from tariffs.what_if import Case

SIZE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
amounts = st.one_of(st.none(), st.integers(-(10**8), 10**9).map(lambda micros: Decimal(micros).scaleb(-6)))
claims = st.builds(
    lambda total, shares: Claims(Claim(total), {name: Claim(net) for name, net in shares.items()}, 2),
    amounts,
    st.dictionaries(st.sampled_from(["energy", "time", "parking", "fixed", "reservation"]), amounts),
)


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    return [
        Case(
            str(number),
            replace(tariffs.read_session(draw(session_documents())), currency=draw(CURRENCIES)),
            draw(st.sampled_from(ZONES)),
            draw(st.sampled_from(["NL/AAA", "DE/BBB", "FR/CCC"])),
            draw(st.sampled_from(["L1", "L2", "l2", "Ü"])),
            draw(st.one_of(st.none(), claims)),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "CHF"])
POLICIES = [Policy(), Policy(split=Split.START), Policy(split=Split.STRICT), Policy(decimals=2)]


def packed(given: list[Case]) -> list[Packed]:
    billed = (Billed(number, case) for number, case in enumerate(given))
    return [from_bytes(to_bytes(one)) for one in pack_billed(billed, most=5)]


def told(found: WhatIf) -> Json:
    """Reasons in any order, since sessions are packed by zone and currency."""
    told: dict[str, Any] = found.as_dict()
    return told | {"reasons": sorted(told["reasons"], key=lambda one: int(one["name"]))}


@SIZE
@given(tariff_documents(limited=True), tariff_documents(), cases(), st.sampled_from(POLICIES))
def test_packed_sessions_come_to_the_figures_of_single_ones(
    document: Json, other: Json, given: list[Case], policy: Policy
) -> None:
    after = Terms(read_tariff(document), policy)
    for before in (None, Terms(read_tariff(other))):
        found = WhatIf(after.currency)
        for one in packed(given):
            what_if_columns(one.batch(), after, before or one.claimed, found)
        assert told(found) == told(what_if(given, after, before))


@SIZE
@given(cases(), st.data())
def test_some_of_them_and_several_together_are_the_same_sessions(given: list[Case], data: Any) -> None:
    given = [replace(case, time_zone="UTC", session=replace(case.session, currency="EUR")) for case in given]
    parts = packed(given)
    whole = joined(parts)
    assert list(whole.columns) == [session for part in parts for session in part.columns]
    assert whole.numbers.tolist() == [number for part in parts for number in part.numbers.tolist()]
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(given), max_size=len(given))))
    some = whole.where(chosen)
    mine = [case for case, wanted in zip(given, chosen.tolist(), strict=True) if wanted]
    assert [whole.numbers[place] for place in np.flatnonzero(chosen)] == some.numbers.tolist()
    after = Terms(read_tariff(ENERGY))
    assert told(what_if_columns(some.batch(), after, some.claimed)) == told(what_if(mine, after))


ENERGY = {
    "id": "T",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": Decimal("0.3")}]}],
}


def case(name: str, **changes: Any) -> Case:
    session = tariffs.read_session({"start": "2025-06-02T08:00:00Z", "segments": [{"hours": 1, "kwh": 10}]})
    return replace(Case(name, replace(session, currency="EUR"), "UTC", "NL/AAA", "L1"), **changes)


def test_names_are_found_whatever_their_case() -> None:
    one = packed([case("1"), case("2", location="L2"), case("3", partner="DE/BBB")])[0]
    assert one.labelled("location", ["l1"]).tolist() == [True, False, True]
    assert one.labelled("partner", ["nl/aaa", "FR/XXX"]).tolist() == [True, True, False]


def test_sums_beyond_64_bits_are_exact() -> None:
    huge = Claims(Claim(Decimal(4_000_000_000_000)), {}, 2)
    given = [case(str(number), claims=huge) for number in range(5)]
    after = Terms(read_tariff(ENERGY))
    parts = packed(given)
    assert len(parts) == 1
    found = what_if_columns(parts[0].batch(), after, parts[0].claimed)
    assert found.total.before == 20_000_000_000_000
    assert told(found) == told(what_if(given, after))


def test_a_cost_beyond_64_bits_is_refused() -> None:
    session = tariffs.read_session(
        {"start": "2025-06-02T08:00:00Z", "segments": [{"hours": 1, "kwh": 9 * 10**11}]}
    )
    part = {"type": "ENERGY", "price": 999_999_999}
    dear = Terms(read_tariff(ENERGY | {"elements": [{"price_components": [part]}]}))
    one = packed([case("1", session=replace(session, currency="EUR"))])[0]
    found = what_if_columns(one.batch(), dear, dear)
    assert (found.unpriced, found.total.count) == (1, 0)
    assert "64 bits" in found.reasons[0][1]


def test_several_tariffs_cannot_price_what_names_none() -> None:
    one = packed([case("1")])[0]
    with pytest.raises(tariffs.MismatchError, match="one that prices all"):
        what_if_columns(one.batch(), Terms((read_tariff(ENERGY),)), one.claimed)


WHOLE = st.integers(-(2**63), 2**63 - 1)


@SIZE
@given(
    st.lists(
        st.one_of(WHOLE, st.just(tariffs.columns.UNTOLD), st.integers(0, 60).map(lambda n: n * 900)),
        max_size=9,
    )
)
def test_narrow_columns_are_the_columns(values: list[int]) -> None:
    column = np.array(values, np.int64)
    how, data = narrowed(column)
    assert widened(how, memoryview(data)).tolist() == values


def test_quarters_of_an_hour_take_a_byte_each() -> None:
    column = np.arange(96) * 900_000_000 + 1_750_000_000_000_000
    assert len(narrowed(column)[1]) == 96
