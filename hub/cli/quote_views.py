"""How a quote is shown to a person: lines with their reasons, totals, what limited them, what looks wrong."""

from collections.abc import Iterator
from typing import Any

from hub.cli.tables import console, show_table, text
from hub.ocpi.document import Json

LINE = ("What", "From (UTC)", "Quantity", "Billed", "Unit", "Unit price", "Net", "Tax %", "Gross", "Why")
TOTAL = ("Total", "Net", "Tax", "Gross")
ADJUSTED = ("Adjusted by", "Rule", "Quantity", "Net", "Tax", "Gross", "Reason")
DIMENSIONS = ("energy", "time", "parking", "fixed", "reservation")
MEASURED = (("total_energy", "kWh"), ("total_time", "h"), ("total_parking_time", "h parked"))


def show_quote(quote: Json) -> None:
    """A quote as `Quote.as_dict` tells it."""
    several = len({line["tariff_id"] for line in quote["lines"]}) > 1
    headings = (*LINE, "Tariff") if several else LINE
    show_table(headings, [(*cells(line), line["tariff_id"])[: len(headings)] for line in quote["lines"]])
    out = console()
    out.print()
    show_table((*TOTAL, "Measured"), list(totals(quote)))
    for limit in quote["limits"]:
        out.print(f"Limit: {limited(limit)}")
    if quote.get("adjustments"):
        out.print()
        show_table(ADJUSTED, list(adjusted(quote)))
    for remark in quote["warnings"]:
        out.print(f"Warning: {remark['path']}: {remark['message']} [{remark['id']}]")


def cells(line: Json) -> tuple[Any, ...]:
    """The cells of one line; what is charged while reserved is said to be so."""
    reserved = " (reservation)" if line["group"] == "reservation" else ""
    return (
        f"{line['dimension']}{reserved}",
        line["start"],
        line["quantity"],
        line["billed_quantity"],
        line["unit"],
        line["unit_price"],
        line["before_taxes"],
        line["tax_percentage"],
        "unknown" if line["after_taxes"] is None else line["after_taxes"],
        line["reason"],
    )


def totals(quote: Json) -> Iterator[tuple[Any, ...]]:
    """The dimensions that had a price, then all together within the tariff's limits."""
    for name in DIMENSIONS:
        if quote[name] is not None:
            yield (name, *amounts(quote[name]), "")
    measured = (f"{text(quote[field])} {unit}" for field, unit in MEASURED if quote[field])
    yield (f"total {quote['currency']}", *amounts(quote), ", ".join(measured))


def adjusted(quote: Json) -> Iterator[tuple[Any, ...]]:
    """What the tariff alone comes to, what each rule has changed, and what is left; totals are after it."""
    yield ("tariff alone", "", "", *amounts(quote["base"]), "")
    for each in quote["adjustments"]:
        quantity = f"{text(each['quantity'])} {each['unit']}" if each["unit"] else ""
        yield (each["kind"], each["rule_id"], quantity, *amounts(each), each["reason"])
    yield (f"total {quote['currency']}", "", "", *amounts(quote), "")


def amounts(cost: Json) -> tuple[Any, ...]:
    net, gross = cost["before_taxes"], cost["after_taxes"]
    return (net, "unknown", "unknown") if gross is None else (net, gross - net, gross)


def limited(limit: Json) -> str:
    side = limit["side"].replace("_", " ")
    return (
        f"{limit['limit']} of tariff {limit['tariff_id']} makes {text(limit['unlimited'])} {side} "
        f"{text(limit['limited'])}"
    )
