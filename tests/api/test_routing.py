"""The OCPI-to and OCPI-from headers: who may send for whom, and what is not routed at all."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import example
from platforms import Platform, code, envelope
from werkzeug.test import TestResponse

from hub.ocpi.module import Role

Connect = Callable[..., Platform]
PATH = "tariffs/NL/CPO/DAY-NIGHT"


def headers(direction: str, country: str | None, party: str | None) -> dict[str, str]:
    given = {"country_code": country, "party_id": party}
    return {f"OCPI_{direction}_{name}": value for name, value in given.items() if value is not None}


def to(country: str | None, party: str | None) -> dict[str, str]:
    return headers("to", country, party)


def sender(country: str | None, party: str | None) -> dict[str, str]:
    return headers("from", country, party)


def parties(response: TestResponse) -> tuple[str, str]:
    """(to, from) of the answer."""
    told = response.headers
    return tuple(
        f"{told[f'OCPI-{way}-country-code']}/{told[f'OCPI-{way}-party-id']}" for way in ("to", "from")
    )  # type: ignore[return-value]


def put(cpo: Platform, **given: str) -> TestResponse:
    return cpo.receiver("PUT", PATH, example(cpo.version, "tariffs"), **given)


def is_stored(cpo: Platform) -> bool:
    return cpo.receiver("GET", PATH).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {},
        to("NL", "HUB"),
        to("nl", "hub"),
        to("NL", "CPO"),  # the sender itself, as some clients write
        to("NL", "HUB") | sender("NL", "CPO"),
        sender("nl", "cpo"),
        {"OCPI_to_country_code": "", "OCPI_to_party_id": ""},
    ],
)
def test_what_is_for_the_hub_is_not_routed(cpo: Platform, given: dict[str, str]) -> None:
    answer = put(cpo, **given)
    assert code(answer) == (201, 1000)
    assert parties(answer) == ("NL/CPO", "NL/HUB")  # HUB-01, and the only sender is filled in: HUB-09


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_an_unknown_receiver_is_told(connect: Connect, version: str) -> None:  # HUB-06
    cpo = connect("NL/CPO", Role.CPO, version)
    refused = put(cpo, **to("XX", "YYY"))
    assert code(refused) == (200, 4001)
    assert parties(refused) == ("NL/CPO", "NL/HUB")
    assert not is_stored(cpo)
    assert code(cpo.sender("GET", "tariffs", **to("XX", "YYY"))) == (200, 4001)


def test_a_known_receiver_is_taken(cpo: Platform, emsp: Platform) -> None:
    answer = put(cpo, **to("de", "msp"))
    assert code(answer) == (201, 1000)
    assert parties(answer) == ("NL/CPO", "DE/MSP")


def test_2_1_1_has_no_such_headers(connect: Connect) -> None:  # HUB-25
    old = connect("NL/CPO", Role.CPO, "2.1.1")
    answer = put(old, **to("XX", "YYY"), **sender("ZZ", "ZZZ"))
    assert code(answer) == (201, 1000)
    assert not [name for name in dict(answer.headers) if name.lower().startswith("ocpi-")]


@pytest.mark.parametrize("direction", ["to", "from"])
@pytest.mark.parametrize("pair", [("NL", None), (None, "CPO"), ("NL", ""), ("", "CPO")])
def test_half_a_pair_is_refused(cpo: Platform, direction: str, pair: Any) -> None:  # HUB-20
    refused = put(cpo, **headers(direction, *pair))
    assert code(refused) == (200, 2001)
    assert "pair" in envelope(refused)["status_message"]
    assert not is_stored(cpo)


@pytest.mark.parametrize("pair", [("N", "CPO"), ("NLD", "CPO"), ("NL", "CPOS"), ("NÖ", "CPO"), ("NL", "ÇPO")])
def test_what_is_no_party_is_refused(cpo: Platform, pair: tuple[str, str]) -> None:
    assert code(put(cpo, **to(*pair))) == (200, 2001)
    assert not is_stored(cpo)


def test_nobody_sends_in_anothers_name(cpo: Platform, emsp: Platform) -> None:  # HUB-09, threat 5
    for claimed in (sender("DE", "MSP"), sender("NL", "HUB"), sender("XX", "YYY")):
        assert code(put(cpo, **claimed)) == (200, 2001)
        assert code(cpo.sender("GET", "tariffs", **claimed)) == (200, 2001)
    assert not is_stored(cpo)


def test_a_platform_of_several_parties_is_answered_as_the_one_it_names(connect: Connect) -> None:  # HUB-09
    both = connect("NL/CPO", Role.CPO, "2.2.1", ("BE/TWO", Role.CPO))
    assert parties(put(both, **sender("BE", "TWO"))) == ("BE/TWO", "NL/HUB")
    unnamed = put(both)
    assert code(unnamed) == (200, 1000)
    assert "OCPI-to-party-id" not in unnamed.headers


def test_configuration_is_never_routed(cpo: Platform) -> None:  # HUB-24, CRED-18
    for path in ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials"):
        answer = cpo.call("GET", path, **to("XX", "YYY"), **sender("ZZ", "ZZZ"))
        assert code(answer) == (200, 1000)
        assert "OCPI-to-party-id" not in answer.headers


def test_refusals_carry_the_parties_too(cpo: Platform) -> None:  # HUB-01
    assert parties(cpo.receiver("GET", "tariffs/NL/CPO/NONE")) == ("NL/CPO", "NL/HUB")
