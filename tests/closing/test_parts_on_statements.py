"""A credit of a part is a line of its own: money alone, of the rates that it tells."""

import csv
from decimal import Decimal

import pytest
from months_of import CPO, agree, cdr, cleared, close_again, put
from truths import refuse_untruth

from hub.closing import replay, statements
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.closing.vat import Vat, of_part
from hub.parties.terms import Terms

WHOLE = [("10", 9), ("5", 21)]
SHARES = ("net_energy", "net_time", "net_parking", "net_fixed", "net_reservation", "net_adjustments")
NINE, TWENTY_ONE = Vat("S", Decimal(9)), Vat("S", Decimal(21))


def part(identity, **total):
    """A credit of a part of A; its energy and parking are those of the whole."""
    taxes = [
        {"name": "VAT", "percentage": rate, "amount": Decimal(amount)} for rate, amount in total["taxes"]
    ]
    cost = {"before_taxes": Decimal(total["net"]), "taxes": taxes}
    return cdr(identity, WHOLE, of="A", total_cost=cost)


def figures(store, statement):
    with store.reading() as unit:
        told = list(statements.rows_of(unit, statement.id))
        sums = statements.sums_of(unit, [statement])[statement.id]
        assert replay.replay(unit, statement.month, lambda _: None).differences == ()
    refuse_untruth(store)
    return [(row.kind, row.rate, row.base, row.tax, row.energy, row.fee) for row in told], sums


def test_a_part_is_stated_after_its_cdr_and_all_parts_make_nought(store):  # I4, I9
    agree(store, credits="PARTIAL", fee_per_cdr=Decimal("0.35"), fee_percent=Decimal(1))
    put(store, cdr("A", WHOLE))
    told, october = figures(store, close_again(store))
    assert [line[:4] for line in told[:2]] == [
        ("NORMAL", 9, 10, Decimal("0.9")),
        ("NORMAL", 21, 5, Decimal("1.05")),
    ]
    put(store, part("A-P1", net="-5", taxes=[(9, "0"), (21, "-1.05")]))  # the parking
    put(store, part("A-P2", net="-10", taxes=[(9, "-0.9")]))
    told, november = figures(store, close_again(store, "2026-11"))
    assert {row.kind for row in cleared(store).values()} == {"NORMAL", "PARTIAL"}
    assert told[:2] == [
        ("PARTIAL", 21, -5, Decimal("-1.05"), 0, Decimal("-0.05")),
        ("PARTIAL", 9, -10, Decimal("-0.9"), 0, Decimal("-0.1")),
    ]
    assert (october.net + november.net, october.tax + november.tax) == (0, 0)
    assert october.fee + november.fee == Decimal("0.35")  # for the CDR, which was none the less


def test_an_export_has_money_alone_of_a_part_and_sums_to_what_is_owed(store, tmp_path):  # I7
    agree(store, credits="PARTIAL")
    for body in (cdr("A", WHOLE), part("A-P1", net="-5", taxes=[(21, "-1.05")])):
        put(store, body)
    statement = close_again(store)
    with store.reading() as unit:
        sums = statements.sums_of(unit, [statement])[statement.id]
    order = Order("cdr_reconciliation", "csv", Wanted("2026-10"), False)
    file = write(store, CPO, order, tmp_path).file
    whole, taken = csv.DictReader(file.read_text().splitlines())
    names = ("cdr_kind", "credit_reference_id", "energy_kwh", "energy_kwh_signed", "net_energy", "net_total")
    assert [taken[name] for name in names] == ["PARTIAL", "A", "10.5000", "0.0000", "0.0000", "-5.0000"]
    assert whole["energy_kwh_signed"] == "10.5000"
    for row in (whole, taken):
        shares = [Decimal(row[name]) for name in SHARES if row[name]]
        assert sum(shares) == Decimal(row["net_total"])
    assert Decimal(whole["net_total"]) + Decimal(taken["net_total"]) == sums.net


@pytest.mark.parametrize(
    ("taxes", "shares"),
    [
        ([(9, "-0.45"), (21, "-1.05")], {NINE: -5, TWENTY_ONE: -5}),
        ([(9, "-0.9")], {NINE: -10}),
        ([(None, "-2.1")], {TWENTY_ONE: -10}),  # as 2.2.1 tells it, all of one rate
        ([(None, "-1.3")], {NINE: Decimal("-6.666667"), TWENTY_ONE: Decimal("-3.333333")}),  # of both
        ([], {NINE: Decimal("-6.666667"), TWENTY_ONE: Decimal("-3.333333")}),
    ],
)
def test_a_part_bears_the_rates_it_tells_else_its_share_of_each(taxes, shares):
    told = of_part(part("P", net="-10", taxes=taxes), Decimal(-10), Terms())
    assert told == shares
    assert sum(told.values()) == -10
