"""What was charged at home is told apart on each statement, credits taken off."""

from decimal import Decimal

from months_of import agree, cdr, close_again, contest, put, settled, step

from hub.closing import homes, telling

AT_HOME = {"home_charging_compensation": True}


def told(store, statement):
    with store.reading() as unit:
        found = homes.of_statement(unit, statement)
        shown = telling.told_of(unit, statement, with_lines=False)["home_charging"]
    assert shown["gross"] == found.gross
    return found.cdrs, found.energy, found.net, found.tax


def test_homes_are_told_apart(store):
    agree(store)
    put(store, cdr("A", [("10", 9), ("5", 21)], **AT_HOME))
    put(store, cdr("B", [("7", 21)], **AT_HOME))
    put(store, cdr("C", [("100", 21)]))
    put(store, cdr("D", [("100", 21)], home_charging_compensation=False))
    october = close_again(store)
    assert told(store, october) == (2, 21, 22, Decimal("3.42"))
    for name in ("approve", "send"):
        october = step(store, name, october)
    october = contest(store, october, "B")
    assert told(store, october) == (1, Decimal("10.5"), 15, Decimal("1.95"))


def test_a_credit_takes_it_off_again(store):
    agree(store)
    put(store, cdr("A", [("10", 9)], **AT_HOME))
    october = settled(store, close_again(store))
    put(store, cdr("A-C", [("10", 9)], of="A", **AT_HOME))
    november = close_again(store, "2026-11")
    assert told(store, october) == (1, Decimal("10.5"), 10, Decimal("0.9"))
    assert told(store, november) == (1, Decimal("-10.5"), -10, Decimal("-0.9"))


def test_where_nobody_charged_at_home_nothing_is_told(store):
    agree(store)
    put(store, cdr("C", [("100", 21)]))
    assert told(store, close_again(store)) == (0, 0, 0, 0)
