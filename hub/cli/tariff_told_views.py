"""How it is shown what each partner was told of a tariff."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from hub.cli.moments import shown
from hub.cli.tables import console, show_table
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.sync import telling
from hub.sync.outcomes import Outcome
from hub.sync.telling import Told, Try

GONE = "that there is none"
COLOURS = {
    telling.CONFIRMED: "green",
    telling.OWED: "cyan",
    telling.REFUSED: "bold red",
    telling.HELD_BACK: "yellow",
}


def plain(told: Told) -> Json:
    """As JSON can hold it."""
    return {
        "partner": told.partner,
        "parties": list(map(str, told.parties)),
        "ocpi": told.edition,
        "state": told.state,
        "version": told.version,
        "owed_at": text(told.owed_at),
        "ended_at": text(told.ended_at),
        "answer": told.answer,
        "delivery": told.delivery,
        "tries": [plain_try(each) for each in told.tries],
    }


def plain_try(one: Try) -> Json:
    return {
        "at": text(one.at),
        "version": one.version,
        "outcome": one.outcome,
        "answer": one.answer,
        "correlation_id": one.correlation_id,
    }


def text(instant: int | None) -> str | None:
    return None if instant is None else instants.text(instant)


def show(found: Sequence[Told], zone: str) -> None:
    """How each partner stands, then what was sent and when, the latest last."""
    headings = (
        "Partner",
        "Parties",
        "OCPI",
        "State",
        "Version",
        f"Owed ({zone})",
        "Ended",
        "Answer",
        "Delivery",
    )
    show_table(headings, [row(each, zone) for each in found])
    sent = sorted(
        ((each, one) for each in found for one in each.tries), key=lambda pair: (pair[1].at, pair[0].partner)
    )
    if sent:
        console().print()
        rows = [sent_row(each, one, zone) for each, one in sent]
        show_table((f"Sent ({zone})", "Partner", "Version", "Outcome", "Answer"), rows)


def row(told: Told, zone: str) -> tuple[Any, ...]:
    return (
        told.partner,
        ", ".join(map(str, told.parties)),
        told.edition,
        Text(told.state, COLOURS.get(told.state, "")),
        version_of(told) if told.delivery or told.state == telling.PULLS else None,
        shown(told.owed_at, zone),
        shown(told.ended_at, zone),
        told.answer,
        told.delivery,
    )


def sent_row(told: Told, one: Try, zone: str) -> tuple[Any, ...]:
    colour = "green" if one.outcome == Outcome.ACCEPTED else "yellow"
    return (shown(one.at, zone), told.partner, version_of(one), Text(one.outcome, colour), one.answer)


def version_of(said: Told | Try) -> str:
    return GONE if said.version is None else str(said.version)
