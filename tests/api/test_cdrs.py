"""CDRs: received once, read by their sender alone, never changed; a session is billed once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from factories import example, without
from platforms import Platform, code, data, envelope
from werkzeug.test import TestResponse

from hub.ocpi.checking import check
from hub.ocpi.editions import edition
from hub.ocpi.module import Role

Connect = Callable[..., Platform]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@pytest.fixture
def biller(connect: Connect) -> Platform:
    """A CPO that issues its own CDRs."""
    return connect("NL/CPO", Role.CPO, "2.2.1").set(hub_issues_cdrs=False)


def post(cpo: Platform, body: Any) -> TestResponse:
    return cpo.receiver("POST", "cdrs", body)


def where(response: TestResponse) -> str:
    """The path in the Location header, which is an absolute URL of the hub."""
    location = response.headers["Location"]
    assert location.startswith("http://127.0.0.1:8000/ocpi/")
    return urlsplit(location).path


def kept(cpo: Platform) -> list[str]:
    return [body["id"] for body in cpo.pulled("cdrs")]


def credit(original: dict[str, Any], identity: str = "CREDIT-1", **changes: Any) -> dict[str, Any]:
    """The credit of a 2.2.1 CDR: all is copied, the amounts of the total negated (CDR-06)."""
    total = {name: -amount for name, amount in original["total_cost"].items()}
    about = {"id": identity, "credit": True, "credit_reference_id": original["id"], "total_cost": total}
    return original | about | changes


# Receiving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cdr_is_read_where_the_answer_says(connect: Connect, version: str) -> None:  # CDR-01, CDR-02
    cpo = connect("NL/CPO", Role.CPO, version).set(hub_issues_cdrs=False)
    body = example(version, "cdrs", x_unknown={"kept": [1, None]})  # CDR-18, TR-77
    answer = post(cpo, body)
    assert code(answer) == (201, 1000)
    assert "data" not in envelope(answer)  # TR-22: the URL stands in the header alone
    assert data(cpo.call("GET", where(answer))) == body


def test_its_place_can_be_read_by_its_sender_only(connect: Connect, biller: Platform) -> None:  # CDR-02
    there = where(post(biller, example("2.2.1", "cdrs")))
    for other in (connect("BE/OTH", Role.CPO, "2.2.1"), connect("DE/MSP", Role.EMSP, "2.2.1")):
        assert code(other.call("GET", there)) == (404, 2000)


def test_ids_that_need_escaping_are_escaped_in_its_place(biller: Platform) -> None:  # CDR-01
    body = example("2.2.1", "cdrs", id="a?b#c%20 d")
    answer = post(biller, body)
    assert code(answer) == (201, 1000)
    assert data(biller.call("GET", answer.headers["Location"].removeprefix("http://127.0.0.1:8000"))) == body


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_cdr_never_changes(biller: Platform, method: str) -> None:  # CDR-03
    body = example("2.2.1", "cdrs")
    there = where(post(biller, body))
    refused = biller.call(method, there, body | {"remark": "changed"})
    assert code(refused) == (405, 2000)
    assert refused.headers["Allow"] == "GET, HEAD"
    assert data(biller.call("GET", there)) == body


def test_the_same_again_gets_the_same_answer(biller: Platform) -> None:  # CDR-04
    body = example("2.2.1", "cdrs")
    first, again = post(biller, body), post(biller, body)
    assert (code(first), code(again)) == ((201, 1000), (200, 1000))
    assert where(first) == where(again)
    assert kept(biller) == ["CDR-1"]


def test_the_same_id_in_other_case_is_the_same_cdr(biller: Platform) -> None:  # CDR-04, TR-60
    body = example("2.2.1", "cdrs")
    post(biller, body)
    assert code(post(biller, body | {"id": "cdr-1"})) == (200, 2001)
    assert kept(biller) == ["CDR-1"]


def test_another_content_under_a_known_id_is_refused(biller: Platform) -> None:  # CDR-04, threat 33
    body = example("2.2.1", "cdrs")
    there = where(post(biller, body))
    refused = post(biller, body | {"total_energy": Decimal("99.9")})
    assert code(refused) == (200, 2001)
    assert "never change" in envelope(refused)["status_message"]
    assert data(biller.call("GET", there)) == body


def test_two_cpos_may_have_the_same_id(connect: Connect, biller: Platform) -> None:  # CDR-05
    other = connect("BE/OTH", Role.CPO, "2.2.1").set(hub_issues_cdrs=False)
    body = example("2.2.1", "cdrs")
    assert code(post(biller, body)) == (201, 1000)
    assert code(post(other, body | {"country_code": "BE", "party_id": "OTH"})) == (201, 1000)
    assert kept(other) == ["CDR-1"]


@pytest.mark.parametrize(
    "claimed", [{"country_code": "BE"}, {"party_id": "OTH"}, {"country_code": "DE", "party_id": "MSP"}]
)
def test_nobody_bills_in_anothers_name(
    connect: Connect, biller: Platform, claimed: dict[str, str]
) -> None:  # TR-58
    connect("BE/OTH", Role.CPO, "2.2.1")
    refused = post(biller, example("2.2.1", "cdrs", **claimed))
    assert code(refused) == (200, 2001)
    assert kept(biller) == []


def test_an_emsp_sends_no_cdrs(emsp: Platform) -> None:  # TR-58
    assert code(post(emsp, example("2.2.1", "cdrs"))) == (200, 2001)
    mine = example("2.2.1", "cdrs", country_code="DE", party_id="MSP")
    assert code(post(emsp, mine)) == (200, 2001)


def test_a_2_1_1_cdr_is_of_the_one_cpo_of_its_connection(connect: Connect) -> None:  # CDR-08
    cpo = connect("NL/CPO", Role.CPO, "2.1.1").set(hub_issues_cdrs=False)
    there = where(post(cpo, example("2.1.1", "cdrs")))
    assert there == "/ocpi/2.1.1/receiver/cdrs/NL/CPO/CDR-1"
    (read,) = connect("DE/MSP", Role.EMSP, "2.3.0").pulled("cdrs")
    check(edition("2.3.0"), "cdrs", read)
    assert (read["country_code"], read["party_id"]) == ("NL", "CPO")


REQUIRED = """
    country_code party_id id start_date_time end_date_time cdr_token auth_method cdr_location currency
    charging_periods total_cost total_energy total_time last_updated
"""


@pytest.mark.parametrize("field", REQUIRED.split())
def test_what_a_cdr_must_have_is_named_when_it_lacks(biller: Platform, field: str) -> None:  # CDR-07
    refused = post(biller, without(example("2.2.1", "cdrs"), field))
    assert code(refused) == (200, 2001)
    assert [each["field"] for each in envelope(refused)["data"]] == [field]


def test_a_cdr_without_a_session_is_taken(biller: Platform) -> None:  # CDR-07, CDR-21
    assert code(post(biller, without(example("2.2.1", "cdrs"), "session_id"))) == (201, 1000)
    assert code(post(biller, without(example("2.2.1", "cdrs", id="CDR-2"), "session_id"))) == (201, 1000)


def test_only_credits_have_long_ids(biller: Platform) -> None:  # CDR-05
    body = example("2.2.1", "cdrs", id="C" * 36)
    assert code(post(biller, example("2.2.1", "cdrs", id="C" * 37))) == (200, 2001)
    assert code(post(biller, body)) == (201, 1000)
    assert code(post(biller, credit(body, "C" * 36 + "-CR"))) == (201, 1000)


def test_a_cdr_is_not_from_the_future(biller: Platform) -> None:
    refused = post(biller, example("2.2.1", "cdrs", last_updated="2099-01-01T00:00:00Z"))
    assert code(refused) == (200, 2001)
    assert [each["field"] for each in envelope(refused)["data"]] == ["last_updated"]


# Once -----------------------------------------------------------------------------------------------------


def test_a_session_is_billed_once(biller: Platform) -> None:
    post(biller, example("2.2.1", "cdrs"))
    refused = post(biller, example("2.2.1", "cdrs", id="CDR-2"))
    assert code(refused) == (200, 2001)
    assert [each["field"] for each in envelope(refused)["data"]] == ["session_id"]
    assert kept(biller) == ["CDR-1"]


def test_what_the_hub_has_billed_its_cpo_cannot_bill_too(cpo: Platform) -> None:
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", example("2.2.1", "tariffs"))
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    assert code(cpo.put("sessions/NL/CPO/SESSION-1", example("2.2.1", "sessions"))) == (201, 1000)
    (billed,) = cpo.pulled("cdrs")
    assert billed["session_id"] == "SESSION-1"
    assert code(post(cpo, example("2.2.1", "cdrs"))) == (200, 2001)


def test_what_its_cpo_has_billed_the_hub_does_not_bill_too(cpo: Platform) -> None:
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", example("2.2.1", "tariffs"))
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    assert code(post(cpo, example("2.2.1", "cdrs"))) == (201, 1000)
    cpo.put("sessions/NL/CPO/SESSION-1", example("2.2.1", "sessions"))
    assert kept(cpo) == ["CDR-1"]


def at_once(cpo: Platform, bodies: list[Any]) -> list[tuple[int, int]]:
    """What each of the bodies is answered when all are sent at the same time."""
    app = cpo.client.application
    with ThreadPoolExecutor(len(bodies)) as threads:
        answers = threads.map(lambda body: post(replace(cpo, client=app.test_client()), body), bodies)
        return sorted(map(code, answers))


def test_one_cdr_sent_sixteen_times_at_once_is_one_cdr(biller: Platform) -> None:  # CDR-04
    answers = at_once(biller, [example("2.2.1", "cdrs")] * 16)
    assert answers == [(200, 1000)] * 15 + [(201, 1000)]
    assert kept(biller) == ["CDR-1"]


def test_one_session_billed_sixteen_ways_at_once_is_billed_once(biller: Platform) -> None:
    answers = at_once(biller, [example("2.2.1", "cdrs", id=f"CDR-{number}") for number in range(16)])
    assert answers == [(200, 2001)] * 15 + [(201, 1000)]
    assert len(kept(biller)) == 1


# Credits --------------------------------------------------------------------------------------------------


def test_a_credit_takes_a_cdr_back_and_its_session_is_billed_anew(biller: Platform) -> None:  # CDR-06
    original = example("2.2.1", "cdrs")
    post(biller, original)
    assert code(post(biller, credit(original))) == (201, 1000)
    assert code(post(biller, credit(original))) == (200, 1000)  # CDR-04
    assert code(post(biller, original | {"id": "CORRECTED", "total_energy": 12})) == (201, 1000)
    assert code(post(biller, original | {"id": "ONCE-MORE"})) == (200, 2001)
    assert kept(biller) == ["CDR-1", "CREDIT-1", "CORRECTED"]


def test_a_corrected_cdr_can_be_credited_too(biller: Platform) -> None:  # CDR-06
    first = example("2.2.1", "cdrs")
    second = first | {"id": "CDR-2"}
    for body in (first, credit(first), second, credit(second, "CREDIT-2"), first | {"id": "CDR-3"}):
        assert code(post(biller, body)) == (201, 1000)


@pytest.mark.parametrize(
    "changes",
    [
        {"credit_reference_id": "NONE"},
        {"currency": "GBP"},
        {"total_cost": {"excl_vat": Decimal("-1.00")}},
        {"total_cost": {"excl_vat": Decimal("5.536")}},
        {"cdr_token": example("2.2.1", "cdrs")["cdr_token"] | {"party_id": "XXX"}},
        {"credit": False},
        {"credit": None},
        {"credit_reference_id": None},
    ],
)
def test_a_credit_must_be_of_one_cdr_and_all_of_it(biller: Platform, changes: Any) -> None:  # CDR-06
    original = example("2.2.1", "cdrs")
    post(biller, original)
    assert code(post(biller, credit(original, **changes))) == (200, 2001)
    assert kept(biller) == ["CDR-1"]


def test_nothing_is_credited_twice(biller: Platform) -> None:  # CDR-06
    original = example("2.2.1", "cdrs")
    first = credit(original)
    post(biller, original)
    post(biller, first)
    assert code(post(biller, credit(original, "CREDIT-2"))) == (200, 2001)
    assert code(post(biller, credit(first, "CREDIT-3"))) == (200, 2001)
    assert kept(biller) == ["CDR-1", "CREDIT-1"]


def test_sixteen_credits_at_once_are_one(biller: Platform) -> None:  # CDR-06
    original = example("2.2.1", "cdrs")
    post(biller, original)
    answers = at_once(biller, [credit(original, f"CREDIT-{number}") for number in range(16)])
    assert answers == [(200, 2001)] * 15 + [(201, 1000)]
    assert len(kept(biller)) == 2


def test_a_cpo_credits_only_its_own(connect: Connect, biller: Platform) -> None:  # CDR-06, TR-58
    other = connect("BE/OTH", Role.CPO, "2.2.1").set(hub_issues_cdrs=False)
    original = example("2.2.1", "cdrs")
    post(biller, original)
    stolen = credit(original, country_code="BE", party_id="OTH")
    assert code(post(other, stolen)) == (200, 2001)
    assert code(post(other, credit(original))) == (200, 2001)


def test_what_the_hub_billed_can_be_credited_and_is_not_billed_by_itself_again(cpo: Platform) -> None:
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", example("2.2.1", "tariffs"))
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    cpo.put("sessions/NL/CPO/SESSION-1", example("2.2.1", "sessions"))
    (billed,) = cpo.pulled("cdrs")
    assert code(post(cpo, credit(billed))) == (201, 1000)
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", example("2.2.1", "tariffs", last_updated="2025-07-01T00:00:00Z"))
    assert kept(cpo) == [billed["id"], "CREDIT-1"]
    assert code(post(cpo, example("2.2.1", "cdrs"))) == (201, 1000)
