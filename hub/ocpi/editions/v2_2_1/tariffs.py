"""Tariffs between 2.2.1, whose prices bear no VAT, and 2.3.0, which says whether they do (C3)."""

from decimal import Decimal

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import Move, each, exact, field, inside, through, without
from hub.ocpi.editions.v2_2_1.locations import energy_mix_older
from hub.ocpi.editions.v2_2_1.prices import LIMITS, limit_down, limit_up
from hub.ocpi.surroundings import Surroundings

GROSS = "Some prices of this tariff include taxes of an unstated rate."
TEXT = 512


def tariff_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return tariff_newer(body)


def tariff_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return tariff_older(body)


def tariff_newer(body: Json) -> Json:
    """The tariff as 2.3.0 has it, also inside a CDR."""
    newer = through(body, without("preauthorize_amount"), *(inside(name, limit_up) for name in LIMITS))
    return newer | {"tax_included": "NO"}


def tariff_older(body: Json) -> Json:
    """The tariff as 2.2.1 has it, also inside a CDR."""
    return through(
        body,
        UNTAXED[body["tax_included"]],
        without("tax_included", "preauthorize_amount"),
        *(inside(name, limit_down) for name in LIMITS),
        inside("energy_mix", energy_mix_older),
    )


def saying(sentence: str) -> Move:
    """Adds a sentence to the text for people: to the English one where there is room, else beside it."""

    def move(body: Json) -> Json:
        texts = body.get("tariff_alt_text") or []
        at = next((at for at, text in enumerate(texts) if text["language"].lower() == "en"), None)
        joined = sentence if at is None else f"{texts[at]['text'].rstrip('. ')}. {sentence}"
        if at is None or len(joined) > TEXT:
            return body | {"tariff_alt_text": [*texts, {"language": "en", "text": sentence}]}
        return body | {"tariff_alt_text": [*texts[:at], texts[at] | {"text": joined}, *texts[at + 1 :]]}

    return move


def _no_vat(body: Json) -> Json:
    """A tariff to which no taxes apply: 2.2.1 says so by giving no VAT at all."""
    return _components(without("vat"))(body)


def _net(body: Json) -> Json:
    """Prices with taxes become prices without where the rate is stated; else the text says so."""
    stated = all(
        component.get("vat") is not None
        for element in body["elements"]
        for component in element["price_components"]
    )
    net = _components(_net_component)(body)
    return net if stated else saying(GROSS)(net)


def _net_component(component: Json) -> Json:
    if component.get("vat") is None:
        return component
    rate = 1 + Decimal(component["vat"]) / 100
    return field("price", lambda price: exact(price / rate))(component)


def _components(move: Move) -> Move:
    return each("elements", each("price_components", move))


def _same(body: Json) -> Json:
    return body


UNTAXED = {"NO": _same, "N/A": _no_vat, "YES": _net}
"""tax_included -> how prices without VAT come of it."""
