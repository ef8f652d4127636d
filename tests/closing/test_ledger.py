"""The ledger sums to nought, is written once and never changed; what is shared out makes up the whole."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from hub.closing import ledger
from hub.closing.allocation import allocate
from hub.closing.ledger import Entry, OutOfBalance, Posting, ReversedAlready
from hub.closing.rounding import amount_of, places_of, rounded, units
from hub.store.ledger import entries, postings

WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(1, 10**9), min_size=1, max_size=30)
ALIKE = st.dictionaries(st.text(max_size=3), st.integers(1, 3), min_size=1, max_size=30)
"""Many of which have a claim to the unit that is left."""


def posting(key="statement/1", amount="12.345678", **changes):
    sides = (
        Entry("receivable:DE/EMS", "EUR", Decimal(amount), "2026-10"),
        Entry("payable:NL/CPO", "EUR", -Decimal(amount), "2026-10"),
    )
    told = {"kind": "STATEMENT", "document": "statement/1", "key": key, "effective_at": 1, "by": "ann"}
    return Posting(**told | {"entries": sides} | changes)


def test_a_posting_is_written_once_however_often_it_is_tried(store):
    with store.unit() as unit:
        first = ledger.post(unit, posting())
        assert ledger.post(unit, posting()) == first
        assert ledger.balances(unit) == {
            ("receivable:DE/EMS", "EUR"): Decimal("12.345678"),
            ("payable:NL/CPO", "EUR"): Decimal("-12.345678"),
        }
        assert ledger.balances(unit, "2026-11") == {}


def test_a_reversal_follows_its_original_entry_by_entry(store):
    with store.unit() as unit:
        first = ledger.post(unit, posting())
        undone = ledger.reverse(unit, first, "ann", "wrong agreement")
        assert set(ledger.balances(unit).values()) == {Decimal(0)}
        assert [each.reverses for each in ledger.of_document(unit, "statement/1")] == [None, first]
        with pytest.raises(ReversedAlready):
            ledger.reverse(unit, first, "ann", "once more")
        assert len(ledger.entries_of(unit, undone)) == 2


@pytest.mark.parametrize(
    "sides",
    [
        (),
        (Entry("a", "EUR", Decimal(0)),),
        (Entry("a", "EUR", Decimal(1)), Entry("b", "EUR", Decimal("-0.999999"))),
        (Entry("a", "EUR", Decimal(1)), Entry("b", "CHF", Decimal(-1))),
    ],
)
def test_what_does_not_sum_to_nought_is_refused(store, sides):
    """I1."""
    with store.unit() as unit:
        with pytest.raises(OutOfBalance):
            ledger.post(unit, posting(entries=sides))
        assert ledger.balances(unit) == {}


@pytest.mark.parametrize("change", [update(entries).values(account="x"), delete(entries), delete(postings)])
def test_the_database_refuses_to_change_what_was_posted(store, change):
    with store.unit() as unit:
        ledger.post(unit, posting())
    with pytest.raises(DBAPIError, match="stays as it was"), store.unit() as unit:
        unit.connection.execute(change)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_shares_make_up_the_whole_and_are_within_a_unit(total, weights):
    """I3."""
    shares = allocate(total, weights)
    assert sum(shares.values()) == total
    whole = sum(weights.values())
    assert all(abs(share - Fraction(total * weights[key], whole)) < 1 for key, share in shares.items())


@given(st.integers(-(10**12), 10**12), WEIGHTS | ALIKE)
def test_shares_do_not_depend_on_the_order(total, weights):
    """I3."""
    assert allocate(total, dict(reversed(weights.items()))) == allocate(total, weights)


def test_nothing_is_shared_out_among_nobody():
    assert allocate(0, {"a": 0, "b": 0}) == {"a": 0, "b": 0}
    with pytest.raises(ValueError, match="sum to nought"):
        allocate(1, {"a": 1, "b": -1})


@pytest.mark.parametrize(
    ("amount", "currency", "mode", "told"),
    [
        ("10.005", "EUR", "HALF_UP", "10.01"),
        ("10.005", "EUR", "HALF_EVEN", "10.00"),
        ("10.009", "EUR", "DOWN", "10.00"),
        ("-10.005", "EUR", "HALF_UP", "-10.01"),
        ("10.5", "JPY", "HALF_UP", "11"),
        ("1.2345", "KWD", "HALF_UP", "1.235"),
        ("123456789012345678901234567890.125", "EUR", "HALF_UP", "123456789012345678901234567890.13"),
    ],
)
def test_documents_round_as_was_agreed(amount, currency, mode, told):
    assert str(rounded(Decimal(amount), currency, mode)) == told


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_whole_units_come_back(value, currency):
    assert units(amount_of(value, currency), currency) == value
    assert places_of(currency) in {0, 2, 3}
