"""Rules are made, ended and replaced, never edited; what could be ambiguous is refused with an example."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from ruling import ANN, HERE, HOUR, NOW, OWNER, Ruling, ruling_on

from hub.ocpi.document import Party
from hub.prices.rules import book as rule_book
from hub.prices.rules import matching, membership_book, resolving, situation
from hub.prices.rules.drafts import Draft
from hub.prices.rules.faults import (
    AlreadyEnded,
    Ambiguous,
    InvalidRule,
    NoSuchMembership,
    NoSuchRule,
    Overlapping,
    TooLate,
)
from hub.prices.rules.membership_book import Belonging
from hub.prices.rules.memberships import Kind as Of
from hub.prices.rules.rules import Kind, Match, of_plain, plain
from hub.prices.shown import readers
from hub.store import audit


@pytest.fixture
def ruling(database_url: str) -> Iterator[Ruling]:
    made = ruling_on(database_url)
    yield made
    made.store.close()


def refused(ruling: Ruling, kind: type[Exception], *arguments: Any, **told: Any) -> Any:
    with pytest.raises(kind) as caught:
        ruling.add(*arguments, **told)
    return caught.value


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"tariff_id": None}, "tariff_id"),
        ({"tariff_id": "UNKNOWN"}, "tariff_id"),
        ({"value": Decimal(1)}, "value"),
        ({"kind": Kind.PERCENT, "value": Decimal(-101)}, "value"),
        ({"kind": Kind.PERCENT, "value": Decimal(0)}, "value"),
        ({"kind": Kind.PERCENT, "tariff_id": "NIGHT"}, "tariff_id"),
        ({"kind": Kind.FREE_KWH, "value": Decimal(-1)}, "value"),
        ({"kind": Kind.FREE_KWH, "value": Decimal("0.0000001")}, "value"),
        ({"kind": Kind.FREE_KWH, "per": None}, "per"),
        ({"kind": Kind.MONTHLY_CAP, "currency": "XYZ"}, "currency"),
        ({"kind": Kind.PER_KWH, "currency": None}, "currency"),
        ({"private": True}, "private"),
        ({"valid_to": NOW}, "valid_to"),
        ({"valid_from": NOW + HOUR, "valid_to": NOW + HOUR}, "valid_to"),
        ({"reason": "x" * 256}, "reason"),
        ({"priority": 10**7}, "priority"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(
    ruling: Ruling, told: dict[str, Any], field: str
) -> None:
    rest = {name: value for name, value in told.items() if name != "kind"}
    fault = refused(ruling, InvalidRule, told.get("kind", Kind.TARIFF), **rest)
    assert list(fault.fields) == [field]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"partner": "NLEMSX"}, "match.partner"),
        ({"contract": "*"}, "match.contract"),
        ({"contract": "A*B"}, "match.contract"),
        ({"country": "NL"}, "match.country"),
        ({"power_kw": [50, 22]}, "match.power_kw"),
        ({"power_kw": [None, None]}, "match.power_kw"),
        ({"power_kw": "22"}, "match.power_kw"),
        ({"current": "BC"}, "match.current"),
        ({"tariff_type": "CHEAP"}, "match.tariff_type"),
        ({"weekdays": []}, "match.weekdays"),
        ({"hours": "22:00-22:00"}, "match.hours"),
        ({"hours": "25:00-26:00"}, "match.hours"),
        ({"connector_id": "1"}, "match.connector_id"),
        ({"colour": "red"}, "match.colour"),
        ({"plan": ""}, "match.plan"),
    ],
)
def test_a_match_that_cannot_be_read_is_refused_by_its_field(told: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        matching.read(told)
    assert list(caught.value.fields) == [field]


def test_a_match_is_told_as_it_was_read() -> None:
    told = {
        "partner": "NL/EMS", "contract": "nl-ems-*", "power_kw": [22, None], "weekdays": ["SUNDAY", "MONDAY"],
        "hours": "22:00-06:30", "location_id": "harbour",
    }  # fmt: skip
    match = matching.read(told)
    assert plain(match) == {
        "partner": "NLEMS", "contract": "NL-EMS-*", "power_kw": [22, None], "weekdays": ["MONDAY", "SUNDAY"],
        "hours": "22:00-06:30", "location_id": "HARBOUR",
    }  # fmt: skip
    assert of_plain(plain(match)) == match


def test_what_has_passed_is_not_priced_anew(ruling: Ruling) -> None:
    refused(ruling, TooLate, valid_from=NOW - 1)
    refused(ruling, TooLate, Kind.PERCENT, valid_from=NOW - 1, reach_back=True)
    made = ruling.add()
    with pytest.raises(TooLate), ruling.store.unit() as unit:
        rule_book.end(unit, made.id, NOW - 1, ANN)


def test_two_rules_that_could_both_win_are_refused_with_a_session_that_both_match(ruling: Ruling) -> None:
    match = matching.read({"partner": "NL/EMS", "power_kw": [22, 150], "hours": "22:00-06:00"})
    first = ruling.add(match=match, valid_from=NOW + HOUR)
    other = matching.read({"partner": "NL/EMS", "power_kw": [100, None], "weekdays": ["SUNDAY"]})
    fault = refused(ruling, Ambiguous, match=other, tariff_id="PARTNER")
    assert fault.others == (first.id,)
    assert fault.example == {
        "start": "2026-02-08T00:00:00Z",
        "partner": "NL/EMS",
        "power_kw": 100,
        "at": "SUNDAY 00:00 local time",
    }
    assert "Give one a higher priority" in str(fault)
    made = ruling.add(match=other, tariff_id="PARTNER", priority=1)
    assert made.priority == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"power_kw": [None, 22]}, {"power_kw": [22, None]}),
        ({"hours": "22:00-06:00"}, {"hours": "06:00-22:00"}),
        ({"weekdays": ["MONDAY"]}, {"weekdays": ["TUESDAY"]}),
        ({"partner": "NL/EMS"}, {"partner": "DE/MSP"}),
        ({"contract": "NL-EMS-*"}, {"contract": "NL-OTH-*"}),
        ({"partner": "NL/EMS"}, {"contract": "NL-EMS-C1"}),
        ({"campaign": "SPRING"}, {"campaign": "SUMMER"}),
        ({"plan": "GOLD"}, {"plan": "BASIC"}),
    ],
)
def test_rules_that_never_meet_stand_beside_each_other(ruling: Ruling, one: Any, other: Any) -> None:
    ruling.add(match=matching.read(one))
    ruling.add(match=matching.read(other), tariff_id="PARTNER")


def test_rules_that_follow_each_other_in_time_do_not_meet(ruling: Ruling) -> None:
    ruling.add(valid_to=NOW + HOUR)
    ruling.add(valid_from=NOW + HOUR)
    refused(ruling, Ambiguous, valid_from=NOW + HOUR // 2, valid_to=NOW + 2 * HOUR)


def test_groups_with_a_member_in_common_meet(ruling: Ruling) -> None:
    ruling.belong(Of.LOCATION, "COAST", "HARBOUR", "MALL")
    ruling.belong(Of.LOCATION, "CITY", "MALL", "STATION")
    ruling.add(match=Match(location_group="COAST"))
    fault = refused(ruling, Ambiguous, match=Match(location_group="CITY"), tariff_id="PARTNER")
    assert fault.example["location_id"] == "MALL"


def test_a_membership_that_would_make_rules_meet_is_refused(ruling: Ruling) -> None:
    ruling.add(match=Match(campaign="SPRING"))
    ruling.add(match=Match(campaign="SUMMER"), tariff_id="PARTNER")
    ruling.belong(Of.CAMPAIGN, "SPRING", "NL-EMS-C1", valid_to=NOW + HOUR)
    with pytest.raises(Ambiguous) as caught:
        ruling.belong(Of.CAMPAIGN, "SUMMER", "NL-EMS-C1")
    assert caught.value.example["contract"] == "NL-EMS-C1"
    ruling.belong(Of.CAMPAIGN, "SUMMER", "NL-EMS-C1", valid_from=NOW + HOUR)


def test_a_contract_has_one_plan_at_a_time(ruling: Ruling) -> None:
    ruling.belong(Of.PLAN, "GOLD", "NL-EMS-C1")
    ruling.belong(Of.PLAN, "GOLD", "nl-ems-c1")
    with pytest.raises(Overlapping, match="in PLAN GOLD from"):
        ruling.belong(Of.PLAN, "BASIC", "NL-EMS-C1")
    ruling.now += HOUR
    with ruling.store.unit() as unit:
        membership_book.remove(unit, Belonging(OWNER, Of.PLAN, "GOLD", ["NL-EMS-C1"]), ANN)
    ruling.belong(Of.PLAN, "BASIC", "NL-EMS-C1")
    with ruling.store.reading() as unit:
        plans = [
            situation.with_memberships(unit, replace(HERE, start=at)).plan
            for at in (NOW, NOW + HOUR, NOW - 1)
        ]
    assert plans == ["GOLD", "BASIC", None]
    with pytest.raises(NoSuchMembership), ruling.store.unit() as unit:
        membership_book.remove(unit, Belonging(OWNER, Of.PLAN, "GOLD", ["NL-EMS-C1"]), ANN)


def test_a_group_has_only_locations_that_there_are(ruling: Ruling) -> None:
    with pytest.raises(InvalidRule, match="no location NOWHERE"):
        ruling.belong(Of.LOCATION, "COAST", "NOWHERE")


def test_a_rule_ends_for_what_begins_later_only(ruling: Ruling) -> None:
    made = ruling.add()
    ruling.now += HOUR
    with ruling.store.unit() as unit:
        ended = rule_book.end(unit, made.id, None, ANN, "over")
    assert (ended.valid_to, ended.ended_by, ended.end_reason) == (NOW + HOUR, "ann", "over")
    with ruling.store.reading() as unit:
        assert resolving.resolve(unit, replace(HERE, start=NOW + HOUR - 1)).rule == ended
        assert resolving.resolve(unit, replace(HERE, start=NOW + HOUR)).rule is None
    with pytest.raises(AlreadyEnded), ruling.store.unit() as unit:
        rule_book.end(unit, made.id, NOW + 2 * HOUR, ANN)
    with pytest.raises(NoSuchRule), ruling.store.unit() as unit:
        rule_book.end(unit, 999, None, ANN)


def test_a_rule_is_replaced_in_one_moment(ruling: Ruling) -> None:
    made = ruling.add()
    at = NOW + HOUR
    with ruling.store.unit() as unit:
        fresh = rule_book.replace_by(
            unit, made.id, Draft(OWNER, Kind.TARIFF, tariff_id="PARTNER", valid_from=at), ANN
        )
    assert (fresh.replaces, fresh.valid_from) == (made.id, at)
    with ruling.store.reading() as unit:
        found = [resolving.resolve(unit, replace(HERE, start=when)).tariff_id for when in (at - 1, at)]
    assert found == ["NIGHT", "PARTNER"]


def test_a_rule_that_has_not_begun_never_does_once_ended(ruling: Ruling) -> None:
    made = ruling.add(valid_from=NOW + HOUR)
    with ruling.store.unit() as unit:
        ended = rule_book.end(unit, made.id, None, ANN)
    assert ended.valid_to == ended.valid_from
    ruling.add(valid_from=NOW + HOUR, tariff_id="PARTNER")


def test_a_private_rule_gives_its_tariff_to_the_partner_alone(ruling: Ruling) -> None:
    ruling.add(match=Match(partner="NLEMS"), private=True)
    with ruling.store.reading() as unit:
        assert readers.of(unit, OWNER, "NIGHT") == {Party.of("NL", "EMS")}


def test_a_tariff_that_is_for_some_is_not_given_to_others(ruling: Ruling) -> None:
    with ruling.store.unit() as unit:
        readers.restrict(unit, OWNER, "NIGHT", {Party.of("NL", "EMS")})
    fault = refused(ruling, InvalidRule)
    assert "is for NL/EMS only" in str(fault)
    refused(ruling, InvalidRule, match=Match(partner="DEMSP"))
    ruling.add(match=Match(partner="NLEMS"))
    ruling.add(match=Match(partner="DEMSP"), private=True)
    with ruling.store.reading() as unit:
        assert readers.of(unit, OWNER, "NIGHT") == {Party.of("NL", "EMS"), Party.of("DE", "MSP")}


def test_every_change_is_written_down(ruling: Ruling) -> None:
    made = ruling.add(reason="contract 7")
    with ruling.store.unit() as unit:
        rule_book.end(unit, made.id, None, ANN, "over")
    ruling.belong(Of.PLAN, "GOLD", "NL-EMS-C1")
    with ruling.store.reading() as unit:
        told = [(each.action, each.what, each.actor, each.reason) for each in audit.listed(unit, limit=3)]
    what = f"rule/NL/CPO/{made.id}"
    assert told == [
        ("add", "plan/NL/CPO/GOLD", "ann", None),
        ("end", what, "ann", "over"),
        ("create", what, "ann", "contract 7"),
    ]


def test_of_two_equal_rules_made_at_once_one_is_refused(ruling: Ruling) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def make() -> None:
        ready.wait()
        try:
            ruling.add(match=Match(partner="NLEMS"))
            outcomes.append("made")
        except Ambiguous:
            outcomes.append("refused")

    in_parallel(make, make)
    assert sorted(outcomes) == ["made", "refused"]


def in_parallel(*tasks: Callable[[], None]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
