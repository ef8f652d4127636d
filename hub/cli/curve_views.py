"""How curves are shown: what an import changes, the prices it tells, the folders and their files."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import click

from hub.cli.tables import show_table
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.prices.book.versions import Version
from hub.prices.curves.importing import Plan
from hub.prices.curves.log import Read, Source

MOST = 100
"""Prices that are shown; all of them with --json."""
FEW = 6
SOURCES = ("ID", "Tariff", "Folder", "Template", "Prices", "Looked at", "Trouble")
FILES = ("Source", "Tariff", "File", "Read", "Outcome", "From", "Until", "Versions", "Told")


def of_plan(plan: Plan, made: Sequence[Version] | None) -> Json:
    """JSON-ready; `made` None when nothing was published."""
    return {
        "tariff": plan.offered.tariff,
        "owner": str(plan.offered.owner),
        "from": instants.text(plan.since),
        "until": instants.text(plan.until),
        "fallback": plan.fallback,
        "prices": [
            {"start": instants.text(each.start), "end": instants.text(each.end), "price": each.price}
            for each in plan.prices
        ],
        "versions": [{"from": instants.text(each.start), "tariff": each.document} for each in plan.dated],
        "published": None if made is None else [each.number for each in made],
        "withdrawn": list(plan.withdrawn),
        "remarks": list(plan.remarks),
    }


def show_plan(plan: Plan, made: Sequence[Version] | None) -> None:
    zone = ZoneInfo(plan.offered.terms.time_zone)
    rows = [
        (
            instants.text(each.start),
            f"{instants.moment(each.start).astimezone(zone):%a %Y-%m-%d %H:%M %z}",
            each.price,
        )
        for each in plan.prices[:MOST]
    ]
    show_table(("From (UTC)", plan.offered.terms.time_zone, "Per kWh"), rows)
    if len(plan.prices) > MOST:
        click.echo(f"... and {len(plan.prices) - MOST} more; --json shows all.")
    click.echo(f"At other times {plan.fallback:f}, until more is known.")
    for each in plan.remarks:
        click.echo(f"{each}.")
    click.echo(what_happened(plan, made))


def what_happened(plan: Plan, made: Sequence[Version] | None) -> str:
    name = f"{plan.offered.owner} {plan.offered.tariff}"
    if not plan.dated:
        return f"{name}: all of this holds or is scheduled already; nothing changes."
    if made is None:
        begin = some([instants.text(each.start) for each in plan.dated])
        gone = f" Versions {listed(plan.withdrawn)} would make room." if plan.withdrawn else ""
        return f"{name}: versions would begin at {begin}.{gone} Nothing was published."
    begin = some([f"{each.number} from {instants.text(each.valid_from)}" for each in made])
    gone = f" Versions {listed(plan.withdrawn)} made room." if plan.withdrawn else ""
    return f"{name}: published version {begin}.{gone}"


def some(told: Sequence[str]) -> str:
    """All of a few, of many the first and the last."""
    return (
        ", ".join(told) if len(told) <= FEW else f"{told[0]}, {told[1]} ... {told[-1]} ({len(told)} in all)"
    )


def listed(numbers: Sequence[int]) -> str:
    return some(list(map(str, numbers)))


def of_source(source: Source) -> Json:
    """JSON-ready."""
    return {
        "id": source.id,
        "owner": str(source.owner),
        "tariff": source.tariff,
        "folder": source.folder,
        "terms": source.terms.as_dict(),
        "template": source.template or "current",
        "author": source.author,
        "added_at": instants.text(source.added_at),
        "looked_at": None if source.looked_at is None else instants.text(source.looked_at),
        "trouble": source.trouble,
    }


def of_read(read: Read) -> Json:
    """JSON-ready."""
    return {
        "source": read.source_id,
        "owner": str(read.owner),
        "tariff": read.key,
        "file": read.seen.name,
        "content_hash": read.content_hash,
        "read_at": instants.text(read.read_at),
        "outcome": read.outcome,
        "told": list(read.told),
        "from": None if read.since is None else instants.text(read.since),
        "until": None if read.until is None else instants.text(read.until),
        "versions": list(read.numbers),
    }


def show_sources(sources: Sequence[Source], reads: Sequence[Read]) -> None:
    if not sources and not reads:
        click.echo("There are no folders yet; `hub curve add` adds one.")
    show_table(SOURCES, [row_of_source(each) for each in sources])
    if sources and reads:
        click.echo()
    show_table(FILES, [row_of_read(each) for each in reads])


def row_of_source(source: Source) -> tuple[str, ...]:
    told = of_source(source)
    terms = source.terms
    made = f"{terms.unit} x {terms.factor:f} + {terms.margin:f}"
    template = "current" if source.template is None else str(source.template.get("id"))
    name = f"{source.owner} {source.tariff}"
    return str(source.id), name, source.folder, template, made, told["looked_at"] or "", source.trouble or ""


def row_of_read(read: Read) -> tuple[str, ...]:
    told = of_read(read)
    return (
        "by hand" if read.source_id is None else str(read.source_id),
        f"{read.owner} {read.key}",
        read.seen.name,
        told["read_at"],
        read.outcome,
        told["from"] or "",
        told["until"] or "",
        listed(read.numbers),
        in_words(read.told[0]) if read.told else "",
    )


def in_words(told: Any) -> str:
    """The first remark, or the first fault."""
    if not isinstance(told, dict):
        return str(told)
    return f"{told['path']}: {told['message']}" if told["path"] else str(told["message"])
