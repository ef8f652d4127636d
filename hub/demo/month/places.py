"""Where one can charge, what it costs and who may: records that `hub.demo.forms` writes in each version."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from hub.demo import forms
from hub.demo.made_up import AC, DC
from hub.demo.month.cast import BGS, CPOS, DEARER, EMSPS, PRICES, STL, Cpo, Emsp
from hub.demo.wire import Json

CARDS = 4
"""Cards of each eMSP that are used at each place."""


@dataclass(frozen=True)
class Site:
    """A location: its city, where it is, and how many AC and DC points it has."""

    cpo: Cpo
    number: int
    city: str
    postal_code: str
    address: str
    coordinates: tuple[str, str]
    points: tuple[int, int]

    @property
    def id(self) -> str:
        return f"{self.cpo.short}-LOC-{self.number:02d}"

    def evse_uid(self, number: int) -> str:
        """The AC points come first."""
        return f"{self.cpo.short}-{self.number:02d}{number:03d}"

    @property
    def evses(self) -> list[tuple[str, bool]]:
        """With whether it is a fast one."""
        slow, fast = self.points
        return [(self.evse_uid(each), each > slow) for each in range(1, slow + fast + 1)]


SITES = (
    Site(STL, 1, "Amsterdam", "1012 AB", "Voorbeeldkade 12", ("52.37403", "4.88969"), (8, 0)),
    Site(STL, 2, "Rotterdam", "3011 AA", "Laadplein 3", ("51.92250", "4.47917"), (10, 0)),
    Site(STL, 3, "Utrecht", "3511 CE", "Stekkersteeg 7", ("52.09083", "5.12222"), (8, 2)),
    Site(STL, 4, "Breda", "4811 XC", "Snellaadweg 100", ("51.58656", "4.77596"), (0, 6)),
    Site(BGS, 1, "Hamburg", "20095", "Ladekai 4", ("53.55108", "9.99368"), (8, 0)),
    Site(BGS, 2, "Berlin", "10115", "Steckerstraße 21", ("52.52001", "13.40495"), (10, 0)),
    Site(BGS, 3, "München", "80331", "Strompfad 9", ("48.13743", "11.57549"), (8, 2)),
    Site(BGS, 4, "Leipzig", "04109", "Schnellladeweg 1", ("51.33962", "12.37129"), (0, 6)),
)
FAIR = Site(BGS, 9, "Frankfurt", "60327", "Parkhaus Messe 1", ("50.11092", "8.68213"), (96, 12))
"""A car park of its own for everything that goes wrong, so that it disturbs nobody else."""
TROUBLE = Site(STL, 9, "Nijmegen", "6511 LB", "Windkade 8", ("51.84250", "5.85278"), (8, 0))
"""The same for the other CPO."""
ALL = (*SITES, FAIR, TROUBLE)


def location(site: Site) -> Json:
    return {
        "id": site.id,
        "publish": True,
        "name": f"{site.cpo.who.name} {site.city}",
        "address": site.address,
        "city": site.city,
        "postal_code": site.postal_code,
        "country": site.cpo.country,
        "coordinates": dict(zip(("latitude", "longitude"), site.coordinates, strict=True)),
        "parking_type": "PARKING_GARAGE",
        "evses": [evse(site.cpo, uid, fast=fast) for uid, fast in site.evses],
        "operator": {"name": site.cpo.who.name, "website": "https://energy.example.com"},
        "time_zone": site.cpo.time_zone,
        "opening_times": {"twentyfourseven": True},
    }


def evse(cpo: Cpo, uid: str, *, fast: bool) -> Json:
    kind = "DC" if fast else "AC"
    ids = [tariff_id(cpo, kind, emsp.currency) for emsp in EMSPS]
    return {
        "uid": uid,
        "evse_id": evse_id(cpo, uid),
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER"],
        "connectors": [{"id": "1", **(DC if fast else AC), "tariff_ids": ids}],
    }


def evse_id(cpo: Cpo, uid: str) -> str:
    country = cpo.who.first.country_code
    return f"{country}*{cpo.short}*E{uid.rpartition('-')[2]}"


# Prices ----------------------------------------------------------------------------------------------------


def tariff_id(cpo: Cpo, kind: str, currency: str) -> str:
    return f"{cpo.short}-{kind}-{currency}"


def tariffs(cpo: Cpo, *, dearer: bool = False) -> Iterator[Json]:
    """Its tariffs in every currency; `dearer`: as they are from the middle of the month on."""
    for currency, prices in PRICES.items():
        more = DEARER * (10 if currency == "SEK" else 1) if dearer else Decimal(0)
        yield slow(cpo, currency, prices["day"] + more, prices["night"] + more, prices["idle"])
        yield fast(cpo, currency, prices["fast"] + more, prices["start"], prices["idle_fast"])


def slow(cpo: Cpo, currency: str, day: Decimal, night: Decimal, idle: Decimal) -> Json:
    """By day and by night, and a fee for a car that is full and stays, by day alone."""
    by_day = {"start_time": "07:00", "end_time": "22:00"}
    elements = [
        {"price_components": [component(cpo, "ENERGY", day)], "restrictions": by_day},
        {"price_components": [component(cpo, "ENERGY", night)]},
        {"price_components": [component(cpo, "PARKING_TIME", idle, 60)], "restrictions": by_day},
    ]
    return {"id": tariff_id(cpo, "AC", currency), "currency": currency, "elements": elements}


def fast(cpo: Cpo, currency: str, energy: Decimal, start: Decimal, idle: Decimal) -> Json:
    components = [
        component(cpo, "FLAT", start),
        component(cpo, "ENERGY", energy),
        component(cpo, "PARKING_TIME", idle, 60),
    ]
    elements = [{"price_components": components}]
    return {"id": tariff_id(cpo, "DC", currency), "currency": currency, "elements": elements}


def component(cpo: Cpo, kind: str, price: Decimal, step_size: int = 1) -> Json:
    return {"type": kind, "price": price, "vat": cpo.vat, "step_size": step_size}


# Cards -----------------------------------------------------------------------------------------------------


def card(emsp: Emsp, site: Site, number: int) -> str:
    """A driver is at home at one place, so nobody is in two cities at once."""
    return f"{emsp.short}{site.cpo.short}{site.number}{number:05d}"


def contract(emsp: Emsp, uid: str) -> str:
    country = emsp.who.first.country_code
    return f"{country}-{emsp.short}-C{CPOS.index(cpo_of(uid))}{uid[6]}{uid[-5:]}0"


def cpo_of(uid: str) -> Cpo:
    return next(cpo for cpo in CPOS if cpo.short == uid[3:6])


def cards(emsp: Emsp, number_at_fair: int) -> list[str]:
    """All of an eMSP: few at each place, and one for each thing that goes wrong."""
    many = {FAIR: number_at_fair, TROUBLE: number_at_fair}
    return [card(emsp, site, each) for site in ALL for each in range(1, many.get(site, CARDS) + 1)]


def token(emsp: Emsp, uid: str, written: str) -> Json:
    form = forms.of(emsp.who)
    field = "contract_id" if emsp.who.has_roles else "auth_id"
    return form.token(uid, 1, written) | {field: contract(emsp, uid)}
