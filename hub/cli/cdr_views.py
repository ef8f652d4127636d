"""How cleared CDRs are shown: as tables, or as JSON for scripts."""

from typing import Any

import click

from hub.clearing.deciding import Decided
from hub.cli.quote_views import show_quote
from hub.cli.tables import console, show_facts, show_json, show_table
from hub.ocpi.document import Json

HEADINGS = ("CPO", "eMSP", "CDR", "Kind", "State", "End", "kWh", "Net", "Should be", "", "Cause", "Codes")
FINDINGS = ("Code", "Severity", "Says", "Detail", "What to do")
DIFFERING = ("Amount", "Taxes", "Claimed", "Should be", "Difference")
EVENTS = ("At", "By", "From", "To", "Why", "Codes")
AXES = {"cpo": "CPO", "emsp": "eMSP", "tariff": "Tariff", "cause": "Cause", "week": "Week"}
BESIDE = (
    (
        "Disputes",
        "disputes",
        {"id": "No.", "reason": "Reason", "claimed": "Claimed", "due_at": "Due", "outcome": "Outcome"},
    ),
    (
        "Taken back by",
        "taken_back_by",
        {"id": "CDR", "kind": "Kind", "state": "State", "net": "Net", "statement_id": "Statement"},
    ),
    (
        "Lines",
        "lines",
        {"id": "No.", "kind": "Kind", "net": "Net", "gross": "Gross", "why": "Why", "by": "By"},
    ),
    (
        "Invoices",
        "invoices",
        {"id": "Invoice", "by": "By", "record": "Record", "at": "Recorded"},
    ),
    (
        "Refused under the same id",
        "conflicts",
        {"first_at": "First", "seen_at": "Last", "times": "Times", "sha256": "SHA-256"},
    ),
)
"""What else there is to a CDR: title, name, and which fields are shown under which heading."""
SUMS = ("CDRs", "Claimed", "Should be", "Difference")


def show_list(told: list[Json]) -> None:
    show_table(HEADINGS, list(map(row, told)))


def row(told: Json) -> tuple[Any, ...]:
    return (
        told["cpo"],
        told["emsp"],
        told["id"],
        told["kind"],
        told["state"],
        told["end"],
        told["energy"],
        told["net"],
        told["expected_net"],
        told["currency"],
        told["cause"],
        " ".join(dict.fromkeys(told["codes"])),
    )


def show_summary(told: Json) -> None:
    show_facts(told | {"codes": " ".join(told["codes"]) or "none"})


def show_one(told: Json) -> None:
    """Everything: the facts, what was found, what became of it, its price line by line."""
    out = console()
    show_summary({name: value for name, value in told.items() if name == "codes" or is_fact(value)})
    for name in ("agreement", "tariff"):
        if told[name] is not None:
            out.print(f"\n{name.capitalize()}")
            show_facts({name: fact(value) for name, value in told[name].items()})
    if told["checks"]:
        differing = [each for each in told["differences"] if not each["agrees"]]
        if differing:
            out.print("\nDiffers")
            show_table(DIFFERING, [tuple(each.values())[:5] for each in differing])
        out.print("\nFound")
        show_table(FINDINGS, [tuple(each.values()) for each in told["checks"]])
    out.print("\nStates")
    show_table(EVENTS, [(*list(each.values())[:5], " ".join(each["codes"])) for each in told["states"]])
    for title, name, headings in BESIDE:
        if told[name]:
            out.print(f"\n{title}")
            show_table(
                tuple(headings.values()), [tuple(each[field] for field in headings) for each in told[name]]
            )
    if told["quote"] is not None:
        out.print("\nPrice")
        show_quote(told["quote"])


def is_fact(value: object) -> bool:
    return not isinstance(value, dict | list)


def fact(value: Any) -> Any:
    return " ".join(map(str, value)) or None if isinstance(value, list) else value


def show_decided(decided: Decided, *, as_json: bool) -> None:
    """How many went where, and those that could not."""
    if as_json:
        refused = [{"id": key, "why": why} for key, why in decided.refused]
        show_json(
            {"decided": {str(state): count for state, count in decided.counts.items()}, "refused": refused}
        )
        return
    for state, count in decided.counts.items():
        click.echo(f"{count} CDR{'' if count == 1 else 's'} now {state}.")
    for key, why in decided.refused:
        click.echo(f"hub: {key} stays: {why}.", err=True)
    if not decided.counts and not decided.refused:
        click.echo("No CDR is meant; see `hub cdr list`.")


def show_report(told: list[Json]) -> None:
    """For each currency the sums, then those of each axis, the greatest difference first."""
    out = console()
    for each in told:
        out.print(f"{each['currency']}: {each['recomputed']} recomputed, {each['count']} differ")
        show_table(("", *SUMS), [("all", *sums(each))])
        for axis, groups in each["by"].items():
            out.print()
            rows = sorted(groups.items(), key=lambda group: -abs(group[1]["delta"]))
            show_table((AXES[axis], *SUMS), [(name, *sums(group)) for name, group in rows])
    if not told:
        out.print("No CDR was recomputed.")


def sums(told: Json) -> tuple[Any, ...]:
    return told["count"], told["claimed"], told["expected"], told["delta"]
