"""How invoices, and what is said of them, are shown to a person."""

from collections.abc import Mapping, Sequence

from hub.cli.tables import console, show_facts, show_table
from hub.closing.rounding import whole
from hub.ocpi.document import Json

RECORDS = ("No.", "By", "For", "Invoice", "Record", "CDRs", "Statement", "Recorded", "Withdrawn")
NAMES = ("number", "by", "for", "invoice", "record", "listed", "statement", "recorded_at", "withdrawn_at")
CDRS = ("CDR", "Known", "State", "Ended", "Net", "Gross", "")
SUMS = ("CDRs", "Net", "Gross", "Net as it should be", "Difference", "Allowed", "", "")
TOLD = ("Told", "As it should be", "Difference", "Allowed", "", "")
STATEMENTS = ("Statement", "State", "CDRs of it", "Net of these", "Gross of these", "")
COUNTS: Mapping[str, str] = {
    "listed": "Listed",
    "known": "Known",
    "unknown": "Unknown",
    "repeated": "Listed twice",
    "elsewhere": "On another invoice too",
    "unpayable": "Not to be paid",
    "unstated": "Not on its statement",
    "missing": "Missing",
    "unchecked": "Not checked yet",
}
FINDINGS: Mapping[str, str] = {
    "unknown": "Unknown: no CDR between these two has such an id",
    "repeated": "Listed twice",
    "elsewhere": "On another invoice too",
    "unpayable": "Held, disputed, rejected or dropped",
    "unstated": "Not on its statement",
    "missing": "Missing",
}


def show_list(told: Sequence[Json]) -> None:
    show_table(RECORDS, [tuple(each[name] for name in NAMES) for each in told])


def show_one(told: Json) -> None:
    show_facts({name: told[name] for name in ("invoice", "by", "for", "billing", "listed")})
    console().print()
    show_list(told["records"])
    console().print()
    show_table(CDRS, [cdr(each) for each in told["cdrs"]])


def cdr(each: Json) -> tuple[object, ...]:
    known = "yes" if each["known"] else "NO"
    return each["cdr"], known, each["state"], each["ended_at"], *amounts(each), each["currency"]


def amounts(each: Json) -> tuple[object, object]:
    net, gross, currency = each["net"], each["gross"], each["currency"]
    return (
        None if net is None else whole(net, currency),
        None if gross is None else whole(gross, currency),
    )


def show_match(told: Json) -> None:
    out = console()
    show_facts({name: told[name] for name in ("invoice", "by", "for", "billing", "statement")})
    out.print()
    show_facts({says: told["counts"][name] for name, says in COUNTS.items() if shown(told, name)})
    out.print()
    show_table(SUMS, [sum_(each) for each in told["amounts"]])
    if told["told"]:
        out.print()
        show_table(TOLD, [beside(each) for each in told["told"]])
    if told["statements"]:
        out.print()
        show_table(STATEMENTS, [statement(each) for each in told["statements"]])
    for name, says in FINDINGS.items():
        if told[name]:
            show_finding(says, told[name], told["counts"][name])
    verdict = "It agrees." if told["agrees"] else f"It does NOT agree: {'; '.join(told['objections'])}."
    out.print(f"\n{verdict}")


def shown(told: Json, name: str) -> bool:
    return name in ("listed", "known") or bool(told["counts"][name])


def sum_(each: Json) -> tuple[object, ...]:
    names = ("net", "gross", "expected", "difference")
    figures = [whole(each[name], each["currency"]) for name in names]
    return each["cdrs"], *figures, each["allowed"], each["currency"], verdict(each)


def beside(each: Json) -> tuple[object, ...]:
    figures = [whole(each[name], each["currency"]) for name in ("told", "ours", "difference")]
    return *figures, each["allowed"], f"{each['currency']} {each['what']}", verdict(each)


def verdict(each: Json) -> str:
    return "agrees" if each["within"] else "DIFFERS"


def statement(each: Json) -> tuple[object, ...]:
    net, gross = (whole(each[name], each["currency"]) for name in ("net", "gross"))
    return each["number"] or each["id"], each["state"], each["cdrs"], net, gross, each["currency"]


def show_finding(says: str, found: Sequence[Json], number: int) -> None:
    out = console()
    out.print(f"\n{says}")
    also = {"Also on": "also_on", "By": "also_by", "Record": "record", "Why": "why"}
    more = {heading: name for heading, name in also.items() if name in found[0]}
    rows = [
        (
            each["cdr"],
            each["state"],
            *amounts(each),
            each["currency"],
            *(each[name] for name in more.values()),
        )
        for each in found
    ]
    show_table(("CDR", "State", "Net", "Gross", "", *more), rows)
    if number > len(found):
        out.print(f"... and {number - len(found)} more: see --most, or --json for all.")
