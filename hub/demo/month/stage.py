"""The hub of the month in this process, with the clock of the month, and its partners over HTTP beside it."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network

from flask import Flask
from werkzeug.serving import make_server

import migrations
from hub.app import create_app, create_hub
from hub.clearing import clerk
from hub.demo.identity import Identity
from hub.demo.month.cast import CPOS, EMSPS, terms
from hub.demo.month.plan import Event, Plan
from hub.demo.partner import Partner, Quiet
from hub.demo.wire import Json
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import agreements, registry
from hub.parties.agreements import Pair, Signed
from hub.parties.partner import PartnerSettings
from hub.parties.terms import read_terms
from hub.settings import Settings
from hub.store.audit import Actor

BY = Actor("demo", "CLI")
NOTHING_PUSHED = frozenset({"locations", "tariffs", "sessions", "cdrs", "tokens"})
"""The partners are gone when the month is over; nothing should be owed to them then."""
OWN_CDRS = PartnerSettings(hub_issues_cdrs=False, lenient=frozenset({"long_texts"}), pull_only=NOTHING_PUSHED)
USUAL = PartnerSettings(pull_only=NOTHING_PUSHED)


class Clock:
    """The hub's clock: it stands where the month has come to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> int:
        return instants.instant(self.at)


class Unexpected(Exception):
    """The hub took what it should have refused, or the other way round."""


@dataclass(frozen=True)
class Refusal:
    """What the door did not let in, and what it said."""

    why: str
    status: int
    body: Json


class Scene:
    """Hub and partners; `tell` is one event."""

    def __init__(self, hub: Hub, clock: Clock, partners: dict[str, Partner]) -> None:
        self.hub = hub
        self.clock = clock
        self.partners = partners
        self.refusals: list[Refusal] = []

    def tell(self, event: Event) -> None:
        """Unexpected when the hub answers otherwise than it should."""
        self.clock.at = max(self.clock.at, event.at)
        caller, party = self.partners[event.party].caller, self.partners[event.party].identity.first
        if event.module == "cdrs":
            answer = caller.post("cdrs", event.body, party)
        else:
            answer = caller.push("PUT", event.module, [event.key], event.body, party)
        if answer.succeeded == (event.refused is not None):
            raise Unexpected(f"{event.module} {event.key}: HTTP {answer.status}, {answer.body}")
        if event.refused is not None:
            self.refusals.append(Refusal(event.refused, answer.status, answer.body or {}))

    def clear(self, until: datetime) -> int:
        """Check all that came; how many CDRs."""
        self.clock.at = until
        return clerk.everything(self.hub.store)


@contextmanager
def opened(url: str, plan: Plan) -> Iterator[Scene]:
    """A hub on a new database, with partners that are registered and have agreed."""
    migrations.upgrade(url)
    clock = Clock(plan.founded)
    with ExitStack() as exits:
        port, hub = exits.enter_context(served(url, clock))
        partners = {}
        for identity in [each.who for each in (*CPOS, *EMSPS)]:
            partners[identity.first.name] = exits.enter_context(registered(hub, identity, port))
        agree(hub, plan.founded)
        yield Scene(hub, clock, partners)


@contextmanager
def served(url: str, clock: Clock) -> Iterator[tuple[int, Hub]]:
    """The hub behind a server of its own thread; its port."""
    door = make_server("127.0.0.1", 0, Flask("none"), threaded=True, request_handler=Quiet)
    settings = Settings(
        database_url=url,
        public_url=f"http://127.0.0.1:{door.server_port}",
        allow_networks=(ip_network("127.0.0.0/8"),),
    )
    if settings.sqlite_file is None:
        settings = replace(settings, secret_key=secrets.token_urlsafe(48))
    hub = create_hub(settings.with_sealing_key())
    hub.store.clock = clock
    door.app = create_app(hub=hub)
    thread = threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield door.server_port, hub
    finally:
        door.shutdown()
        door.server_close()
        thread.join(5)
        hub.client.close()
        hub.store.close()


@contextmanager
def registered(hub: Hub, who: Identity, port: int) -> Iterator[Partner]:
    """A partner that has shaken hands with the hub."""
    role = Role(who.first.role)
    party = Party.of(who.first.country_code, who.first.party_id)
    own = any(cpo.who is who and not cpo.by_hub for cpo in CPOS)
    with hub.store.unit() as unit:
        token = registry.invite(unit, who.name, [(role, party)], who.version)
        registry.set_settings(unit, registry.named(unit, who.name).id, OWN_CDRS if own else USUAL)
    with Partner(who).start() as partner:
        partner.register(f"http://127.0.0.1:{port}/ocpi/versions", token)
        yield partner


def agree(hub: Hub, since: datetime) -> None:
    """Every pair in the currency of the eMSP."""
    signed = Signed(BY, "the month of the demo")
    with hub.store.unit() as unit:
        for cpo in CPOS:
            for emsp in EMSPS:
                parties = [Party.of(*name.split("/")) for name in (cpo.party, emsp.party)]
                pair = Pair(parties[0], parties[1], emsp.currency)
                agreements.add(
                    unit, pair, read_terms(terms(cpo, emsp)), (instants.instant(since), None), signed
                )
