"""Agreements: at every instant none or one holds, and their terms come back as they were written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ocpi.document import Party
from hub.parties import agreements
from hub.parties.agreements import AgreementInTheWay, EndBeforeBeginning, NoSuchAgreement, Pair, Signed
from hub.parties.terms import TERMS, NoSuchTerm, Terms, of_plain, plain, read_terms
from hub.store.audit import Actor, verify
from hub.store.base import MOST, micro, of_micro

EUR = Pair(Party("NL", "EXA"), Party("DE", "EMS"), "EUR")
SIGNED = Signed(Actor("tester", "CLI"), "a test")
DAY = 86_400_000_000


def test_an_agreement_holds_until_the_next_one_of_its_pair_begins(store):
    with store.unit() as unit:
        agreements.add(unit, EUR, Terms(), (10 * DAY, None), SIGNED)
        agreements.add(unit, EUR, Terms(vat_rate=Decimal(19)), (20 * DAY, 30 * DAY), SIGNED)
        agreements.add(unit, Pair(EUR.cpo, EUR.emsp, "CHF"), Terms(), (15 * DAY, None), SIGNED)
    with store.reading() as unit:
        held = {day: agreements.in_force(unit, EUR, day * DAY) for day in (9, 10, 19, 20, 29, 30)}
        assert {day: each and each.number for day, each in held.items()} == {
            9: None,
            10: 1,
            19: 1,
            20: 2,
            29: 2,
            30: None,
        }
        assert [each.valid_to for each in agreements.listed(unit)] == [None, 20 * DAY, 30 * DAY]


def test_an_end_that_was_set_holds_and_is_audited(store):
    with store.unit() as unit:
        made = agreements.add(unit, EUR, Terms(), (10 * DAY, None), SIGNED)
        with pytest.raises(EndBeforeBeginning):
            agreements.end(unit, made.id, 10 * DAY, SIGNED)
        agreements.end(unit, made.id, 11 * DAY, SIGNED)
        assert agreements.in_force(unit, EUR, 11 * DAY) is None
        assert verify(unit).count == 2


def test_what_cannot_be_settled_is_refused(store):
    with store.unit() as unit:
        agreements.add(unit, EUR, Terms(), (10 * DAY, None), SIGNED)
        with pytest.raises(AgreementInTheWay, match="NL/EXA with DE/EMS in EUR"):
            agreements.add(unit, EUR, Terms(), (10 * DAY, None), SIGNED)
        with pytest.raises(EndBeforeBeginning):
            agreements.add(unit, EUR, Terms(), (12 * DAY, 12 * DAY), SIGNED)
        with pytest.raises(NoSuchAgreement):
            agreements.by_id(unit, 77)


WRITTEN = {
    "time_zone": "Europe/Berlin",
    "billing": "reverse",
    "vat_category": "AE",
    "cpo_vat_id": "NL 1234 56789 B01",
    "emsp_vat_id": "DE136695976",
    "fee_percent": "1.5",
    "tolerance": "0.02",
    "hold_days": "30",
    "netting": "yes",
}


def test_terms_are_read_as_they_are_written_and_kept_as_they_were_read(store):
    terms = read_terms(WRITTEN)
    assert (terms.billing, terms.cpo_vat_id, terms.netting) == ("REVERSE", "NL123456789B01", True)
    assert of_plain(plain(terms)) == terms
    with store.unit() as unit:
        made = agreements.add(unit, EUR, terms, (DAY, None), SIGNED)
        assert agreements.by_id(unit, made.id).terms == terms


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"colour": "red"}, "colour: there is no such term"),
        ({"vat_rate": "101"}, "vat_rate: '101' is no percentage"),
        ({"tolerance": "-1"}, "tolerance: '-1' is no amount"),
        ({"tolerance": "0.0000001"}, "is no amount"),
        ({"tolerance": "NaN"}, "is no amount"),
        ({"time_zone": "Berlin"}, "no IANA time zone"),
        ({"netting": "perhaps"}, "neither yes nor no"),
        ({"hold_days": "-3"}, "no number of days"),
        ({"cpo_vat_id": "?"}, "no VAT number"),
        ({"billing": "sideways"}, "is none of: DIRECT, REVERSE"),
        ({"vat_category": "AE"}, "needs cpo_vat_id and emsp_vat_id"),
        ({"vat_category": "Z", "vat_rate": "19"}, "bears no VAT"),
    ],
)
def test_a_term_that_makes_no_sense_is_named(told, says):
    with pytest.raises(NoSuchTerm, match=says):
        read_terms(told)


def test_every_term_is_explained():
    assert set(TERMS) == set(plain(Terms()))


@given(st.integers(-MOST, MOST))
def test_every_number_of_millionths_comes_back(value):
    assert micro(of_micro(value)) == value


@pytest.mark.parametrize("text", ["0.0000001", "NaN", "Infinity", "9223372036855", "1e-30"])
def test_a_number_that_is_none_of_millionths_is_refused(text):
    with pytest.raises(ValueError, match="no number of millionths"):
        micro(Decimal(text))
