"""Preview, bill, and what checks the CDR come to the same figures, with rules and adjustments."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from factories import example
from ruling import ANN, OWNER, Ruling, add, ruling_on

import tariffs
from hub.billing import cdr, rating
from hub.billing.holding import Held
from hub.ocpi import instants
from hub.ocpi.document import Document
from hub.ocpi.editions import NEWEST
from hub.ocpi.wire import WIRES
from hub.prices.book import publishing
from hub.prices.book.problems import PriceProblem
from hub.prices.book.publishing import Edit
from hub.prices.rules import adjustments
from hub.prices.rules.rules import Kind, Match
from hub.store import documents
from hub.store.unit import Unit

CASES = sorted((Path(__file__).parent.parent / "tariffs" / "cases").glob("*/tariff.json"))
DAYS = date(2026, 3, 2), date(2026, 3, 28), date(2026, 10, 24)  # before nights of 23 and 25 hours (P7)
EARLY = 1_420_070_400_000_000  # 2015: rules are made before anything begins
TIMES = {"CHARGING": "TIME", "PARKING": "PARKING_TIME", "RESERVATION": "RESERVATION_TIME"}
EDITION = NEWEST.version
SECOND = 1_000_000


@pytest.fixture
def ruling(database_url: str) -> Iterator[Ruling]:
    made = ruling_on(database_url, EARLY)
    yield made
    made.store.close()


def segments(sample: dict[str, Any], tariff_id: str) -> dict[str, Any]:
    """A session as its CPO sends it: a period a segment, hours to four decimals."""
    start = at = instants.micros(sample["start"])
    periods, kwh = [], Decimal(0)
    for each in sample["segments"]:
        hours = (Decimal(each["seconds"]) / 3600).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        kwh += each.get("kwh", 0)
        dimensions = [{"type": TIMES[each.get("kind", "CHARGING")], "volume": hours}]
        if "kwh" in each:
            dimensions.append({"type": "ENERGY", "volume": each["kwh"]})
        for name in ("power", "current"):
            if each.get(name) is not None:
                dimensions += [
                    {"type": f"{edge}_{name.upper()}", "volume": each[name]} for edge in ("MIN", "MAX")
                ]
        periods.append({"start_date_time": instants.text(at), "dimensions": dimensions})
        at += each["seconds"] * SECOND
    body = example("2.3.0", "sessions", id="S", status="COMPLETED", kwh=kwh, location_id="HARBOUR")
    place = {"evse_uid": "E1", "connector_id": "1", "tariff_id": tariff_id}
    told = {"start_date_time": instants.text(start), "end_date_time": instants.text(at)}
    return body | place | told | {"charging_periods": periods, "country_code": "NL", "party_id": "CPO"}


def published(unit: Unit) -> dict[str, dict[str, Any]]:
    """The tariffs of the worked cases, as many as can be published as they are."""
    found = {}
    read = (json.loads(file.read_text(), parse_float=Decimal) for file in CASES)
    cases = [one for told in read for one in (told if isinstance(told, list) else [told])]
    for number, told in enumerate(cases):
        key = f"CASE-{number}"
        named = {"country_code": "NL", "party_id": "CPO"} if "country_code" in told else {}
        body = told | named | {"id": key, "start_date_time": None, "end_date_time": None}
        try:
            version = publishing.publish(unit, body, OWNER, Edit(ANN, "case"))
        except PriceProblem:
            continue
        assert isinstance(version, publishing.Version)
        found[key] = version.document.newest
    return found


def located(unit: Unit, tariff_ids: list[str]) -> None:
    connector = example("2.3.0", "connectors", id="1", tariff_ids=tariff_ids)
    evse = example("2.3.0", "evses", uid="E1", connectors=[connector])
    body = example("2.3.0", "locations", id="HARBOUR", evses=[evse], country_code="NL", party_id="CPO")
    document = Document("locations", OWNER, "HARBOUR", EDITION, body, body)
    existing = documents.claim(unit, "locations", OWNER, "HARBOUR")
    documents.save(unit, document, existing, audience=None, source=None)
    unit.changes.clear()


def test_preview_bill_what_if_and_verification_are_the_same_figures(ruling: Ruling) -> None:  # P1
    with ruling.undone() as unit:
        told = published(unit)
        assert len(told) >= 20
        add(unit, Kind.PERCENT, Match(token_type="RFID"), value=Decimal("-7.5"), reason="loyalty")
        add(unit, Kind.FREE_KWH, value=Decimal("0.4"), reason="plan")
        days = DAYS if unit.dialect.name == "sqlite" else DAYS[:1]  # the figures know nothing of the engine
        cases = product(told.items(), days, ("RFID", "APP_USER"))
        tried = sum(compared(unit, key, document, which) for (key, document), *which in cases)
        assert tried > 450 * len(days)


def compared(unit: Unit, key: str, document: dict[str, Any], which: Sequence[Any]) -> int:
    """How many sessions of a tariff were compared: those of a day, by tokens of a type."""
    day, token_type = which
    located(unit, [key])
    tariff = tariffs.read_tariff(document)
    zone = documents.find(unit, "locations", OWNER, "HARBOUR").document.newest["time_zone"]  # type: ignore[union-attr]
    samples = tariffs.generate(tariff, zone, day)
    done = 0
    for sample in samples:
        body = segments(dict(sample.document), key) | {"currency": document["currency"]}
        body["cdr_token"] = body["cdr_token"] | {"type": token_type}
        session = Document("sessions", OWNER, "S", EDITION, body, body)
        try:
            rated = rating.rated_session(unit, session)
        except Held:
            continue
        done += 1
        given = adjustments.left(unit, rated.adjusted_by, adjustments.account(rated.resolution.here))
        preview = tariffs.price(tariff, tariffs.read_session(cdr.metered(body, key, alone=True)), zone)
        assert rated.quote == tariffs.adjust(preview, given)
        checked(rated, body, zone)
    return done


def checked(rated: rating.Rated, body: dict[str, Any], zone: str) -> None:
    """The CDR can be read, agrees with itself, and is told to be adjusted where it is."""
    used = [version.document.newest for version in rated.versions]
    told = cdr.of(body, "C", rated.place, used, rated.quote) | {"last_updated": body["end_date_time"]}
    WIRES["cdrs", EDITION].check(told)
    found = tariffs.verify(told, time_zone=zone)
    changed = isinstance(rated.quote, tariffs.AdjustedQuote) and rated.quote.adjustments
    if changed:
        assert found.agrees or (found.cause is not None and found.cause.id == "ADJUSTED")
    else:
        assert found.agrees, found.cause
    assert not [each for each in found.findings if each.id == "costs-sum"]


def test_what_is_seen_before_is_what_is_billed_with_every_kind_of_adjustment(ruling: Ruling) -> None:
    with ruling.undone() as unit:
        for kind in Kind:
            add(unit, kind)
        located(unit, ["T"])
        sample = {"start": "2026-03-02T08:00:00Z", "segments": [{"seconds": 7200, "kwh": Decimal("41.5")}]}
        body = segments(sample, "T")
        rated = rating.rated_session(unit, Document("sessions", OWNER, "S", EDITION, body, body))
        assert [rule.kind for rule in rated.adjusted_by] == [*Kind][1:]
        assert isinstance(rated.quote, tariffs.AdjustedQuote)
        changes = sum(each.change.net for each in rated.quote.adjustments)
        assert rated.quote.base.total.net + changes == rated.quote.total.net
