"""What goes wrong in the month: a literal table, with the codes that the checks must find, no more, no less.

A fault changes the charge before it is written down, so that its papers agree with each other; or the
session, or the CDR, so that they do not. These codes cannot come, because the door refuses such CDRs, as
`DOOR` tries: A6, A7, A8, B3, G1, G3 and G5. They find what was kept before the door was so strict.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from hub.demo.month.arrivals import Stay
from hub.demo.month.cast import EDL, Emsp
from hub.demo.month.spoiling import (
    Changes,
    after_ten_others,
    as_well,
    at,
    credit,
    credit_of,
    credited,
    earlier,
    elsewhere,
    ending,
    fast,
    in_1970,
    in_wh,
    lasting,
    measured,
    meter_reads,
    meter_says,
    more,
    never_told,
    new_meter,
    period,
    price_of,
    said,
    tariff,
    taxed,
    times,
    told_as,
    twice_at_the_place,
    twin,
    volume,
    without,
)
from hub.demo.wire import Json, later

DAYS, HOURS, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SOON = 10 * MINUTES


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    codes    what its checks find; empty where all is in order after all
    tells    in words
    stay     changes the charge; session: what is told of it, None when it is not told; cdr: what is sent
             for the CDR, of which the last is the wrong one
    delay    how long after the end the last CDR comes; day: of the month; emsp: whose driver it is
    old      it goes by the tariff that held before; split: its periods begin anew where the price changes
    """

    codes: str
    tells: str
    stay: Callable[[Stay], Stay] = lambda stay: stay
    session: Callable[[Json], Json | None] = lambda session: session
    cdr: Changes = lambda cdr, stay: [cdr]
    delay: timedelta = SOON
    day: int | None = None
    emsp: Emsp | None = None
    old: bool = False
    split: bool = True

    @property
    def found(self) -> frozenset[str]:
        return frozenset(self.codes.split())


FAR = timedelta(days=20)
AFTER = 20
"""A day on which the dearer tariff holds."""

FAULTS: tuple[Fault, ...] = (
    # Family A, structure
    Fault("A1", "a remark that is too long and was cut", cdr=said(remark="Meter read by hand. " * 15)),
    Fault("A2 E3", "an unknown plug", cdr=at("cdr_location", connector_standard="WALLBOX_2")),
    Fault("A4", "five decimals", cdr=more(total_energy="0.00012")),
    Fault("A5 E9 F5", "the kuna, which is gone", cdr=said(currency="HRK")),
    Fault(
        "A9 E4 E9", "a driver of nobody known here", cdr=at("cdr_token", country_code="FR", party_id="XYZ")
    ),
    # Family B, identity
    Fault("B4 B5", "the same again under another id", cdr=as_well(without("session_id"), twin())),
    Fault(
        "B5 E4",
        "two cars at one connector",
        cdr=as_well(
            without("session_id"),
            lambda cdr, stay: [cdr, *at("cdr_token", uid="STRANGER-1")(cdr | {"id": f"{cdr['id']}-2"}, stay)],
        ),
    ),
    Fault("B6", "a card in two cities at once", cdr=elsewhere, delay=4 * HOURS),
    Fault(
        "B7 E7",
        "one authorisation for two sessions",
        cdr=as_well(
            said(authorization_reference="AUTH-4711"), twice_at_the_place(session_id="BGS-S-ANOTHER")
        ),
        delay=7 * HOURS,
    ),
    Fault("B8", "no charging point is named", cdr=at("cdr_location", evse_uid="#NA")),
    # Family C, time
    Fault("C1 C8b", "it ends when it starts", cdr=ending(0)),
    Fault("C2", "it ends in the future", delay=-2 * HOURS),
    Fault("C3 C6 I1 E9", "a clock that was never set", stay=in_1970, delay=timedelta()),
    Fault("C4", "a car that stays for four days", stay=lasting(180, 5640, "16.2")),
    Fault("C5", "a minute and nothing", stay=lasting(1, 0, "0.02")),
    Fault("C6 I1", "97 days late", stay=earlier(97), delay=97 * DAYS),
    Fault("C6b I1", "40 days late", stay=earlier(40), delay=40 * DAYS),
    Fault(
        "C7",
        "a period that starts late",
        cdr=period(0, lambda told: told | {"start_date_time": later(told["start_date_time"], minutes=5)}),
    ),
    Fault("C8", "an hour too much in a period", cdr=period(0, volume("TIME", lambda hours: hours + 1))),
    Fault("C8 C8b", "an hour too much in all", cdr=more(total_time="1")),
    Fault("C9", "it parks longer than it lasts", cdr=more(total_parking_time="9")),
    Fault(
        "C10",
        "written before its end",
        cdr=lambda cdr, stay: [cdr | {"last_updated": later(cdr["end_date_time"], minutes=-30)}],
    ),
    Fault(
        "C11",
        "its session started earlier",
        session=lambda told: told | {"start_date_time": later(told["start_date_time"], minutes=-15)},
    ),
    # Family D, energy
    Fault("D1 F9 H3", "energy given back", stay=lasting(120, 60, "-8.4")),
    Fault("D10 D2 D4 D5 D9 F6", "Wh for kWh", cdr=in_wh),
    Fault("D2b", "a lorry", stay=fast(160, 0, "324.5")),
    Fault(
        "D3 F6", "periods with another sum", cdr=period(0, volume("ENERGY", lambda kwh: kwh + Decimal("0.5")))
    ),
    Fault("D4 D5", "22 kW from 11", stay=lasting(60, 30, "21.7")),
    Fault("D6", "nothing charged", stay=lasting(35, 0, "0")),
    Fault(
        "D7",
        "least power above the greatest",
        cdr=period(0, measured(MIN_POWER=Decimal(9), MAX_POWER=Decimal(4))),
    ),
    Fault("D8", "energy while it parks", cdr=period(-1, measured(ENERGY=Decimal("0.0004")))),
    Fault("D9", "another energy than its session", session=told_as(kwh=Decimal("9.1"))),
    Fault("D10", "another energy than the meter", cdr=meter_reads("11.9")),
    # Family E, reference
    Fault("E1", "a place nobody knows", cdr=at("cdr_location", id="BGS-LOC-77")),
    Fault("E2", "a point of another operator", cdr=at("cdr_location", evse_id="DE*ZZZ*E1234")),
    Fault("E3", "another plug than there is", cdr=at("cdr_location", connector_standard="DOMESTIC_F")),
    Fault("E4", "a card nobody knows", cdr=at("cdr_token", uid="STRANGER-2")),
    Fault("E4b", "a card that is blocked"),
    Fault("E5", "asked for, and no reference", cdr=said(auth_method="AUTH_REQUEST")),
    Fault("E6", "an invalid session", session=told_as(status="INVALID")),
    Fault("E7", "a session nobody told", session=never_told),
    Fault(
        "E8",
        "latitude and longitude swapped",
        cdr=at("cdr_location", coordinates={"latitude": "8.68213", "longitude": "50.11092"}),
    ),
    Fault(
        "E9", "in a currency that is not agreed", stay=lambda stay: replace(stay, currency="EUR"), emsp=EDL
    ),
    Fault("E10", "a contract id that is none", cdr=at("cdr_token", contract_id="KLAUS")),
    # Family F, price
    Fault("F1", "no tariff", cdr=without("tariffs")),
    Fault("F2", "a tariff that is not there", cdr=period(0, lambda told: told | {"tariff_id": "OLD-ONE"})),
    Fault("F3 F6", "the price of last month", old=True, day=AFTER),
    Fault(
        "F4",
        "a tariff that holds later",
        cdr=tariff(lambda told: told | {"start_date_time": "2099-01-01T00:00:00Z"}),
    ),
    Fault("F3 F5", "a tariff in dollars", cdr=tariff(lambda told: told | {"currency": "USD"})),
    Fault("F6", "a tenth too dear", cdr=times(Decimal("1.1"))),
    Fault("F6 F7", "a total that is not that of its parts", cdr=times(2, "total_cost")),
    Fault(
        "F3 F8",
        "below the least price",
        cdr=tariff(lambda told: told | {"min_price": {"before_taxes": Decimal(900)}}),
    ),
    Fault("F6 F9", "less than nothing", cdr=times(-1)),
    Fault("F6 F10 F11", "a point too far to the right", cdr=times(100)),
    Fault("F6 F11", "dear energy", cdr=times(7)),
    Fault("F12", "a car that stays long", stay=lasting(60, 700, "3"), cdr=after_ten_others, day=14),
    Fault(
        "F13",
        "a tax that is not its percentage",
        cdr=at("total_cost", taxes=[{"name": "VAT", "percentage": 19, "amount": Decimal("9.99")}]),
    ),
    Fault("F14", "VAT of the Netherlands", cdr=taxed(Decimal(21))),
    Fault("F3 F15", "a free tariff that costs", cdr=tariff(price_of("0"))),
    Fault(
        "F16",
        "no split where the price changes",
        stay=lambda stay: replace(stay, start=stay.start.replace(hour=19, minute=30), idle=0),
        split=False,
    ),
    # Family G, credits
    Fault("", "taken back, as it should be", cdr=credit(), day=4),
    Fault("G2", "a credit that names another session", cdr=credit(session_id="BGS-S-ANOTHER")),
    Fault("G4 G7", "a credit with the tax left out", cdr=credited(taxed(Decimal(0)))),
    Fault("G6", "a credit three weeks late", cdr=credit(), delay=FAR, day=3, emsp=EDL),
    Fault("G7", "a credit that changes more", cdr=credited(more(total_energy="-1"))),
    # Family H, signed
    Fault("H1", "nothing signed", cdr=without("signed_data")),
    Fault("H2", "a signature that is cut off", cdr=meter_says(lambda text: text[:200])),
    Fault("H3 D10", "a meter that runs backwards", cdr=meter_reads("-3")),
    Fault("H4", "a new meter", cdr=new_meter, delay=7 * HOURS),
    Fault("H5", "a long text", cdr=meter_says(lambda text: text + " " * 300)),
    # Family I, delivery, and what is in order
    Fault("I1", "a day and a half late", delay=36 * HOURS),
    Fault("", "charged at home, to be paid back", cdr=said(home_charging_compensation=True)),
)
"""Of the CPO that sends its own CDRs."""

BY_HUB: tuple[Fault, ...] = (
    Fault("C4", "a car that stays for four days", stay=lasting(180, 5640, "16.2")),
    Fault("D4 D5", "22 kW from 11", stay=lasting(60, 30, "21.7")),
    Fault(
        "E4",
        "a card nobody knows",
        session=lambda told: told | {"cdr_token": told["cdr_token"] | {"uid": "STRANGER-3"}},
    ),
    Fault("E4b", "a card that is blocked"),
    Fault(
        "E10",
        "a contract id that is none",
        session=lambda told: told | {"cdr_token": told["cdr_token"] | {"contract_id": "KLAUS"}},
    ),
    Fault("I1", "a day and a half late", delay=36 * HOURS),
)
"""Of the CPO whose CDRs the hub issues, from what its sessions tell."""

Door = Mapping[str, Changes]
DOOR: Door = {
    "its id is too long": lambda cdr, stay: [cdr | {"id": f"{cdr['id']}-{'0' * 30}"}],
    "it has no charging periods": said(charging_periods=[]),
    "it is of another CPO": said(country_code="NL", party_id="STL"),
    "it is half a credit": said(credit=True),
    "its currency is none": said(currency="EURO"),
    "its session is billed already": twin(),
    "it credits nothing known": credit(credit_reference_id="BGS-CDR-NONE"),
    "it credits what is credited": lambda cdr, stay: [
        cdr,
        credit_of(cdr),
        credit_of(cdr) | {"id": f"{cdr['id']}-D"},
    ],
    "it credits half": credited(times(Decimal("0.5"), "total_cost")),
    "it credits a credit": lambda cdr, stay: [
        cdr,
        credit_of(cdr),
        credit_of(credit_of(cdr)) | {"id": f"{cdr['id']}-D"},
    ],
    "its id is there with other content": lambda cdr, stay: [cdr, cdr | {"remark": "corrected"}],
}
"""What is refused at the door: the last CDR of each."""
