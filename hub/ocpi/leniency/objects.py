"""Mends of whole objects: what is missing, said twice, or said in another place or unit."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from hub.ocpi.document import Json, Party
from hub.ocpi.instants import text
from hub.ocpi.leniency.walking import Arrival, Function, Notes


def tax_included(answer: str) -> Function:
    """For a partner whose prices are known to be with or without taxes; only what is missing is filled."""

    def function(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
        if arrival.name == "tariffs":
            return _told(body, "", answer)
        tariffs = body.get("tariffs")
        if arrival.name != "cdrs" or not isinstance(tariffs, list):
            return body, {}
        done = [_told(tariff, f"tariffs[{at}].", answer) for at, tariff in enumerate(tariffs)]
        notes = {path: what for _, said in done for path, what in said.items()}
        return (body | {"tariffs": [tariff for tariff, _ in done]}, notes) if notes else (body, {})

    return function


def _told(tariff: Any, path: str, answer: str) -> tuple[Any, Notes]:
    if not isinstance(tariff, dict) or tariff.get("tax_included") is not None:
        return tariff, {}
    return tariff | {"tax_included": answer}, {f"{path}tax_included": f"{answer}, as the operator was told"}


def reserved(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    if arrival.name != "sessions" or body.get("status") != "RESERVED":
        return body, {}
    return body | {"status": "RESERVATION"}, {"status": "RESERVED is called RESERVATION"}


OWNED = frozenset(("locations", "tariffs", "sessions", "cdrs", "tokens"))


def owner(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    if arrival.owner is None or arrival.name not in OWNED:
        return body, {}
    body, notes = _of(arrival.owner, body, "")
    tariffs = body.get("tariffs") if arrival.name == "cdrs" else None
    if isinstance(tariffs, list):
        done = [_of(arrival.owner, tariff, f"tariffs[{at}].") for at, tariff in enumerate(tariffs)]
        body = body | {"tariffs": [tariff for tariff, _ in done]}
        notes |= {path: what for _, said in done for path, what in said.items()}
    return body, notes


def _of(party: Party, body: Any, path: str) -> tuple[Any, Notes]:
    if not isinstance(body, dict):
        return body, {}
    missing = {name: value for name, value in party._asdict().items() if body.get(name) in (None, "")}
    return body | missing, {f"{path}{name}": "from the connection" for name in missing}


def last_updated(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    stamp = text(arrival.now) if arrival.now is not None else None
    return _stamped(body, "", stamp, PARTS.get(arrival.name, ("evses", "connectors")))


PARTS = {"cdrs": ("tariffs",)}
"""The lists whose entries have a `last_updated` of their own, where they are not EVSEs and connectors."""


def _stamped(body: Json, path: str, stamp: str | None, parts: tuple[str, ...]) -> tuple[Json, Notes]:
    """The object and its parts; a part without a time has that of what it belongs to."""
    notes: Notes = {}
    if body.get("last_updated") is None and stamp is not None:
        body, notes = (
            body | {"last_updated": stamp},
            {f"{path}last_updated": "when it came" if not path else "as what it is part of"},
        )
    for name in parts:
        items = body.get(name)
        if isinstance(items, list):
            done = [_part(item, f"{path}{name}[{at}].", body, parts) for at, item in enumerate(items)]
            body = body | {name: [item for item, _ in done]}
            notes |= {where: what for _, said in done for where, what in said.items()}
    return body, notes


def _part(part: Any, path: str, whole: Json, parts: tuple[str, ...]) -> tuple[Any, Notes]:
    return _stamped(part, path, whole.get("last_updated"), parts) if isinstance(part, dict) else (part, {})


LISTS = """
    evses connectors tariff_ids capabilities parking_restrictions facilities charging_periods tariffs images
    parking_places directions evse_uids publish_allowed_to
"""
REPEATABLE = frozenset(LISTS.split())
WORDS = msgspec.json.Encoder(decimal_format="number", order="sorted")
"""What an entry says, as one word: comparing every two of ten thousand entries would take seconds."""


def once(name: str, value: Any, _: Json) -> tuple[Any, str] | None:
    if name not in REPEATABLE or not isinstance(value, list):
        return None
    kept = list({WORDS.encode(item): item for item in value}.values())
    return None if len(kept) == len(value) else (kept, f"{len(value) - len(kept)} said twice, word for word")


def evse_tariffs(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    if arrival.name == "evses":
        return _referring(body, "")
    evses = body.get("evses")
    if arrival.name != "locations" or not isinstance(evses, list):
        return body, {}
    done = [_referring(evse, f"evses[{at}].") for at, evse in enumerate(evses)]
    notes = {path: what for _, said in done for path, what in said.items()}
    return (body | {"evses": [evse for evse, _ in done]}, notes) if notes else (body, {})


def _referring(evse: Any, path: str) -> tuple[Any, Notes]:
    ids = list(_embedded_ids(evse))
    connectors = evse.get("connectors") if isinstance(evse, dict) else None
    if not ids or not isinstance(connectors, list):
        return evse, {}
    bare = [at for at, plug in enumerate(connectors) if isinstance(plug, dict) and not plug.get("tariff_ids")]
    named = [plug | {"tariff_ids": ids} if at in bare else plug for at, plug in enumerate(connectors)]
    notes = {f"{path}connectors[{at}].tariff_ids": "the ids of the tariffs in the EVSE" for at in bare}
    return evse | {"connectors": named}, notes


def _embedded_ids(evse: Any) -> Iterator[str]:
    tariffs = evse.get("tariffs") if isinstance(evse, dict) else None
    for tariff in tariffs if isinstance(tariffs, list) else ():
        if isinstance(tariff, dict) and isinstance(tariff.get("id"), str):
            yield tariff["id"]


TOTAL_ENERGY = {"sessions": "kwh", "cdrs": "total_energy"}


def kilowatt_hours(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    """Only where the total, which is in kWh, proves it."""
    total, periods = body.get(TOTAL_ENERGY.get(arrival.name, "")), body.get("charging_periods")
    if not isinstance(total, int | Decimal) or not isinstance(periods, list) or total <= 0:
        return body, {}
    said = sum((dimension["volume"] for _, _, dimension in _energies(periods)), Decimal(0))
    if abs(said / 1000 - total) > total / 100:
        return body, {}
    places = {(at, to) for at, to, _ in _energies(periods)}
    mended = [
        _divided(period, {to for where, to in places if where == at}) for at, period in enumerate(periods)
    ]
    notes = {f"charging_periods[{at}].dimensions[{to}].volume": "Wh made kWh" for at, to in sorted(places)}
    return body | {"charging_periods": mended}, notes


def _energies(periods: list[Any]) -> Iterator[tuple[int, int, Json]]:
    for at, period in enumerate(periods):
        dimensions = period.get("dimensions") if isinstance(period, dict) else None
        for to, one in enumerate(dimensions if isinstance(dimensions, list) else ()):
            energy = isinstance(one, dict) and one.get("type") == "ENERGY"
            if energy and isinstance(one.get("volume"), int | Decimal):
                yield at, to, one


def _divided(period: Any, places: set[int]) -> Any:
    if not places:
        return period
    dimensions = [
        one | {"volume": Decimal(one["volume"]) / 1000} if to in places else one
        for to, one in enumerate(period["dimensions"])
    ]
    return period | {"dimensions": dimensions}


def untouched(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    """For what may pass that is no fault of an object."""
    return body, {}
