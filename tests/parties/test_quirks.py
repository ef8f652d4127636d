"""What is sent to a partner is as its quirks want it, and everything else about it stays."""

import pytest
from factories import example

from hub.net.pinning import PUBLIC_TRUST, Trust
from hub.ocpi.checking import check
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import WIRES
from hub.parties import quirks
from hub.parties.partner import Partner, PartnerSettings, Status
from hub.parties.rows import settings_of, settings_text

PLAIN = PartnerSettings()
ODD = PartnerSettings(
    trailing_slash="add",
    known_fields_only=True,
    first_print=True,
    credit_cdrs=False,
    pull_only=frozenset({"tariffs"}),
    page_size=20,
    ca_file="/etc/hub/partner.pem",
    client_certificate="/etc/hub/hub.pem",
)


NAMES = [f"{name}-{version}" for name, version in WIRES]


def partner(settings: PartnerSettings) -> Partner:
    return Partner(1, "P", Status.CONNECTED, "2.2.1", None, (), settings)


def test_what_is_stored_is_read_back():
    assert settings_of(settings_text(ODD)) == ODD
    assert settings_text(PLAIN) == "{}"


@pytest.mark.parametrize(
    ("wish", "url", "spelled"),
    [
        ("as given", "https://a.example/x", "https://a.example/x"),
        ("as given", "https://a.example/x/", "https://a.example/x/"),
        ("add", "https://a.example/x", "https://a.example/x/"),
        ("add", "https://a.example/x/?type=OTHER", "https://a.example/x/?type=OTHER"),
        ("add", "https://a.example/x?type=OTHER", "https://a.example/x/?type=OTHER"),
        ("strip", "https://a.example/x/?type=OTHER", "https://a.example/x?type=OTHER"),
        ("strip", "https://a.example/a%2Fb/", "https://a.example/a%2Fb"),
    ],
)
def test_urls_end_with_a_slash_where_a_partner_wants_one(wish, url, spelled):
    assert quirks.spelled(PartnerSettings(trailing_slash=wish), url) == spelled


def test_trust_and_page_size_are_the_partners_own():
    assert quirks.trust_of(partner(PLAIN)) == PUBLIC_TRUST
    assert quirks.trust_of(partner(ODD)) == Trust("/etc/hub/partner.pem", "/etc/hub/hub.pem")
    assert quirks.page_size(partner(PLAIN), 100) == 100
    assert quirks.page_size(partner(ODD), 100) == 20


def test_modules_and_credits_that_a_partner_does_not_want_are_not_pushed():
    assert all(quirks.unwanted(PLAIN, name, {"credit": True}) is None for name in MODULES)
    assert "pull-only=tariffs" in str(quirks.unwanted(ODD, "tariffs", {}))
    assert quirks.unwanted(ODD, "cdrs", {"credit": False}) is None
    assert "no-credit-cdrs" in str(quirks.unwanted(ODD, "cdrs", {"credit": True}))


@pytest.mark.parametrize(
    "wire", WIRES.values(), ids=lambda wire: f"{wire.module.name}-{wire.edition.version}"
)
def test_a_partner_without_quirks_gets_what_there_is(wire):
    body = example(wire.edition.version, wire.module.name, x_own={"a": 1})
    assert quirks.tailored(PLAIN, wire, body) == body


@pytest.mark.parametrize(
    "wire", WIRES.values(), ids=lambda wire: f"{wire.module.name}-{wire.edition.version}"
)
def test_fields_that_a_version_does_not_know_are_left_out_at_every_depth(wire):
    known = example(wire.edition.version, wire.module.name)
    body = quirks.tailored(PartnerSettings(known_fields_only=True), wire, invaded(known))
    assert body == known
    check(wire.edition, wire.module.name, body)


def invaded(value):
    """The same with a field of somebody's own in every object."""
    if isinstance(value, dict):
        return {name: invaded(inner) for name, inner in value.items()} | {"x_own": [{"a": 1}]}
    return [invaded(item) for item in value] if isinstance(value, list) else value


def test_the_lengths_of_the_first_print_are_kept():  # C6
    place = example("2.2.1", "locations", address="A" * 60, state="S" * 21, city="C" * 45)
    body = quirks.tailored(PartnerSettings(first_print=True), WIRES["locations", "2.2.1"], place)
    assert (body["address"], body["state"]) == ("A" * 42 + "...", "S" * 17 + "...")
    assert body | {"address": 1, "state": 1} == place | {"address": 1, "state": 1}


def test_signed_data_is_whole_or_not_there():  # C6
    wire, first = WIRES["cdrs", "2.3.0"], PartnerSettings(first_print=True)
    cdr = example("2.3.0", "cdrs")
    assert "signed_data" in cdr
    assert quirks.tailored(first, wire, cdr) == cdr
    signed = cdr["signed_data"]
    longer = [value | {"plain_data": "x" * 513} for value in signed["signed_values"]]
    long = cdr | {"signed_data": signed | {"signed_values": longer}}
    assert quirks.tailored(first, wire, long) == {name: cdr[name] for name in cdr if name != "signed_data"}
