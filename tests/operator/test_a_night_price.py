"""Next Monday at six in Berlin a new night price for one partner at two places: over the API alone."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from factories import example
from flask import Flask
from operators import Caller
from platforms import Platform, code, connected

from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.module import Role
from hub.operator.labour import Labour

BERLIN = ZoneInfo("Europe/Berlin")
OWN = {"country_code": "DE", "party_id": "CPO"}
ENERGY = {"type": "ENERGY", "price": Decimal("0.50"), "vat": 19, "step_size": 1}
LONG_AGO = "2025-01-01T00:00:00Z"


def tariff(identity: str, *elements: Any) -> Any:
    return {"id": identity, "currency": "EUR", "tax_included": "NO", "elements": list(elements)}


DAY = tariff("DAY", {"price_components": [ENERGY]})
NIGHT = tariff(
    "NIGHT",
    {
        "price_components": [ENERGY | {"price": Decimal("0.29")}],
        "restrictions": {"start_time": "22:00", "end_time": "06:00"},
    },
    {"price_components": [ENERGY]},
)


@pytest.fixture
def cpo(app: Flask) -> Platform:
    """With three places in Berlin, where everybody pays DAY."""
    made = connected(app, "DE/CPO", Role.CPO, "2.2.1")
    for name in ("A", "B", "C"):
        connector = example("2.2.1", "connectors", id="1", tariff_ids=["DAY"])
        evse = example("2.2.1", "evses", uid=f"E-{name}", connectors=[connector])
        body = example("2.2.1", "locations", id=name, evses=[evse], time_zone="Europe/Berlin") | OWN
        assert code(made.put(f"locations/DE/CPO/{name}", body | {"last_updated": LONG_AGO}))[1] == 1000
    return made


@pytest.fixture
def manager(api) -> Caller:
    caller: Caller = api("pricing", "DE/CPO")
    assert caller.post("/tariffs", {"party": "DE/CPO", "tariff": DAY}).status_code == 201
    return caller


def monday_at_six(app: Flask) -> datetime:
    hub: Hub = app.extensions["hub"]
    today = instants.moment(hub.store.clock()).astimezone(BERLIN)
    days = 7 - today.weekday()
    return (today + timedelta(days=days)).replace(hour=6, minute=0, second=0, microsecond=0)


def price(manager: Caller, partner: str, place: str, at: datetime) -> str:
    """Of 10 kWh."""
    where = {"location_id": place, "evse_uid": f"E-{place}", "connector_id": "1"}
    body = {
        "party": "DE/CPO",
        "partner": partner,
        **where,
        "start": at.isoformat(),
        "kwh": "10",
        "minutes": 60,
    }
    answer = manager.post("/prices/preview", body)
    assert answer.status_code == 200, answer.json
    found: str = answer.json["before_taxes"]
    return found


def test_a_night_price_for_one_partner_at_two_places(app, cpo, manager, admin):
    msp = connected(app, "DE/MSP", Role.EMSP, "2.2.1")
    other = connected(app, "FR/MSP", Role.EMSP, "2.2.1")
    begin = monday_at_six(app)
    made = {"party": "DE/CPO", "tariff": NIGHT, "valid_from": begin.isoformat(), "reason": "agreed"}

    examined = manager.post(
        "/prices/examine", {name: made[name] for name in ("party", "tariff", "valid_from")}
    )
    assert (examined.json["publishable"], examined.json["time_zone"]) == (True, "Europe/Berlin")
    what_if = {"party": "DE/CPO", "tariff": NIGHT, "months": [f"{begin:%Y-%m}"], "all": True}
    job = manager.post("/prices/what-if", what_if)
    assert Labour(app.extensions["hub"]).one()
    assert manager.get(job.headers["Location"]).json["state"] == "done"

    published = manager.post("/tariffs", made | {"readers": ["DE/MSP"]})
    assert published.status_code == 201, published.json
    group = {"party": "DE/CPO", "kind": "LOCATION", "name": "CITY", "members": ["A", "B"]}
    assert manager.post("/memberships", group).status_code == 201
    rule = manager.post(
        "/rules",
        {
            "party": "DE/CPO",
            "kind": "TARIFF",
            "tariff_id": "NIGHT",
            "match": {"partner": "DE/MSP", "location_group": "CITY"},
            "valid_from": begin.isoformat(),
            "private": True,
        },
    )
    assert rule.status_code == 201, rule.json

    night = begin.replace(hour=23)
    assert [price(manager, "DE/MSP", place, night) for place in "ABC"] == ["2.9", "2.9", "5"]
    assert [price(manager, "FR/MSP", place, night) for place in "ABC"] == ["5", "5", "5"]
    assert price(manager, "DE/MSP", "A", begin - timedelta(hours=1)) == "5"
    assert price(manager, "DE/MSP", "A", begin.replace(hour=12)) == "5"

    (turn,) = manager.get("/tariff-changes").json["items"]
    assert (turn["id"], turn["at"]) == ("NIGHT", instants.text(instants.instant(begin)))
    assert [each["id"] for each in msp.pulled("tariffs")] == ["DAY"]
    assert "NIGHT" not in str(other.pulled("tariffs")) + str(other.pulled("locations"))

    assert manager.post(f"/rules/{rule.json['id']}/end", {"reason": "a slip"}).status_code == 200
    assert manager.post("/tariffs/DE/CPO/NIGHT/versions/1/withdraw").status_code == 200
    assert price(manager, "DE/MSP", "A", night) == "5"
    assert manager.get("/tariff-changes").json["items"] == []
    trail = [each["action"] for each in admin.get("/audit?limit=7").json["items"]]
    assert trail == ["withdraw", "end", "create", "add", "publish", "readers", "submit"]
