"""While partners exchange what they have, operators see how it goes, and the quirks they noted hold."""

import io
import json
import logging
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from running import Running

from hub.api import watch
from hub.demo.partner import Partner
from hub.observing import logs
from hub.parties import registry

Join = Callable[[str, str, str], Partner]
PATIENCE = 60.0


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """All that is logged meanwhile, as a process in production logs it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    out = io.StringIO()
    logs.begin("json", watch.identify, out)
    yield out.getvalue
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


def note(running: Running, name: str, **quirks: Any) -> None:
    with running.hub.store.unit() as unit:
        partner = registry.named(unit, name)
        registry.set_settings(unit, partner.id, replace(partner.settings, **quirks))


def figures(running: Running) -> str:
    with urllib.request.urlopen(f"{running.hub.settings.public_url}/metrics") as answer:
        return str(answer.read().decode())


def tokens_of(running: Running) -> list[str]:
    """The tokens with which the hub may call its partners."""
    vault = registry.tokens.vault(running.hub.settings.sealing_key)
    with running.hub.store.reading() as unit:
        held = [registry.token_out(unit, partner.id, vault) for partner in registry.everyone(unit)]
    return [token for token in held if token is not None]


def test_deliveries_are_counted_and_no_secret_is_in_figures_or_log(
    running: Running, join: Join, logged: Callable[[], str]
) -> None:  # threats 29 and 30
    cpo, emsp = join("CPO", "2.2.1", "NL/EXA"), join("EMSP", "2.3.0", "DE/MSP")
    emsp.misbehave("503", "locations", times=2, retry_after=1)
    published = cpo.do("publish")
    emsp.do("issue")
    emsp.wait_for("locations", published["locations"], PATIENCE)
    tokens = cpo.wait_for("tokens", 3, PATIENCE)
    told = figures(running)
    series = 'hub_deliveries_total{module="locations",outcome="%s",partner="EMSP DE/MSP"}'
    assert series % "accepted" in told
    assert series % "failed" in told
    assert 'hub_delivery_seconds_count{partner="CPO NL/EXA"}' in told
    assert "delivery failed" in logged()
    (failed, *_) = (json.loads(line) for line in logged().splitlines() if "delivery failed" in line)
    assert failed["partner"] == "EMSP DE/MSP"
    assert len(failed["correlation_id"]) == 36
    people = [str(token[field]) for token in tokens for field in ("uid", "contract_id")]
    for secret in [*tokens_of(running), *people]:
        assert secret not in told
        assert secret not in logged()


def test_a_module_that_a_partner_only_pulls_is_withheld_from_it_alone(running: Running, join: Join) -> None:
    cpo = join("CPO", "2.2.1", "NL/EXA")
    pulling, pushed = join("EMSP", "2.2.1", "DE/MSP"), join("EMSP", "2.2.1", "FR/MSP")
    note(running, "EMSP DE/MSP", pull_only=frozenset({"locations"}), trailing_slash="add")
    published = cpo.do("publish")
    pushed.wait_for("locations", published["locations"], PATIENCE)
    pulling.wait_for("tariffs", published["tariffs"], PATIENCE)
    assert "locations" not in pulling.book.held
    assert pulling.book.complaints == []
