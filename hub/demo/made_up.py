"""Makes the synthetic data of `hub demo`: `python -m hub.demo.made_up` writes it anew, always the same."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec

from hub.demo.wire import Json, write

FOLDER = Path(__file__).parent / "data"
PLACES = (
    # city, postal code, address, latitude, longitude, what it is, AC points, DC points
    ("Amsterdam", "1012 AB", "Voorbeeldkade 12", "52.37403", "4.88969", "ON_STREET", 4, 0),
    ("Rotterdam", "3011 AA", "Laadplein 3", "51.92250", "4.47917", "PARKING_GARAGE", 6, 0),
    ("Den Haag", "2511 BT", "Stroomlaan 44", "52.07667", "4.29861", "ON_STREET", 2, 0),
    ("Utrecht", "3511 CE", "Stekkersteeg 7", "52.09083", "5.12222", "UNDERGROUND_GARAGE", 8, 0),
    ("Eindhoven", "5611 CA", "Ampèreplein 1", "51.44083", "5.47778", "PARKING_LOT", 4, 2),
    ("Groningen", "9711 LM", "Voltstraat 90", "53.21917", "6.56667", "ON_STREET", 2, 0),
    ("Tilburg", "5038 AA", "Energieweg 5", "51.55551", "5.09130", "PARKING_LOT", 2, 2),
    ("Almere", "1315 RC", "Zonnehof 21", "52.37025", "5.21413", "PARKING_GARAGE", 4, 0),
    ("Breda", "4811 XC", "Snellaadweg 100", "51.58656", "4.77596", "ALONG_MOTORWAY", 0, 4),
    ("Nijmegen", "6511 LB", "Windkade 8", "51.84250", "5.85278", "ON_STREET", 2, 0),
    ("Apeldoorn", "7311 EP", "Molenplein 2", "52.21000", "5.96944", "PARKING_LOT", 2, 0),
    ("Maastricht", "6211 CV", "Snellaadweg 1", "50.84833", "5.68889", "ALONG_MOTORWAY", 0, 2),
)
AC = {
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "max_voltage": 230,
    "max_amperage": 16,
    "max_electric_power": 11040,
}
DC = {
    "standard": "IEC_62196_T2_COMBO",
    "format": "CABLE",
    "power_type": "DC",
    "max_voltage": 920,
    "max_amperage": 375,
    "max_electric_power": 150000,
}
VAT = 21


def locations() -> Iterator[Json]:
    for number, (city, postal_code, address, latitude, longitude, parking, ac, dc) in enumerate(PLACES, 1):
        yield {
            "id": f"EXA-LOC-{number:03d}",
            "publish": True,
            "name": f"Example Energy {city}",
            "address": address,
            "city": city,
            "postal_code": postal_code,
            "country": "NLD",
            "coordinates": {"latitude": latitude, "longitude": longitude},
            "parking_type": parking,
            "evses": [evse(number, each, dc=each > ac) for each in range(1, ac + dc + 1)],
            "operator": {"name": "Example Energy", "website": "https://energy.example.com"},
            "time_zone": "Europe/Amsterdam",
            "opening_times": {"twentyfourseven": True},
        }


def evse(location: int, number: int, *, dc: bool) -> Json:
    name = f"{location:03d}{number:02d}"
    tariff = "EXA-DC-FAST" if dc else ("EXA-AC-PLAIN" if location % 4 == 0 else "EXA-AC-TIMES")
    return {
        "uid": f"EXA-EVSE-{name}",
        "evse_id": f"NL*EXA*E{name}",
        "status": "AVAILABLE",
        "capabilities": [
            "RFID_READER",
            "REMOTE_START_STOP_CAPABLE",
            *(["CONTACTLESS_CARD_SUPPORT"] if dc else []),
        ],
        "connectors": [{"id": "1", **(DC if dc else AC), "tariff_ids": [tariff]}],
        "physical_reference": str(number),
    }


def component(kind: str, price: str, step_size: int) -> Json:
    return {"type": kind, "price": Decimal(price), "vat": VAT, "step_size": step_size}


def tariffs() -> Iterator[Json]:
    """By day, by night and for parking; plain; fast."""
    fee, by_day = component("FLAT", "0.35", 1), component("ENERGY", "0.49", 1)
    yield {
        "id": "EXA-AC-TIMES",
        "currency": "EUR",
        "elements": [
            {"price_components": [fee]},
            {"price_components": [by_day], "restrictions": {"start_time": "07:00", "end_time": "23:00"}},
            {"price_components": [component("ENERGY", "0.32", 1)]},
            {
                "price_components": [component("PARKING_TIME", "2.40", 60)],
                "restrictions": {"start_time": "08:00", "end_time": "20:00"},
            },
        ],
    }
    yield {
        "id": "EXA-AC-PLAIN",
        "currency": "EUR",
        "elements": [{"price_components": [component("ENERGY", "0.4275", 1)]}],
    }
    yield {
        "id": "EXA-DC-FAST",
        "currency": "EUR",
        "min_price": {"excl_vat": Decimal("2.50")},
        "elements": [
            {"price_components": [component("ENERGY", "0.69", 1)]},
            {
                "price_components": [component("PARKING_TIME", "12.00", 60)],
                "restrictions": {"min_duration": 2700},
            },
        ],
    }


def sessions() -> Iterator[Json]:
    """Twenty shapes. Those of the story cross a time of day and a duration at which prices change."""
    yield shape("story", "06:15", [("0.75", "7.650"), ("0.75", "7.425"), ("0.50", "3.105")], "0.40")
    yield shape("story-fast", "12:00", [("0.40", "38.240"), ("0.25", "12.110")], "0.30")
    dice = Random(20260701)  # noqa: S311 (always the same shapes, no secret)
    for number in range(3, 21):
        fast = number % 4 == 0
        hours = [
            Decimal(dice.randint(15, 40) if fast else dice.randint(40, 160)) / 100
            for _ in range(dice.randint(1, 3))
        ]
        power = dice.uniform(55, 120) if fast else dice.uniform(3.5, 10.5)
        legs = [(str(each), f"{float(each) * power * dice.uniform(0.7, 1):.3f}") for each in hours]
        idle = Decimal(dice.choice([0, 0, 5, 20]) if fast else dice.choice([0, 10, 75, 320, 600])) / 100
        arrival = f"{dice.randint(6, 22):02d}:{dice.choice([0, 12, 24, 36, 48]):02d}"
        yield shape(f"{'fast' if fast else 'slow'}-{number:02d}", arrival, legs, str(idle))


def shape(name: str, arrival: str, legs: list[tuple[str, str]], idle: str) -> Json:
    stretches = [{"hours": Decimal(hours), "kwh": Decimal(kwh)} for hours, kwh in legs]
    return {"name": name, "arrival": arrival, "legs": stretches, "idle_hours": Decimal(idle)}


FILES = {"locations.json": locations, "tariffs.json": tariffs, "sessions.json": sessions}


def main() -> None:
    for name in FILES:
        (FOLDER / name).write_bytes(text_of(name))


def text_of(name: str) -> bytes:
    return msgspec.json.format(write(list(FILES[name]())), indent=2) + b"\n"


if __name__ == "__main__":
    main()
