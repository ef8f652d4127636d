"""A completed session becomes one exact CDR at the eMSP of its token; or it is held with a reason."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from platforms import Platform, code

from hub.ocpi.module import Role
from hub.store import charges, documents
from hub.store.charges import Charge

Connect = Callable[..., Platform]
LATER = "2025-03-11T09:30:00Z"
AT_START = "2025-03-10T07:00:00Z"

FLAT_AND_ENERGY = [
    {
        "price_components": [
            {"type": "FLAT", "price": Decimal("0.50"), "vat": 20, "step_size": 1},
            {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 100},
        ]
    }
]
BACKWARDS = [{"start_date_time": "2025-03-10T08:00:00Z", "dimensions": [{"type": "ENERGY", "volume": -3}]}]


def tariff(**changes: Any) -> dict[str, Any]:
    body = example("2.2.1", "tariffs", id="T", elements=FLAT_AND_ENERGY, min_price=None, max_price=None)
    return {**body, "last_updated": AT_START} | changes


def location(*tariff_ids: str) -> dict[str, Any]:
    connector = example("2.2.1", "connectors", id="1", tariff_ids=list(tariff_ids) or None)
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    return example("2.2.1", "locations", id="HARBOUR", evses=[evse], last_updated=AT_START)


def session(**changes: Any) -> dict[str, Any]:
    period = {
        "start_date_time": "2025-03-10T08:00:00Z",
        "dimensions": [
            {"type": "ENERGY", "volume": Decimal("20.45")},
            {"type": "TIME", "volume": Decimal("2.5")},
            {"type": "STATE_OF_CHARGE", "volume": 80},
        ],
    }
    body = example("2.2.1", "sessions", id="S1", status="COMPLETED", kwh=Decimal("20.45"), total_cost=None)
    return body | {"charging_periods": [period], "end_date_time": "2025-03-10T10:30:00Z"} | changes


@pytest.fixture
def priced(cpo: Platform) -> Platform:
    """A CPO whose location and tariff are known."""
    cpo.put("tariffs/NL/CPO/T", tariff())
    cpo.put("locations/NL/CPO/HARBOUR", location("T"))
    return cpo


def complete(cpo: Platform, **changes: Any) -> None:
    assert code(cpo.put("sessions/NL/CPO/S1", session(**changes))) == (201, 1000)


def held(cpo: Platform) -> list[Charge]:
    with cpo.hub.store.reading() as unit:
        return charges.held(unit)


def test_a_completed_session_becomes_a_priced_cdr_at_the_emsp(priced: Platform, emsp: Platform) -> None:
    """W13 of the worked examples: 20.45 kWh is billed as 20.5; 5.625 net, 6.2375 gross."""
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert cdr["total_cost"] == {"excl_vat": Decimal("5.625"), "incl_vat": Decimal("6.2375")}
    assert cdr["total_fixed_cost"] == {"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.6")}
    assert cdr["total_energy_cost"] == {"excl_vat": Decimal("5.125"), "incl_vat": Decimal("5.6375")}
    assert (cdr["total_energy"], cdr["total_time"]) == (Decimal("20.45"), Decimal("2.5"))  # P-46
    assert cdr["session_id"] == "S1"
    assert [each["id"] for each in cdr["tariffs"]] == ["T"]  # CDR-17
    (period,) = cdr["charging_periods"]
    assert period["tariff_id"] == "T"
    assert {each["type"] for each in period["dimensions"]} == {"ENERGY", "TIME"}  # SES-15
    assert cdr["cdr_location"]["evse_uid"] == "EVSE-1"


def test_a_session_is_billed_once(priced: Platform, emsp: Platform) -> None:
    complete(priced)
    assert code(priced.put("sessions/NL/CPO/S1", session())) == (200, 1000)
    assert code(priced.put("sessions/NL/CPO/S1", session(last_updated=LATER))) == (200, 1000)
    assert len(emsp.pulled("cdrs")) == 1


def test_a_session_that_is_not_completed_is_not_billed(priced: Platform, emsp: Platform) -> None:
    for status in ("ACTIVE", "PENDING", "RESERVATION", "INVALID"):  # SES-08
        priced.put(f"sessions/NL/CPO/{status}", session(id=status, status=status))
    assert emsp.pulled("cdrs") == []
    assert held(priced) == []


def test_the_tariff_of_the_start_holds_whatever_changes_later(priced: Platform, emsp: Platform) -> None:
    dearer = [{"price_components": [{"type": "ENERGY", "price": 9, "step_size": 1}]}]
    priced.put("tariffs/NL/CPO/T", tariff(elements=dearer, last_updated="2025-03-10T09:00:00Z"))
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert cdr["total_cost"]["excl_vat"] == Decimal("5.625")
    assert cdr["tariffs"][0]["elements"] == FLAT_AND_ENERGY  # CDR-09


@pytest.mark.parametrize(
    ("tariff_ids", "known", "changes", "reason"),
    [
        ((), True, {}, "TARIFF_NONE"),
        (("T",), False, {}, "TARIFF_UNKNOWN"),
        (("T",), True, {"evse_uid": "OTHER"}, "LOCATION_UNKNOWN"),
        (("T",), True, {"location_id": "OTHER"}, "LOCATION_UNKNOWN"),
        (("T",), True, {"currency": "CHF"}, "CURRENCY_DIFFERS"),
        (("T",), True, {"kwh": -1}, "QUANTITY_NEGATIVE"),
        (("T",), True, {"charging_periods": BACKWARDS}, "QUANTITY_NEGATIVE"),
    ],
)
def test_a_session_that_cannot_be_priced_is_held_with_a_reason(
    cpo: Platform, emsp: Platform, tariff_ids: tuple[str, ...], known: bool, changes: Any, reason: str
) -> None:
    if known:
        cpo.put("tariffs/NL/CPO/T", tariff())
    cpo.put("locations/NL/CPO/HARBOUR", location(*tariff_ids))
    complete(cpo, **changes)
    (charge,) = held(cpo)
    assert charge.reason == reason
    assert charge.message
    assert emsp.pulled("cdrs") == []


def test_a_held_session_is_billed_when_what_it_lacked_arrives(cpo: Platform, emsp: Platform) -> None:
    complete(cpo)
    assert [charge.reason for charge in held(cpo)] == ["LOCATION_UNKNOWN"]
    cpo.put("locations/NL/CPO/HARBOUR", location("T"))
    assert [charge.reason for charge in held(cpo)] == ["TARIFF_UNKNOWN"]
    cpo.put("tariffs/NL/CPO/T", tariff())
    assert held(cpo) == []
    assert len(emsp.pulled("cdrs")) == 1


def test_a_cpo_may_issue_its_own_cdrs(priced: Platform, emsp: Platform) -> None:
    priced.set(hub_issues_cdrs=False)
    complete(priced)
    assert emsp.pulled("cdrs") == []
    assert code(priced.receiver("POST", "cdrs", example("2.2.1", "cdrs", session_id="S1"))) == (201, 1000)
    assert len(emsp.pulled("cdrs")) == 1


def test_what_the_cpo_has_billed_the_hub_does_not_bill(priced: Platform, emsp: Platform) -> None:
    assert code(priced.receiver("POST", "cdrs", example("2.2.1", "cdrs", session_id="S1"))) == (201, 1000)
    complete(priced)
    assert len(emsp.pulled("cdrs")) == 1


def test_what_the_hub_has_billed_the_cpo_does_not_bill(priced: Platform, emsp: Platform) -> None:
    complete(priced)
    assert code(priced.receiver("POST", "cdrs", example("2.2.1", "cdrs", session_id="s1"))) == (200, 2001)
    assert len(emsp.pulled("cdrs")) == 1


def test_another_emsp_does_not_see_the_cdr(priced: Platform, connect: Connect) -> None:  # CDR-16
    other = connect("FR/OTH", Role.EMSP, "2.2.1")
    complete(priced)
    assert other.pulled("cdrs") == []
    assert other.pulled("sessions") == []


def test_a_session_without_periods_is_charged_all_the_time(priced: Platform, emsp: Platform) -> None:
    complete(priced, charging_periods=[])
    (cdr,) = emsp.pulled("cdrs")
    assert cdr["total_cost"]["excl_vat"] == Decimal("5.625")
    assert cdr["total_time"] == Decimal("2.5")


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_every_edition_reads_the_amount_in_its_form(priced: Platform, connect: Connect, version: str) -> None:
    complete(priced)
    (cdr,) = connect("DE/MSP", Role.EMSP, version).pulled("cdrs")
    assert (
        cdr["total_cost"]
        == {
            "2.1.1": Decimal("5.625"),
            "2.2.1": {"excl_vat": Decimal("5.625"), "incl_vat": Decimal("6.2375")},
            "2.3.0": {
                "before_taxes": Decimal("5.625"),
                "taxes": [
                    {"name": "VAT", "percentage": 10, "amount": Decimal("0.5125")},
                    {"name": "VAT", "percentage": 20, "amount": Decimal("0.1")},
                ],
            },
        }[version]
    )


def test_the_cdr_is_kept_with_its_quote(priced: Platform, emsp: Platform) -> None:
    complete(priced)
    with priced.hub.store.reading() as unit:
        charge = charges.of_session(unit, "NLCPO", "S1")
        assert charge is not None
        (stored,) = documents.where(unit, "cdrs")
    assert (charge.state, charge.tariff_id, charge.tariff_rev) == ("RATED", "T", 1)
    assert charge.cdr_key == stored.document.key
    assert stored.document.newest["total_cost"]["before_taxes"] == Decimal("5.625")


def test_a_period_in_which_the_price_changes_is_split_in_the_cdr(
    cpo: Platform, emsp: Platform
) -> None:  # P-23
    """09:00 to 11:30 in Amsterdam, 20 kWh evenly: one hour at 0.20, one and a half at 0.40."""
    elements = [
        {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1}], "restrictions": times}
        for price, times in (
            (Decimal("0.20"), {"end_time": "10:00"}),
            (Decimal("0.40"), {"start_time": "10:00"}),
        )
    ]
    cpo.put("tariffs/NL/CPO/T", tariff(elements=elements))
    cpo.put("locations/NL/CPO/HARBOUR", location("T"))
    volumes = [{"type": "ENERGY", "volume": 20}, {"type": "TIME", "volume": Decimal("2.5")}]
    periods = [{"start_date_time": "2025-03-10T08:00:00Z", "dimensions": volumes}]
    complete(cpo, charging_periods=periods, kwh=20)
    (cdr,) = emsp.pulled("cdrs")
    assert [each["start_date_time"] for each in cdr["charging_periods"]] == [
        "2025-03-10T08:00:00Z",
        "2025-03-10T09:00:00Z",
    ]
    assert cdr["total_cost"]["excl_vat"] == 8 * Decimal("0.20") + 12 * Decimal("0.40")
    energy = [each["volume"] for period in cdr["charging_periods"] for each in period["dimensions"]]
    assert energy == [8, 1, 12, Decimal("1.5")]
