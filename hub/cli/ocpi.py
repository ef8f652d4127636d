"""`hub ocpi`: what of OCPI this hub speaks, as its routes say, and what it can mend. The README's tables."""

import re
from collections.abc import Iterable, Iterator, Sequence

import click
from werkzeug.routing import Map

from hub.app import create_app
from hub.cli.frame import Group
from hub.ocpi.editions import EDITIONS
from hub.ocpi.leniency import MENDS
from hub.settings import Settings

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
VERSIONS = tuple(each.version for each in EDITIONS)
VERSION = re.compile(r"\d\.\d\.\d")
Row = tuple[str, ...]


@click.group(cls=Group, example="hub ocpi modules")
def ocpi() -> None:
    """See what of OCPI is spoken, and what can be mended of partners that write it imperfectly."""


@ocpi.command(example="hub ocpi modules")
def modules() -> None:
    """Show the interfaces that the hub offers in each OCPI version, as a table in Markdown."""
    click.echo(modules_table())


@ocpi.command(example="hub ocpi mends")
def mends() -> None:
    """Show what the quirk `lenient` can allow a partner, and why it is safe, as Markdown."""
    click.echo(mends_table())


def modules_table() -> str:
    """Of every path the verbs in each version; `-` where the version has it not."""
    spoken = interfaces(create_app(Settings()).url_map)
    rows = [(*place, *(verbs.get(version, "-") for version in VERSIONS)) for place, verbs in spoken.items()]
    return table(("Module", "Interface", "Path", *VERSIONS), rows)


def mends_table() -> str:
    rows = ((f"`{name}`", mend.help) for name, mend in MENDS.items())
    return table(("Mend", "What it does, and why that is safe"), rows)


def interfaces(routes: Map) -> dict[Row, dict[str, str]]:
    """(module, interface, path) -> version -> verbs."""
    found: dict[Row, dict[str, set[str]]] = {}
    for version, place, methods in spoken_in(routes):
        found.setdefault(place, {}).setdefault(version, set()).update(methods)
    return {
        place: {version: " ".join(verb for verb in VERBS if verb in verbs) for version, verbs in each.items()}
        for place, each in found.items()
    }


def spoken_in(routes: Map) -> Iterator[tuple[str, Row, set[str]]]:
    """Each route below a version: the version, its place, the methods."""
    for rule in routes.iter_rules():
        head, *rest = rule.rule.split("/")[2:] or [""]
        for version in VERSION.findall(head):
            if rest:
                yield version, place_of(rest), rule.methods or set()


def place_of(parts: Sequence[str]) -> Row:
    if len(parts) == 1:
        return parts[0], "both", "`/`"  # VER-04
    side, module, *path = parts
    return module, side.capitalize(), f"`/{'/'.join(map(placeholder, path))}`"


def placeholder(part: str) -> str:
    return part.replace("<", "{").replace(">", "}")


def table(headings: Row, rows: Iterable[Row]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
