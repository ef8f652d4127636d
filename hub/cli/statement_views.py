"""How statements are shown to a person."""

from typing import Any

from hub.cli.tables import console, show_facts, show_table
from hub.closing.rounding import whole
from hub.ocpi.document import Json

HEADINGS = ("ID", "Number", "Month", "CPO", "eMSP", "State", "Lines", "Net", "VAT", "Gross", "Fee", "", "Due")
NAMES = ("id", "number", "period", "cpo", "emsp", "state", "lines", "net", "tax", "gross", "fee")
TOTALS = ("VAT", "Rate %", "Sum of lines", "Net", "VAT", "Gross", "")
LINES = ("Line", "Kind", "CDR", "Service", "Ended", "kWh", "VAT", "Rate %", "As told", "Net", "VAT", "Gross")
STEPS = ("At", "By", "From", "To", "Why")
POSTINGS = ("Posting", "Kind", "Reverses", "Account", "Debit", "Credit", "", "VAT")
AMOUNTS = ("net", "tax", "gross", "fee", "receivable", "payable")
FACTS = ("id", "number", "period", "cpo", "emsp", "state", "revision", "billing", "lines", "due_at")


def show_list(told: list[Json]) -> None:
    rows = [written(each, each["currency"]) for each in told]
    show_table(
        HEADINGS, [(*(each[name] for name in NAMES), each["currency"], each["due_at"]) for each in rows]
    )


def written(told: Json, currency: str) -> Json:
    """With amounts as documents write them."""
    return told | {name: whole(told[name], currency) for name in AMOUNTS if name in told}


def show_one(told: Json) -> None:
    out, currency = console(), told["currency"]
    told = written(told, currency)
    show_facts({name: told[name] for name in FACTS})
    out.print("\nTotals")
    totals = [(*written(each, currency).values(), currency) for each in told["totals"]]
    all_of_it = ("all", None, None, told["net"], told["tax"], told["gross"], currency)
    show_table(TOTALS, [*totals, all_of_it])
    out.print()
    amounts = {
        "Fee of the hub": told["fee"],
        f"{told['emsp']} owes": told["receivable"],
        f"{told['cpo']} gets": told["payable"],
    }
    show_facts({name: f"{amount:f} {currency}" for name, amount in amounts.items()})
    out.print(f"\n{difference(told['tolerance'], currency)}")
    if told["home_charging"]["cdrs"]:
        out.print(charged_at_home(written(told["home_charging"], currency), currency))
    if "line" in told:
        out.print("\nLines")
        show_table(LINES, [line(written(each, currency)) for each in told["line"]])
    out.print("\nSteps")
    show_table(STEPS, [tuple(each.values()) for each in told["steps"]])
    if told["postings"]:
        out.print("\nLedger")
        show_table(POSTINGS, [entry(each, side) for each in told["postings"] for side in each["entries"]])


def difference(found: Json, currency: str) -> str:
    if not found["cdrs"]:
        return "None of its CDRs could be recomputed."
    verdict = "within" if found["within"] else "OUTSIDE"
    return (
        f"{found['cdrs']} recomputed: the CDRs claim {found['claimed']:f} {currency} where "
        f"{found['expected']:f} would be right, {verdict} the tolerance of {found['allowed']:f}."
    )


def charged_at_home(found: Json, currency: str) -> str:
    count = found["cdrs"]
    energy, net, gross = (found[name].normalize() for name in ("energy", "net", "gross"))
    return (
        f"Charged at home, to be paid back there: {count} CDR{'' if count == 1 else 's'}, {energy:f} kWh, "
        f"{whole(net, currency):f} {currency} net, {whole(gross, currency):f} {currency} gross."
    )


def line(each: Json) -> tuple[Any, ...]:
    names = ("number", "kind", "cdr_key", "service_month", "ended_at", "energy", "category", "rate", "base")
    told = {**each, "cdr_key": each["cdr_key"] or each["text"]}
    return *(told[name] for name in names), each["net"], each["tax"], each["gross"]


def entry(posting: Json, side: Json) -> tuple[Any, ...]:
    amount = whole(side["amount"], side["currency"])
    debit, credit = (amount, None) if amount > 0 else (None, -amount)
    names = (posting["id"], posting["kind"], posting["reverses"], side["account"])
    return *names, debit, credit, side["currency"], side["tax"]
