"""Which part of a CDR bears which VAT is told by the agreement, else by the CDR itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from months_of import cdr, price

from hub.closing import lines, vat
from hub.closing.vat import Vat
from hub.parties.terms import Terms

AMOUNTS = st.decimals("0.0001", "900", places=4)
S19, S7 = Vat("S", Decimal(19)), Vat("S", Decimal(7))


def parts(body, **terms):
    return vat.of_cdr(body, body["total_cost"]["before_taxes"], Terms(**terms))


def test_the_agreement_says_it_all_where_it_says_anything():
    body = cdr("A", [("10", 19), ("1", 7)])
    assert parts(body, vat_rate=Decimal(21)) == {Vat("S", Decimal(21)): 11}
    assert parts(body, vat_category="AE") == {Vat("AE", Decimal(0)): 11}
    assert parts(body, vat_rate=Decimal(0)) == {vat.ZERO_RATE: 11}


def test_each_part_of_the_cost_has_the_rate_it_tells():
    assert parts(cdr("A", [("10", 19), ("1", 7)])) == {S19: 10, S7: 1}
    assert parts(cdr("A-C", [("10", 19), ("1", 7)], of="A")) == {S19: -10, S7: -1}
    assert parts(cdr("A", [("10", 19), ("1", 0)])) == {S19: 10, vat.ZERO_RATE: 1}


def test_a_limit_of_the_price_takes_from_all_parts_alike():
    body = cdr("A", [("10", 19), ("5", 7)])
    body["total_cost"]["before_taxes"] = Decimal(3)
    assert parts(body) == {S19: 2, S7: 1}


def test_without_any_tax_it_is_outside_the_scope():
    untold = {"before_taxes": Decimal(5)}
    assert parts(cdr("A", [], total_cost=untold)) == {vat.NONE_TOLD: 5}


def test_taxes_of_the_whole_are_told_apart_where_they_make_it_up():
    whole = {"before_taxes": Decimal(30), "taxes": [*price(Decimal(20), 19)["taxes"]]}
    whole["taxes"] += price(Decimal(10), 7)["taxes"]
    assert parts(cdr("A", [], total_cost=whole)) == {S19: 20, S7: 10}
    stacked = {"before_taxes": Decimal(10), "taxes": price(Decimal(10), 5)["taxes"] * 2}
    assert parts(cdr("A", [], total_cost=stacked)) == {Vat("S", Decimal(10)): 10}


def test_parts_of_a_whole_have_six_places_however_it_is_divided():
    """1/7 and 6/7 in 28 digits make exactly 1, and neither is a number of millionths."""
    told = [
        {"name": "VAT", "percentage": rate, "amount": Decimal(tax)}
        for rate, tax in ((7, "0.01"), (21, "0.18"))
    ]
    whole = cdr("A", [], total_cost={"before_taxes": Decimal(1), "taxes": told})
    found = lines.parts_of_cdr("NORMAL", whole, 1_000_000, Terms())
    assert [base for _, base in found] == [142_857, 857_143]


@given(AMOUNTS, st.sampled_from(["5", "5.5", "7", "8.1", "19", "21", "25", "27"]))
def test_a_rate_that_is_not_told_is_found_from_amounts_of_four_places(net, rate):
    """The one that is meant fits; and where an amount is not tiny, no rounder one does."""
    tax = round(net * Decimal(rate) / 100, 4)
    found = vat.rate_of(net, [(None, tax)], [Decimal(rate)])
    assert found == (Vat("S", Decimal(rate)) if tax else vat.ZERO_RATE)
    if net > 1:
        assert vat.rate_of(net, [(None, tax)]) == found


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from([0, 7, 19])), max_size=2), AMOUNTS)
def test_the_parts_make_up_the_whole(costs, total):
    body = cdr("A", costs)
    body["total_cost"]["before_taxes"] = total
    assert sum(parts(body).values()) == total
    only = vat.only_rate(body)
    assert only is None or parts(body) == {only: total}
    assert only is not None or len({rate for net, rate in costs if net}) != 1


@pytest.mark.parametrize("which", [S19, vat.NONE_TOLD])
def test_it_is_shown_with_category_and_rate(which):
    assert str(which) in {"S 19", "O 0"}
