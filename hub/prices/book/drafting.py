"""A tariff as an operator writes it, in any edition, becomes a document as the store keeps it."""

from collections.abc import Callable, Mapping

import tariffs
from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import EDITIONS
from hub.ocpi.errors import InvalidObject
from hub.ocpi.module import Role
from hub.ocpi.wire import WIRES, fold
from hub.parties import registry
from hub.prices.book.problems import DraftRefused, Refusal
from hub.store.unit import Unit
from hub.surroundings import NO_TRAITS, StoreSurroundings
from tariffs import TariffError

V211, V221, V230 = (edition.version for edition in EDITIONS)
SINCE_221 = ("country_code", "party_id", "type", "min_price", "max_price", "start_date_time", "end_date_time")
FOLDED: Mapping[str, Callable[[Party], str]] = {
    "country_code": lambda owner: owner.country_code,
    "party_id": lambda owner: owner.party_id,
}
CORRECT = "Correct the tariff; `hub tariff lint FILE` says all that is wrong with it."


def drafted(unit: Unit, draft: Json, owner: Party, at: int) -> Document:
    """The draft, completed, checked in its edition and lifted; DraftRefused names the places of faults."""
    refuse_foreign(draft, owner)
    wire = WIRES["tariffs", edition_of(draft)]
    try:
        checked = wire.check(completed(draft, owner, at))
    except InvalidObject as fault:
        raise DraftRefused(
            [Refusal("invalid", path, message, CORRECT) for path, message in fault.fields.items()]
        ) from fault
    document = wire.lift(checked, owner, around(unit, owner))
    refuse_unpriceable(document.newest)
    return document


def completed(draft: Json, owner: Party, at: int) -> Json:
    """With what a draft may leave out: whose it is, and `last_updated`, which is the instant `at`."""
    named = {} if edition_of(draft) == V211 else {name: of(owner) for name, of in FOLDED.items()}
    return named | draft | {"last_updated": instants.text(at)}


def edition_of(draft: Json) -> str:
    """The edition that a draft is written in, by the fields it has."""
    if "tax_included" in draft:
        return V230
    if any(name in draft for name in SINCE_221) or has_vat(draft):
        return V221
    return V211


def has_vat(draft: Json) -> bool:
    """Whether a price of it bears a tax of its own; what is no tariff at all has none."""
    try:
        return any("vat" in part for element in draft["elements"] for part in element["price_components"])
    except (KeyError, TypeError):
        return False


def refuse_foreign(draft: Json, owner: Party) -> None:
    refusals = [
        Refusal(
            "owner", name, f"{draft[name]!r} is not that of {owner}", f"Write {of(owner)!r}, or leave it out."
        )
        for name, of in FOLDED.items()
        if name in draft and fold(str(draft[name])) != of(owner)
    ]
    if refusals:
        raise DraftRefused(refusals)


def refuse_unpriceable(newest: Json) -> None:
    try:
        tariffs.read_tariff(newest)
    except TariffError as fault:
        raise DraftRefused([Refusal(fault.rule, fault.path, fault.message, CORRECT)]) from fault


def around(unit: Unit, owner: Party) -> StoreSurroundings:
    """What the operator has noted of the CPO that would have sent it, as for what that sends itself."""
    of_owner = registry.of_party(unit, owner, Role.CPO)
    return StoreSurroundings(unit, of_owner[0].settings.traits if len(of_owner) == 1 else NO_TRAITS)
