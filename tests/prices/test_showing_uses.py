"""Sessions and CDRs tell a payer its own price alone, and go on telling it after others read that tariff."""

from decimal import Decimal
from typing import Any

import pytest
from factories import Json, example
from platforms import code
from viewers import READERS, Connect, Scene, component

from hub.ocpi import instants, strictjson

MINUTE = 60_000_000
ORDERS = ("2.1.1 2.2.1 2.3.0", "2.2.1 2.3.0 2.1.1", "2.3.0 2.1.1 2.2.1")


@pytest.fixture(params=ORDERS)
def scene(connect: Connect, request: pytest.FixtureRequest) -> Scene:
    """A connector that names SECRET, for A alone since a while, before OPEN; every eMSP with a token."""
    made = Scene.made(connect, request.param)
    made.tariff("SECRET", elements=[{"price_components": [component("0.7777")]}])
    made.tariff("OPEN", elements=[{"price_components": [component("0.30")]}])
    made.location("L1", "SECRET", "OPEN")
    made.restrict("SECRET", "A")
    for name, emsp in made.emsps.items():
        party = READERS[name]
        token = example(emsp.version, "tokens", uid=f"CARD-{name}")
        if emsp.version == "2.1.1":
            token |= {"auth_id": f"CONTRACT-{name}"}
        else:
            token |= {"country_code": party[0], "party_id": party[1], "contract_id": f"CONTRACT-{name}"}
        assert emsp.put(f"tokens/{party[0]}/{party[1]}/CARD-{name}", token).status_code == 201
    made.settle()
    return made


def token_of(name: str) -> Json:
    country, party = READERS[name]
    return {
        "country_code": country,
        "party_id": party,
        "uid": f"CARD-{name}",
        "type": "RFID",
        "contract_id": f"CONTRACT-{name}",
    }


def session(scene: Scene, name: str, start: int, *tariff_ids: str | None, **changes: Any) -> None:
    """A session of one hour and 10 kWh a period, which names these tariffs."""
    periods = [
        {
            "start_date_time": instants.text(start + place * 60 * MINUTE),
            "dimensions": [{"type": "ENERGY", "volume": 10}, {"type": "TIME", "volume": 1}],
        }
        | ({"tariff_id": tariff_id} if tariff_id else {})
        for place, tariff_id in enumerate(tariff_ids)
    ]
    end = instants.text(start + len(periods) * 60 * MINUTE)
    told = {
        "id": f"S-{name}",
        "start_date_time": instants.text(start),
        "end_date_time": end,
        "cdr_token": token_of(name),
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "kwh": 10 * len(periods),
        "total_cost": None,
        "charging_periods": periods,
        "status": "COMPLETED",
        "last_updated": end,
    }
    body = example("2.2.1", "sessions", **told | changes)
    answer = scene.cpo.put(f"sessions/NL/CPO/S-{name}", body)
    assert code(answer) == (201, 1000), answer.text


def pulled(scene: Scene, name: str, module: str) -> Json:
    (body,) = scene.emsps[name].pulled(module)
    assert isinstance(body, dict)
    return body


def everything(scene: Scene, name: str) -> str:
    """All that an eMSP pulls and is pushed of sessions and CDRs, as text."""
    said = [strictjson.write(scene.emsps[name].pulled(module)).decode() for module in ("sessions", "cdrs")]
    owed = [request for module in ("sessions", "cdrs") for request in scene.owed(name, module)]
    assert len(owed) == 2
    return " ".join(said + [request.body.decode() for request in owed])


@pytest.fixture
def later(scene: Scene) -> int:
    """The start of a session; three hours have gone by since."""
    start = (scene.hub.store.clock() // MINUTE + 1) * MINUTE
    scene.hub.store.clock = lambda: start + 180 * MINUTE
    return start


def net(cdr: Json) -> Decimal:
    total = cdr["total_cost"]
    found = total if not isinstance(total, dict) else total.get("excl_vat", total.get("before_taxes"))
    assert found is not None
    return Decimal(found)


def test_nobody_is_billed_by_a_tariff_that_is_for_others(scene: Scene, later: int) -> None:
    for name in "AB":
        session(scene, name, later, None)
    assert net(pulled(scene, "A", "cdrs")) == Decimal("7.777")
    assert net(pulled(scene, "B", "cdrs")) == Decimal(3)
    told = everything(scene, "B")
    assert "SECRET" not in told
    assert "0.7777" not in told
    assert "SECRET" in everything(scene, "A")


def test_a_cdr_of_the_cpo_shows_its_payer_no_tariff_that_is_for_others(scene: Scene, later: int) -> None:
    scene.cpo.set(hub_issues_cdrs=False)
    for name in "BC":
        session(scene, name, later, "SECRET", "OPEN")
        cdr(scene, name, later)
        told = everything(scene, name)
        assert "SECRET" not in told
        assert "0.7777" not in told
        assert [each["id"] for each in pulled(scene, name, "cdrs")["tariffs"]] == ["OPEN"]


def cdr(scene: Scene, name: str, start: int) -> None:
    """Of the same session, with both tariffs in it."""
    tariffs = [
        example("2.2.1", "tariffs", id=identity, elements=[{"price_components": [component(price)]}])
        for identity, price in (("SECRET", "0.7777"), ("OPEN", "0.30"))
    ]
    periods = [
        {
            "start_date_time": instants.text(start),
            "dimensions": [{"type": "ENERGY", "volume": 20}],
            "tariff_id": "secret",
        }
    ]
    end = instants.text(start + 120 * MINUTE)
    place = example("2.2.1", "cdrs")["cdr_location"] | {"id": "L1", "evse_uid": "E1", "connector_id": "1"}
    body = example(
        "2.2.1",
        "cdrs",
        id=f"C-{name}",
        session_id=f"S-{name}",
        start_date_time=instants.text(start),
        end_date_time=end,
        cdr_token=token_of(name),
        tariffs=tariffs,
        charging_periods=periods,
        cdr_location=place,
        last_updated=end,
    )
    answer = scene.cpo.receiver("POST", "cdrs", body)
    assert code(answer) == (201, 1000), answer.text


def test_what_a_payer_could_read_when_it_charged_stays_in_its_cdr(scene: Scene, later: int) -> None:
    session(scene, "A", later, None)
    scene.restrict("SECRET", "B")
    assert [each["id"] for each in pulled(scene, "A", "cdrs")["tariffs"]] == ["SECRET"]
    assert "SECRET" not in scene.ids("A", "tariffs")


def test_what_was_for_all_when_a_session_began_stays_in_it(scene: Scene) -> None:
    scene.cpo.set(hub_issues_cdrs=False)
    session(scene, "B", instants.micros("2025-03-10T08:00:00Z"), "SECRET")
    (body,) = [strictjson.write(each).decode() for each in scene.emsps["B"].pulled("sessions")]
    assert ("SECRET" in body) == (scene.emsps["B"].version != "2.1.1")  # which has no room for it


def test_a_tariff_that_was_never_for_all_is_not_seen_in_earlier_sessions(scene: Scene) -> None:
    scene.restrict("NEW", "A")
    scene.tariff("NEW")
    scene.cpo.set(hub_issues_cdrs=False)
    session(scene, "B", instants.micros("2025-03-10T08:00:00Z"), "NEW")
    (body,) = [strictjson.write(each).decode() for each in scene.emsps["B"].pulled("sessions")]
    assert "NEW" not in body
