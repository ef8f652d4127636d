"""Tariffs between the editions: C3 of the requirements, row by row."""

from decimal import Decimal

import pytest

from hub.ocpi.document import Json
from hub.ocpi.errors import NotExpressible
from hub.ocpi.surroundings import Traits
from tests.ocpi.translating import World, down, newest, up, v211, v221


def component(**changes: object) -> Json:
    return {"type": "ENERGY", "price": Decimal("0.30"), "vat": 21, "step_size": 1} | changes


def element(*components: Json, **restrictions: object) -> Json:
    body: Json = {"price_components": list(components) or [component()]}
    return body | {"restrictions": restrictions} if restrictions else body


def tariff(*elements: Json, **changes: object) -> Json:
    plain = {"min_price": None, "max_price": None, "tariff_alt_text": None}
    return newest("tariffs", **plain | {"elements": list(elements) or [element()]} | changes)


def prices(body: Json) -> list[Decimal]:
    return [component["price"] for element in body["elements"] for component in element["price_components"]]


def test_a_tariff_of_211_gets_its_owner() -> None:  # C3 country_code, party_id
    lifted = up("2.1.1", "tariffs", v211("tariffs"))
    assert (lifted["country_code"], lifted["party_id"]) == ("NL", "CPO")
    assert "country_code" not in down("2.1.1", "tariffs", tariff())


@pytest.mark.parametrize("kind", ["AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN"])
def test_a_tariff_for_some_sessions_is_not_shown_to_211(kind: str) -> None:  # C3 type L
    with pytest.raises(NotExpressible):
        down("2.1.1", "tariffs", tariff(type=kind))
    assert down("2.2.1", "tariffs", tariff(type=kind))["type"] == kind


@pytest.mark.parametrize("kind", ["REGULAR", None])
def test_a_tariff_for_every_session_is_shown_without_its_type(kind: str | None) -> None:  # C3 type
    assert "type" not in down("2.1.1", "tariffs", tariff(type=kind))


def test_limits_have_other_names_in_221() -> None:  # C3 min_price, max_price, TAR-09
    limits = {"before_taxes": Decimal("0.50"), "after_taxes": Decimal("0.605")}
    lowered = down("2.2.1", "tariffs", tariff(min_price=limits, max_price={"before_taxes": 50}))
    assert lowered["min_price"] == {"excl_vat": Decimal("0.50"), "incl_vat": Decimal("0.605")}
    assert lowered["max_price"] == {"excl_vat": 50}
    assert up("2.2.1", "tariffs", lowered)["min_price"] == limits


def test_limits_become_a_sentence_in_211() -> None:  # C3 min_price, max_price L
    texts = [{"language": "nl", "text": "Goedkoop"}, {"language": "en", "text": "Cheap"}]
    limited = tariff(min_price={"before_taxes": 1}, max_price={"before_taxes": 50}, tariff_alt_text=texts)
    lowered = down("2.1.1", "tariffs", limited)
    assert {"min_price", "max_price"}.isdisjoint(lowered)
    assert lowered["tariff_alt_text"][1]["text"] == (
        "Cheap. A session costs at least 1 EUR without VAT. A session costs at most 50 EUR without VAT."
    )


def test_a_sentence_without_room_stands_beside_the_text() -> None:
    texts = [{"language": "en", "text": "x" * 500}]
    lowered = down("2.1.1", "tariffs", tariff(min_price={"before_taxes": 1}, tariff_alt_text=texts))
    assert [len(text["text"]) for text in lowered["tariff_alt_text"]] == [500, 43]


@pytest.mark.parametrize(
    "bounds",
    [{"start_date_time": "2025-03-10T12:00:01Z"}, {"end_date_time": "2025-03-10T12:00:00Z"}],
)
def test_a_tariff_is_shown_to_211_only_while_it_is_valid(bounds: Json) -> None:  # C3 start/end_date_time L
    with pytest.raises(NotExpressible):
        down("2.1.1", "tariffs", tariff(**bounds))
    shown = down("2.1.1", "tariffs", tariff())
    assert {"start_date_time", "end_date_time"}.isdisjoint(shown)


# --- taxes


def test_a_tariff_of_221_has_prices_without_taxes() -> None:  # C3 tax_included
    lifted = up("2.2.1", "tariffs", v221("tariffs"))
    assert lifted["tax_included"] == "NO"
    assert down("2.2.1", "tariffs", lifted) == v221("tariffs")


def test_where_no_taxes_apply_there_is_no_vat() -> None:  # C3 tax_included N/A
    lowered = down("2.2.1", "tariffs", tariff(tax_included="N/A"))
    assert lowered["elements"] == [
        {"price_components": [{"type": "ENERGY", "price": Decimal("0.30"), "step_size": 1}]}
    ]
    assert "tax_included" not in lowered


def test_prices_with_taxes_are_reckoned_back() -> None:  # C3 tax_included YES, half up to four decimals
    gross = tariff(
        element(component(price=Decimal("0.59"), vat=19), component(type="FLAT", price=1, vat=Decimal("5.5")))
    )
    lowered = down("2.2.1", "tariffs", gross | {"tax_included": "YES"})
    assert prices(lowered) == [Decimal("0.4958"), Decimal("0.9479")]
    assert "tariff_alt_text" not in lowered


def test_prices_with_taxes_of_an_unknown_rate_are_said_to_be_so() -> None:  # C3 tax_included YES L
    lowered = down("2.2.1", "tariffs", tariff(element(component(vat=None)), tax_included="YES"))
    assert prices(lowered) == [Decimal("0.30")]
    assert lowered["tariff_alt_text"] == [
        {"language": "en", "text": "Some prices of this tariff include taxes of an unstated rate."}
    ]


def test_211_has_no_vat() -> None:  # C3 vat L
    assert "vat" not in str(down("2.1.1", "tariffs", tariff())["elements"])


def test_the_vat_of_a_211_partner_is_what_its_operator_noted() -> None:  # C3 vat
    lifted = up("2.1.1", "tariffs", v211("tariffs"), World(traits=Traits(vat=Decimal(21))))
    assert {c["vat"] for e in lifted["elements"] for c in e["price_components"]} == {Decimal(21)}
    assert "vat" not in str(up("2.1.1", "tariffs", v211("tariffs"))["elements"])


def test_a_preauthorised_amount_is_of_230_alone() -> None:  # C3 preauthorize_amount
    assert "preauthorize_amount" not in down("2.2.1", "tariffs", tariff(preauthorize_amount=50))


# --- restrictions: never taken away alone


def at_volts(*volts: int, power_type: str = "AC_3_PHASE") -> World:
    plugs = [newest("connectors", max_voltage=volt, power_type=power_type) for volt in volts]
    return World(locations=[newest("locations", evses=[newest("evses", connectors=plugs)])])


def test_currents_become_powers_where_the_voltage_is_one() -> None:  # C3 min/max_current L
    limited = tariff(element(min_current=16, max_current=Decimal("48.5")), element())
    restrictions = down("2.1.1", "tariffs", limited, at_volts(230, 230))["elements"][0]["restrictions"]
    assert restrictions == {"min_power": Decimal("3.68"), "max_power": Decimal("11.155")}


def test_of_a_current_and_a_power_the_stricter_holds() -> None:
    limited = tariff(element(min_current=16, min_power=5, max_current=48, max_power=20))
    restrictions = down("2.1.1", "tariffs", limited, at_volts(230))["elements"][0]["restrictions"]
    assert restrictions == {"min_power": 5, "max_power": Decimal("11.04")}


@pytest.mark.parametrize(
    "world", [at_volts(230, 240), at_volts(400), at_volts(400, power_type="DC"), World(locations=[])]
)
def test_a_tariff_on_current_is_not_shown_where_its_power_is_not_certain(world: World) -> None:  # C3 L
    with pytest.raises(NotExpressible):
        down("2.1.1", "tariffs", tariff(element(max_current=16), element()), world)


def test_prices_of_reservations_go_as_a_whole() -> None:  # C3 reservation L
    reserved = element(component(type="TIME", price=5), reservation="RESERVATION", max_duration=900)
    lowered = down("2.1.1", "tariffs", tariff(reserved, element()))
    assert prices(lowered) == [Decimal("0.30")]
    assert (
        down("2.2.1", "tariffs", tariff(reserved, element()))["elements"][0]["restrictions"]
        == reserved["restrictions"]
    )


def test_a_tariff_of_reservations_alone_is_not_shown() -> None:  # C3 reservation
    with pytest.raises(NotExpressible):
        down("2.1.1", "tariffs", tariff(element(reservation="RESERVATION_EXPIRES")))


def test_a_window_over_midnight_becomes_two() -> None:  # C3 start_time/end_time
    night = element(start_time="23:00", end_time="07:00", day_of_week=["MONDAY"])
    lowered = down("2.1.1", "tariffs", tariff(night, element()))
    assert [one.get("restrictions") for one in lowered["elements"]] == [
        {"start_time": "23:00", "end_time": "00:00", "day_of_week": ["MONDAY"]},
        {"start_time": "00:00", "end_time": "07:00", "day_of_week": ["MONDAY"]},
        None,
    ]


@pytest.mark.parametrize(
    "window",
    [
        {"start_time": "08:00", "end_time": "20:00"},
        {"start_time": "20:00", "end_time": "00:00"},
        {"start_time": "20:00"},
        {"end_time": "07:00"},
    ],
)
def test_other_windows_stay_one(window: Json) -> None:
    assert down("2.1.1", "tariffs", tariff(element(**window)))["elements"][0]["restrictions"] == window


def test_restrictions_nobody_knows_are_kept() -> None:
    assert down("2.1.1", "tariffs", tariff(element(booking="BOOKING")))["elements"][0]["restrictions"] == {
        "booking": "BOOKING"
    }


def test_step_sizes_are_the_same_in_all() -> None:  # C3 step_size
    steps = [
        component["step_size"]
        for component in down("2.1.1", "tariffs", newest("tariffs"))["elements"][-1]["price_components"]
    ]
    assert steps == [1, 300, 1]


def test_the_energy_mix_of_a_tariff_too() -> None:  # C3 energy_mix
    assert "source" in down("2.1.1", "tariffs", newest("tariffs"))["energy_mix"]["environ_impact"][0]


def test_a_field_that_221_knows_and_211_does_not_is_no_stranger() -> None:
    assert "min_price" not in up("2.1.1", "tariffs", v211("tariffs", min_price=5))
