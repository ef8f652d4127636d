"""The lines of a statement make up its totals, to the last unit, whatever the amounts."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hub.closing import lines
from hub.closing.allocation import apportion
from hub.closing.lines import BESIDE, Line
from hub.closing.rounding import places_of, rounded
from hub.closing.vat import Vat
from hub.parties.terms import Terms

AMOUNTS = st.decimals("-500", "500", places=4)
RATES = st.sampled_from([Vat("S", Decimal(19)), Vat("S", Decimal("5.5")), Vat("Z", Decimal(0))])
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
TERMS = st.builds(
    Terms,
    rounding=st.sampled_from(["HALF_UP", "HALF_EVEN", "DOWN"]),
    rounded=st.sampled_from(["DOCUMENT", "LINE"]),
    fee_payer=st.sampled_from(["CPO", "EMSP"]),
)
DRAFTS = st.lists(st.tuples(AMOUNTS, RATES, st.decimals("0", "2", places=6)), min_size=1, max_size=20)


def drafts(told):
    return [
        Line("NORMAL", "2026-10", which, base, clearing_id=number, fee=fee)
        for number, (base, which, fee) in enumerate(told)
    ]


def unit_of(currency):
    return Decimal(1).scaleb(-places_of(currency))


@given(DRAFTS, CURRENCIES, TERMS)
def test_lines_make_up_totals_and_totals_the_sums(told, currency, terms):
    """I2; BR-CO-10, 13, 14, 15, 17."""
    made = lines.sheet(drafts(told), currency, terms, "2026-10")
    assert [each.clearing_id for each in made.lines if each.kind not in BESIDE] == list(range(len(told)))
    for total in made.totals:
        mine = [each for each in made.lines if each.vat == total.vat and each.kind not in BESIDE]
        assert total.net == sum(each.net for each in mine)
        assert total.tax == sum(each.tax for each in mine)
        if terms.rounded == "DOCUMENT":
            assert total.net == rounded(total.base, currency, terms.rounding)
            assert total.tax == rounded(total.net * total.vat.rate / 100, currency, terms.rounding)
        assert all(abs(each.net - each.base) < 2 * unit_of(currency) for each in mine)
    assert made.sums.gross == sum(each.net + each.tax for each in made.totals)
    assert made.sums.receivable == made.sums.payable + made.sums.fee  # I6


@given(DRAFTS, CURRENCIES, TERMS)
def test_a_credit_and_what_it_credits_make_nought(told, currency, terms):
    """I4."""
    both = drafts(told)
    both += [
        replace(each, base=-each.base, fee=-each.fee, clearing_id=each.clearing_id + 100) for each in both
    ]
    made = lines.sheet(both, currency, terms, "2026-10")
    assert (made.sums.net, made.sums.tax, made.sums.fee) == (0, 0, 0)


@given(DRAFTS, CURRENCIES, TERMS, st.sets(st.integers(0, 19)))
def test_lines_that_leave_take_nothing_of_the_others_along(told, currency, terms, leaving):
    made = lines.sheet(drafts(told), currency, terms, "2026-10")
    stay = [each for each in made.lines if each.kind not in BESIDE and each.clearing_id not in leaving]
    rest = lines.remaining(stay, currency, terms, "2026-10")
    assert list(rest.lines[: len(stay)]) == stay
    alone = lines.sheet(stay, currency, terms, "2026-10")
    assert (rest.totals, rest.sums) == (alone.totals, alone.sums)


@given(st.dictionaries(st.integers(), st.integers(-9700, 9700), min_size=1), st.data())
def test_what_was_rounded_is_shared_out_near_to_what_is_exact(exact, data):
    """I3, also where debits and credits nearly make nought; 97 parts are a unit."""
    total = round(Fraction(sum(exact.values()), 97)) + data.draw(st.sampled_from([-1, 0, 1]))
    shares = apportion(total, exact, 97)
    assert sum(shares.values()) == total
    assert all(
        abs(share - Fraction(exact[key], 97)) < 2 + Fraction(1, len(exact)) for key, share in shares.items()
    )
    assert apportion(total, dict(reversed(exact.items())), 97) == shares


def test_a_line_is_the_same_line_when_it_comes_back():
    (line,) = drafts([(Decimal("1.5000"), Vat("S", Decimal("19.00")), Decimal(0))])
    same = replace(line, base=Decimal("1.5"), vat=Vat("S", Decimal(19)))
    assert lines.content(line) == lines.content(same)
