"""Who takes part in the month, what they have agreed, and what charging costs in each currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hub.demo.identity import Identity, identity


@dataclass(frozen=True)
class Member:
    """A platform that has one party."""

    who: Identity

    @property
    def party(self) -> str:
        return self.who.first.name

    @property
    def short(self) -> str:
        return self.who.first.party_id


@dataclass(frozen=True)
class Cpo(Member):
    """A CPO: whether the hub issues its CDRs, and the VAT of its country in percent."""

    by_hub: bool
    vat: Decimal
    country: str
    time_zone: str
    vat_id: str


@dataclass(frozen=True)
class Emsp(Member):
    """An eMSP, the currency in which it pays, and its share of all drivers."""

    currency: str
    share: int
    vat_id: str


STL = Cpo(
    identity("Stadslader", "2.2.1", [("CPO", "NL/STL")]),
    by_hub=True,
    vat=Decimal(21),
    country="NLD",
    time_zone="Europe/Amsterdam",
    vat_id="NL001234567B01",
)
BGS = Cpo(
    identity("Bergstrom", "2.3.0", [("CPO", "DE/BGS")]),
    by_hub=False,
    vat=Decimal(19),
    country="DEU",
    time_zone="Europe/Berlin",
    vat_id="DE123456789",
)
CPOS = (STL, BGS)

PLG = Emsp(identity("Plugkaart", "2.2.1", [("EMSP", "NL/PLG")]), "EUR", 5, "NL009876543B01")
EDL = Emsp(identity("Edelstrom", "2.3.0", [("EMSP", "CH/EDL")]), "CHF", 3, "CHE123456789")
LDD = Emsp(identity("Laddkort", "2.1.1", [("EMSP", "SE/LDD")]), "SEK", 2, "SE556677889901")
EMSPS = (PLG, EDL, LDD)

PRICES: Mapping[str, Mapping[str, Decimal]] = {
    "EUR": {"day": Decimal("0.49"), "night": Decimal("0.34"), "fast": Decimal("0.69")}
    | {"start": Decimal("0.50"), "idle": Decimal("1.80"), "idle_fast": Decimal("12.00")},
    "CHF": {"day": Decimal("0.47"), "night": Decimal("0.33"), "fast": Decimal("0.66")}
    | {"start": Decimal("0.50"), "idle": Decimal("1.75"), "idle_fast": Decimal("11.50")},
    "SEK": {"day": Decimal("5.45"), "night": Decimal("3.80"), "fast": Decimal("7.70")}
    | {"start": Decimal("5.50"), "idle": Decimal("20.00"), "idle_fast": Decimal("133.00")},
}
"""Before VAT: a kWh by day, by night and on fast chargers; a start; an hour of standing there charged."""
DEARER = Decimal("0.05")
"""By so much, times ten in SEK, Bergstrom's kWh gets dearer in the middle of the month."""


def terms(cpo: Cpo, emsp: Emsp) -> dict[str, str]:
    """What a pair has settled, as `hub agreement add --term` takes it."""
    return {
        "time_zone": cpo.time_zone,
        "cdrs_by": "HUB" if cpo.by_hub else "CPO",
        "vat_rate": str(cpo.vat),
        "cpo_vat_id": cpo.vat_id,
        "emsp_vat_id": emsp.vat_id,
        "fee_per_cdr": "0.30" if emsp.currency == "SEK" else "0.03",
        "credit_days": "7" if emsp is EDL else "60",
    }
