"""How partners are shown to an operator: as tables, or as JSON for scripts."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.parties import mendings, registry
from hub.parties.partner import Partner
from hub.parties.quirk_table import DEFAULTS
from hub.store.unit import Unit

WIDE = 160


def summary(partner: Partner) -> dict[str, Any]:
    return {
        "name": partner.name,
        "status": str(partner.status),
        "registered_at": partner.registered_at and instants.text(partner.registered_at),
        "version": partner.version,
        "versions_url": partner.versions_url,
        "roles": [
            {"role": str(held.role), "country_code": held.party.country_code, "party_id": held.party.party_id}
            for held in partner.roles
        ],
    }


def everything(unit: Unit, partner: Partner) -> dict[str, Any]:
    interfaces = registry.endpoints_of(unit, partner.id)
    return summary(partner) | {
        "settings": settings_of(partner),
        "endpoints": [
            {"identifier": module, "role": side, "url": url} for (module, side), url in interfaces.items()
        ],
        "mendings": [
            {
                "module": each.module,
                "object": each.object_key,
                "notes": each.notes,
                "times": each.times,
                "last": instants.text(each.seen_at),
            }
            for each in mendings.of_partner(unit, partner.id)
        ],
    }


def settings_of(partner: Partner) -> dict[str, Any]:
    """As JSON can hold them."""
    values = {name: getattr(partner.settings, name) for name in DEFAULTS}
    return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal | Party) else value


def show_one(hub: Hub, partner: Partner, as_json: bool) -> None:
    with hub.store.reading() as unit:
        known = everything(unit, partner)
    if as_json:
        click.echo(json.dumps(known, indent=2))
        return
    described = [(name, value) for name, value in known.items() if isinstance(value, str)]
    settings = [(name.replace("_", " "), told(value)) for name, value in known["settings"].items()]
    print_table((), [*described, ("parties", parties_of(partner)), *settings])
    print_table(("Endpoint", "Role", "URL"), [tuple(each.values()) for each in known["endpoints"]])
    rows = [
        (each["module"], each["object"], f"{path}: {what}", each["times"], each["last"])
        for each in known["mendings"]
        for path, what in each["notes"].items()
    ]
    print_table(("Mended", "Object", "What was done", "Times", "Last"), rows)


def told(value: Any) -> str:
    return (
        ", ".join(value)
        if isinstance(value, list)
        else {True: "yes", False: "no", None: ""}.get(value, value)
    )


def parties_of(partner: Partner) -> str:
    return ", ".join(map(str, partner.roles))


def since(partner: Partner) -> str:
    return instants.text(partner.registered_at) if partner.registered_at is not None else ""


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows that line up; nothing at all when there are none."""
    if not rows:
        return
    table = Table(*headings or ("", ""), box=None, show_header=bool(headings), pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
