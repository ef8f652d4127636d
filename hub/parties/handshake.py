"""The credentials exchange that a partner begins: it registers, renews its registration, or leaves.

While the partner is asked no transaction is open, and what it answers is stored in one: a handshake that
fails leaves everything as it was, and can be repeated.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace

from hub.hub import Hub
from hub.ocpi.document import Json
from hub.ocpi.edition import Edition
from hub.ocpi.errors import InvalidParameter, Unauthorised, UnsupportedVersion
from hub.ocpi.module import Role
from hub.parties import access, announcement, connections, introduction, quirks, registry
from hub.parties.announcement import Announcement
from hub.parties.connections import Connection, Endpoints
from hub.parties.partner import Caller, Partner
from hub.parties.peer import Peer, require
from hub.parties.problems import PartyTaken
from hub.parties.tokens import vault
from hub.store.unit import Unit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the partner's platform offers in one version, and the form in which it took its token."""

    spoken: Edition
    endpoints: Endpoints
    raw: bool


def accept(hub: Hub, spoken: Edition, caller: Caller, body: Json) -> Json:
    """POST: an invited partner registers. The hub's credentials with its token C (CRED-05)."""
    partner = caller.partner
    if partner.version not in (None, spoken.version):
        raise UnsupportedVersion(f"This invitation is for OCPI {partner.version}, not {spoken.version}")
    said, found = heard(hub, spoken, partner, body)
    with hub.store.unit() as unit:
        if not access.spend(unit, partner.id, caller.token):
            raise Unauthorised("This token no longer opens a registration")
        store(hub, unit, partner, said, found)
        token = access.issue(unit, partner.id, access.REGISTERED)
        answer = introduction.credentials(unit, hub.settings, spoken, partner.id, token)
    log.info("partner registered", extra={"partner": partner.name, "version": spoken.version})
    return answer


def renew(hub: Hub, spoken: Edition, caller: Caller, body: Json) -> Json:
    """PUT: a registered partner has a new token, other endpoints or another version (CRED-12)."""
    partner = caller.partner
    said, found = heard(hub, spoken, partner, body)
    with hub.store.unit() as unit:
        store(hub, unit, partner, said, found)
        token = access.renew(unit, partner.id)
        answer = introduction.credentials(unit, hub.settings, spoken, partner.id, token)
    log.info("partner renewed its registration", extra={"partner": partner.name, "version": spoken.version})
    return answer


def leave(hub: Hub, caller: Caller) -> None:
    """DELETE: the partner unregisters (CRED-14)."""
    with hub.store.unit() as unit:
        connections.end(unit, caller.partner)
    log.info("partner unregistered", extra={"partner": caller.partner.name})


def ours(hub: Hub, spoken: Edition, caller: Caller) -> Json:
    """GET: the hub's credentials for this partner, with the token that it has just presented (CRED-16)."""
    with hub.store.reading() as unit:
        return introduction.credentials(unit, hub.settings, spoken, caller.partner.id, caller.token)


def heard(hub: Hub, spoken: Edition, partner: Partner, body: Json) -> tuple[Announcement, Found]:
    """What the partner says of itself, and what its platform says when asked with its new token."""
    said = announcement.read(spoken, body, announcement.as_invited(partner.roles))
    announcement.keep_to_invitation(said.roles, partner.roles)
    settings, trust = partner.settings, quirks.trust_of(partner)
    peer = Peer(hub.client, said.token, said.url, settings.hosts, trust, settings.sends_raw(spoken))
    url = peer.versions().get(spoken.version)
    if url is None:
        raise UnsupportedVersion(f"{said.url} does not offer OCPI {spoken.version}")  # CRED-08
    return said, explored(peer, spoken, url, {held.role for held in said.roles})


def explored(peer: Peer, spoken: Edition, url: str, roles: Collection[Role]) -> Found:
    """What the platform's version details list; EndpointsMissing when that is not enough."""
    endpoints = peer.endpoints(spoken, url, roles)
    require(endpoints, roles, spoken)
    return Found(spoken, endpoints, peer.raw)


def store(hub: Hub, unit: Unit, partner: Partner, said: Announcement, found: Found) -> None:
    """Keep what was settled, or refuse it for what has happened meanwhile."""
    if any(held.party == hub.settings.party for held in said.roles):
        raise InvalidParameter(f"{hub.settings.party} is the hub itself")
    settled = Connection(found.spoken.version, said.url, said.roles, found.endpoints, said.token)
    try:
        if not connections.connect(unit, partner.id, settled, vault(hub.settings.sealing_key)):
            raise Unauthorised("This partner has been suspended meanwhile")
    except PartyTaken as taken:
        raise InvalidParameter(str(taken)) from taken  # CRED-24
    introduction.note(unit, hub.settings.party, found.spoken.version, partner.id)
    if found.raw != partner.settings.sends_raw(found.spoken):
        encoding = "raw" if found.raw else "base64"
        registry.set_settings(unit, partner.id, replace(partner.settings, auth_encoding=encoding))
