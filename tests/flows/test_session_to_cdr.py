"""The main job: partners register, exchange what they have, a session runs, and its CDR arrives, exact."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hub.demo.partner import Partner

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
PATIENCE = 60.0
PLACE = {"location_id": "EXA-LOC-001", "evse_uid": "EXA-EVSE-00101", "connector_id": "1"}
Join = Callable[[str, str, str], Partner]


def net(cdr: Any) -> Decimal:
    """The total before taxes, in whichever edition."""
    total = cdr["total_cost"]
    return total if isinstance(total, Decimal | int) else total.get("excl_vat", total.get("before_taxes"))


@pytest.mark.parametrize("cpo_version", VERSIONS)
@pytest.mark.parametrize("emsp_version", VERSIONS)
def test_a_session_becomes_a_cdr_in_the_emsps_own_version(
    join: Join, cpo_version: str, emsp_version: str
) -> None:
    cpo = join("CPO", cpo_version, "NL/EXA")
    emsp = join("EMSP", emsp_version, "DE/MSP")
    published = cpo.do("publish")
    emsp.do("issue")
    assert len(emsp.wait_for("locations", published["locations"], PATIENCE)) == published["locations"]
    assert len(emsp.wait_for("tariffs", published["tariffs"], PATIENCE)) == published["tariffs"]
    (token, *_) = cpo.wait_for("tokens", 3, PATIENCE)
    charge(cpo, str(token["uid"]), "story")
    (cdr,) = emsp.wait_for("cdrs", 1, PATIENCE)
    (session,) = emsp.wait_for("sessions", 1, PATIENCE)
    assert emsp.book.wait_until(lambda: status(emsp) == "COMPLETED", PATIENCE)
    assert net(cdr) == Decimal(EXPECTED)
    assert session["id"] == "S-1"
    assert cpo.book.complaints == []
    assert emsp.book.complaints == []


def charge(cpo: Partner, uid: str, shape: str) -> None:
    begun = cpo.do("begin", session_id="S-1", shape=shape, token_uid=uid, place=PLACE)
    for leg in range(begun["legs"]):
        cpo.do("update", session_id="S-1", shape=shape, leg=leg)
    cpo.do("finish", session_id="S-1", shape=shape, place=PLACE)


def status(emsp: Partner) -> str:
    (session,) = emsp.book.held["sessions"].values()
    return str(session["status"])


EXPECTED = "8.9177"
"""0.35 once, 7.650 kWh at 0.32 before 07:00, 10.530 kWh at 0.49, 24 minutes of parking at 2.40 an hour."""
