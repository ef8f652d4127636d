"""The lines of a statement make up its totals, to the last unit, whatever the amounts."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import numpy as np
import plain_sheet
from hypothesis import given
from hypothesis import strategies as st

from hub.closing import lines, sheets, statements
from hub.closing.lines import BESIDE, Head, Line, Sheet
from hub.closing.rounding import places_of, rounded, units
from hub.closing.shares import apportioned, divided
from hub.closing.sheets import Billed
from hub.closing.vat import Vat
from hub.parties.terms import Terms
from hub.store.base import micro

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


class Drafts:
    """Lines as a source; those of one CDR stand together."""

    def __init__(self, told):
        self.of_each = [list(mine) for _, mine in groupby(told, key=lambda each: each.clearing_id)]

    def parts(self):
        return ([(each.vat, micro(each.base)) for each in mine] for mine in self.of_each)

    def heads(self):
        for first, *_ in self.of_each:
            yield Head(
                first.kind,
                first.service_month,
                first.clearing_id,
                None,
                first.cdr_key,
                0,
                first.energy,
                first.fee,
                first.text,
                first.engine,
                first.policy,
                first.input_hash,
            )


def drawn(told, currency, terms, month="2026-10"):
    """The figures of a statement, and the same as a sheet."""
    rows = []
    figures = sheets.drawn(Drafts(told), Billed(currency, terms, month), rows.extend, lambda _: None)
    made = [lines.of_figures(row) for row in rows]
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    return figures, lines.checked(Sheet(tuple(made), figures.totals, figures.sums))


def sheet(told, currency, terms, month="2026-10"):
    return drawn(told, currency, terms, month)[1]


@given(DRAFTS, CURRENCIES, TERMS, st.sampled_from([1, 10**9]))
def test_a_statement_of_however_many_lines_is_that_of_the_plain_way(told, currency, terms, times):
    """Also its checksum; and where whole numbers of 64 bits would overflow."""
    some = [replace(each, base=each.base * times, ended_at=0) for each in drafts(told)]
    figures, made = drawn(some, currency, terms)
    plain = plain_sheet.sheet(some, currency, terms, "2026-10")
    assert made == plain
    assert figures == statements.figures_of(plain)


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1), st.sampled_from(["HALF_UP", "HALF_EVEN", "DOWN"]))
def test_many_are_rounded_as_one_is(amounts, mode):
    exact = [Decimal(each).scaleb(-6) for each in amounts]
    expected = [units(each, "EUR", mode) for each in exact]
    for kind in (np.int64, object):
        assert divided(np.array(amounts, kind), 100, 10**6, mode).tolist() == expected


TEXTS = st.none() | st.text()


@given(
    TEXTS, TEXTS, st.integers(), AMOUNTS, st.sampled_from([Decimal("-0"), Decimal("0.000000"), Decimal(7)])
)
def test_the_content_of_a_line_is_json_with_sorted_names(text, policy, identity, base, fee):
    line = Line("NORMAL", "2026-10", Vat("S", Decimal("5.5")), base, fee=fee, clearing_id=identity)
    line = replace(line, text=text, policy=policy)
    told = {k: f"{v.normalize():f}" if isinstance(v, Decimal) else v for k, v in lines.columns(line).items()}
    assert lines.content(line) == json.dumps(told, sort_keys=True)


def unit_of(currency):
    return Decimal(1).scaleb(-places_of(currency))


@given(DRAFTS, CURRENCIES, TERMS)
def test_lines_make_up_totals_and_totals_the_sums(told, currency, terms):
    """I2; BR-CO-10, 13, 14, 15, 17."""
    made = sheet(drafts(told), currency, terms)
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
    made = sheet(both, currency, terms)
    assert (made.sums.net, made.sums.tax, made.sums.fee) == (0, 0, 0)


@given(DRAFTS, CURRENCIES, TERMS, st.sets(st.integers(0, 19)))
def test_lines_that_leave_take_nothing_of_the_others_along(told, currency, terms, leaving):
    made = sheet(drafts(told), currency, terms)
    stay = [each for each in made.lines if each.kind not in BESIDE and each.clearing_id not in leaving]
    rest = lines.remaining(stay, currency, terms, "2026-10")
    assert list(rest.lines[: len(stay)]) == stay
    alone = sheet(stay, currency, terms)
    assert (rest.totals, rest.sums) == (alone.totals, alone.sums)


@given(st.lists(st.integers(-9700, 9700), min_size=1), st.data())
def test_what_was_rounded_is_shared_out_near_to_what_is_exact(exact, data):
    """I3, also where debits and credits nearly make nought; 97 parts are a unit."""
    total = round(Fraction(sum(exact), 97)) + data.draw(st.sampled_from([-1, 0, 1]))
    shares = apportioned(total, np.array(exact), 1, 97).tolist()
    assert sum(shares) == total
    assert all(
        abs(share - Fraction(parts, 97)) < 2 + Fraction(1, len(exact))
        for share, parts in zip(shares, exact, strict=True)
    )
    assert shares == list(plain_sheet.apportion(total, dict(enumerate(exact)), 97).values())


def test_a_line_is_the_same_line_when_it_comes_back():
    (line,) = drafts([(Decimal("1.5000"), Vat("S", Decimal("19.00")), Decimal(0))])
    same = replace(line, base=Decimal("1.5"), vat=Vat("S", Decimal(19)))
    assert lines.content(line) == lines.content(same)
