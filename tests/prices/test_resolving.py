"""The most specific rule wins, there is always only one, and it is told why each other one did not."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruling import ANN, HERE, HOUR, NOW, OWNER, Ruling, belongings, drafts, ruling_on, situations
from sqlalchemy import delete

from hub.ocpi.document import Party
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import book as rule_book
from hub.prices.rules import matching, membership_book, resolving, situation
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.faults import RuleFault
from hub.prices.rules.memberships import Kind as Of
from hub.prices.rules.resolving import Resolution
from hub.prices.rules.rules import ORDER, Kind, Match, Rule
from hub.prices.rules.situation import Situation, why_not
from hub.prices.shown import readers
from hub.store.assignments import memberships, rule_states, rules

MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def ruling(database_url: str) -> Iterator[Ruling]:
    made = ruling_on(database_url)
    yield made
    made.store.close()


def resolved(ruling: Ruling, here: Situation = HERE) -> Resolution:
    with ruling.store.reading() as unit:
        return resolving.resolve(unit, situation.with_memberships(unit, here))


def accepted(ruling: Ruling, asked: Sequence[Any]) -> None:
    """Whatever of it the book takes, each in a transaction of its own; nothing else is there."""
    with ruling.store.unit() as unit:
        for table in (rules, memberships, rule_states):
            unit.connection.execute(delete(table))
    for one in asked:
        with suppress(RuleFault), ruling.store.unit() as unit:
            if isinstance(one, membership_book.Belonging):
                membership_book.add(unit, one, ANN)
            else:
                rule_book.add(unit, one, ANN)


def by_looking_at_all(rules: Sequence[Rule], here: Situation, kind: Kind) -> list[Rule]:
    """Every rule that holds, the one that wins first."""
    holding = [
        rule
        for rule in rules
        if rule.kind is kind
        and max(rule.valid_from, rule.recorded_at) <= here.start
        and rule.in_force(here.start)
        and why_not(rule.match, here) is None
    ]
    return sorted(holding, key=lambda rule: rule.order, reverse=True)


@MANY
@given(
    asked=st.lists(st.one_of(drafts, drafts, belongings), min_size=5, max_size=25),
    asking=st.lists(situations, min_size=6, max_size=6),
)
def test_the_index_finds_what_looking_at_all_rules_finds_and_it_is_only_one(
    ruling: Ruling, asked: list[Any], asking: list[Situation]
) -> None:  # O6
    accepted(ruling, asked)
    with ruling.store.reading() as unit:
        made = rule_rows.of_owner(unit, OWNER)
        for bare in asking:
            here = situation.with_memberships(unit, bare)
            for kind in (Kind.TARIFF, Kind.PERCENT):
                holding = by_looking_at_all(made, here, kind)
                assert len({rule.order for rule in holding}) == len(holding)  # never ambiguous
                assert resolving.best_rule(unit, here, kind) == (holding[0] if holding else None)
            winning = [by_looking_at_all(made, here, kind)[:1] for kind in (Kind.TARIFF, Kind.PERCENT)]
            considered = resolving.resolve(unit, here).considered
            assert [[rule] for rule, why in considered if why is None and [rule] not in winning] == []
            assert {rule.id for rule, _ in considered} == {rule.id for rule in made}


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_what_comes_first_in_the_order_wins(ruling: Ruling, place: int) -> None:
    """Against all that comes after it together."""
    values = {
        "partner": "NL/EMS", "contract": "NL-EMS*", "group_id": "G1", "plan": "GOLD", "tier": "SILVER",
        "campaign": "SPRING", "connector_id": "1", "evse_uid": "E1", "location_id": "HARBOUR",
        "location_group": "COAST", "country": "NLD", "power_kw": [22, None], "current": "DC",
        "standard": "IEC_62196_T2_COMBO", "token_type": "RFID", "tariff_type": "REGULAR",
    }  # fmt: skip
    name, *later = ORDER[place:]
    first = {name: values[name]} | ({"evse_uid": "E1"} if name == "connector_id" else {})
    rest = {each: values[each] for each in later if each != "connector_id"}
    here = replace(HERE, group_id="G1", plan="GOLD", tier="SILVER")
    here = replace(here, campaign=frozenset({"SPRING"}), location_group=frozenset({"COAST"}))
    weaker = ruling.add(match=matching.read(rest), tariff_id="PARTNER", priority=99)
    winner = ruling.add(match=matching.read(first))
    found = resolved(ruling, here)
    assert found.rule == winner
    assert dict(found.considered)[weaker] == f"rule {winner.id} is more specific"


def test_the_longer_prefix_wins_and_an_exact_contract_above_all(ruling: Ruling) -> None:
    short = ruling.add(match=matching.read({"contract": "NL-*"}))
    long = ruling.add(match=matching.read({"contract": "nl-ems-*"}))
    assert resolved(ruling).rule == long
    exact = ruling.add(match=matching.read({"contract": "NL-EMS-C1"}))
    assert resolved(ruling).rule == exact
    assert resolved(ruling, replace(HERE, contract="NL-OTH-C1")).rule == short


def test_among_equals_the_priority_decides(ruling: Ruling) -> None:
    low = ruling.add(match=Match(partner="NLEMS"))
    high = ruling.add(match=Match(partner="NLEMS"), priority=5, tariff_id="PARTNER")
    found = resolved(ruling)
    assert (found.rule, found.tariff_id) == (high, "PARTNER")
    assert dict(found.considered) == {high: None, low: f"rule {high.id} has the higher priority, 5 before 0"}


def test_without_a_rule_the_connector_decides(ruling: Ruling) -> None:
    ruling.add(match=Match(partner="DEMSP"))
    found = resolved(ruling)
    assert (found.rule, found.tariff_id) == (None, "T")
    ((_, why),) = found.considered
    assert why == "partner is NL/EMS, not DE/MSP"


def test_a_rule_whose_tariff_has_ended_resolves_to_nothing_not_to_a_weaker_one(ruling: Ruling) -> None:
    rule = ruling.add(match=Match(partner="NLEMS"))
    with ruling.store.unit() as unit:
        publishing.end(unit, OWNER, "NIGHT", Edit(ANN, at=NOW + HOUR // 2))
    found = resolved(ruling)
    assert (found.rule, found.version) == (rule, None)
    assert found.fault is not None
    assert found.fault.code == "RULE_TARIFF_NOT_IN_FORCE"


def test_nobody_is_billed_by_what_is_for_others(ruling: Ruling) -> None:
    ruling.add(match=Match(location_id="HARBOUR"))
    with ruling.store.unit() as unit:
        readers.restrict(unit, OWNER, "NIGHT", {Party.of("DE", "MSP")})
        readers.restrict(unit, OWNER, "T", {Party.of("DE", "MSP")})
    by_rule, by_connector = resolved(ruling), resolved(ruling, replace(HERE, location_id="MALL"))
    assert [found.fault and found.fault.code for found in (by_rule, by_connector)] == [
        "RULE_TARIFF_FOR_OTHERS",
        "TARIFF_FOR_OTHERS",
    ]
    assert (by_rule.version, by_connector.version) == (None, None)
    assert resolved(ruling, replace(HERE, partner="DEMSP")).tariff_id == "NIGHT"


def test_weekdays_and_hours_are_those_of_the_place(ruling: Ruling) -> None:
    """NOW is Monday 02:40 UTC, 03:40 in Amsterdam and Sunday evening in New York."""
    monday = ruling.add(match=matching.read({"weekdays": ["MONDAY"], "hours": "03:00-05:00"}))
    here = replace(HERE, start=NOW)
    assert resolved(ruling, here).rule == monday
    assert resolved(ruling, replace(here, time_zone="America/New_York")).rule is None
    assert resolved(ruling, replace(here, start=NOW + 2 * HOUR)).rule is None


def test_a_rule_changes_nothing_that_began_before_it_was_made(ruling: Ruling) -> None:
    made = ruling.add(match=Match(partner="NLEMS"))
    assert resolved(ruling, replace(HERE, start=NOW - 1)).rule is None
    assert resolved(ruling, replace(HERE, start=NOW)).rule == made


def test_a_rule_may_reach_back_to_what_nothing_else_prices(ruling: Ruling) -> None:
    late = ruling.add(match=Match(partner="NLEMS"), valid_from=NOW - HOUR, reach_back=True)
    before = replace(HERE, start=NOW - 1)
    assert resolved(ruling, before).rule is None
    assert resolved(ruling, replace(before, tariff_ids=())).rule == late
    assert resolved(ruling, replace(before, tariff_ids=("UNKNOWN",))).rule == late
    assert resolved(ruling, replace(before, tariff_ids=(), start=NOW - 2 * HOUR)).rule is None


def test_groups_of_locations_and_of_drivers_are_what_memberships_say(ruling: Ruling) -> None:
    ruling.belong(Of.LOCATION, "coast", "harbour")
    ruling.belong(Of.GROUP, "fleet", "nl-ems-c1")
    coast = ruling.add(match=matching.read({"location_group": "Coast"}))
    assert resolved(ruling).rule == coast
    fleet = ruling.add(match=matching.read({"group_id": "FLEET"}))
    assert resolved(ruling).rule == fleet
    assert resolved(ruling, replace(HERE, contract="OTHER")).rule == coast
    assert resolved(ruling, replace(HERE, contract="OTHER", location_id="MALL")).rule is None


def test_what_is_cached_is_never_what_was_undone_or_has_changed(ruling: Ruling) -> None:
    with suppress(ZeroDivisionError), ruling.store.unit() as unit:
        made = rule_book.add(unit, rule_book.Draft(OWNER, Kind.TARIFF, tariff_id="NIGHT"), ANN)
        assert resolving.resolve(unit, HERE).rule == made
        raise ZeroDivisionError
    assert resolved(ruling).rule is None
    again = ruling.add()
    assert resolved(ruling).rule == again
    with ruling.store.unit() as unit:
        rule_book.end(unit, again.id, None, ANN)
    assert resolved(ruling).rule is None


def test_adjustments_are_one_of_each_kind_in_their_order(ruling: Ruling) -> None:
    percent = ruling.add(Kind.PERCENT)
    ruling.add(Kind.PERCENT, Match(partner="DEMSP"))
    better = ruling.add(Kind.PERCENT, Match(partner="NLEMS"), value=Decimal(-20))
    free = ruling.add(Kind.FREE_KWH)
    found = resolved(ruling)
    assert found.adjustments == (free, better)
    assert dict(found.considered)[percent] == f"rule {better.id} is more specific"
