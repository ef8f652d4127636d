"""The credentials exchange that the hub begins: it registers, renews that, or ends it (CRED-23)."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from hub.hub import Hub
from hub.net.pinning import PUBLIC_TRUST, Trust
from hub.ocpi.edition import Edition
from hub.ocpi.editions import EDITIONS, edition
from hub.ocpi.errors import InvalidObject, OcpiError, PartnerUnusable, UnsupportedVersion
from hub.ocpi.module import Role
from hub.parties import access, announcement, connections, introduction, quirks, registry
from hub.parties.announcement import Acting, Announcement
from hub.parties.handshake import Found, explored, store
from hub.parties.interfaces import CREDENTIALS, SENDER
from hub.parties.partner import Partner, PartnerSettings
from hub.parties.peer import Peer, Refused, is_near
from hub.parties.problems import AlreadyRegistered, NotRegistered, PartnerProblem
from hub.parties.tokens import vault

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds for the exchange itself: the partner calls back meanwhile (CRED-06)
ROLE_WORDS: Mapping[str, Role] = {"cpo": Role.CPO, "emsp": Role.EMSP, "msp": Role.EMSP}


@dataclass(frozen=True, slots=True)
class Wish:
    """How the hub is to register with a platform.

    versions_url, token  as the platform's operator gave them
    version              None for the highest that both speak (VER-08)
    name                 under which the partner is kept; None for the host of its versions URL
    roles                in which a 2.1.1 platform acts; it cannot say so itself
    hosts                other hosts that its token may be sent to
    trust                whom TLS trusts there, and what the hub shows of itself
    """

    versions_url: str
    token: str
    version: str | None = None
    name: str | None = None
    roles: tuple[Role, ...] = ()
    hosts: frozenset[str] = frozenset()
    trust: Trust = PUBLIC_TRUST

    def noted(self, settings: PartnerSettings) -> PartnerSettings:
        """What is kept of the partner from now on."""
        return replace(
            settings,
            hosts=settings.hosts | self.hosts,
            ca_file=self.trust.authorities or settings.ca_file,
            client_certificate=self.trust.certificate or settings.client_certificate,
        )


@dataclass(frozen=True)
class Exchange:
    """One exchange of credentials.

    token  the hub's new one, which the partner may already use
    roles  of a platform that the hub does not know yet
    """

    hub: Hub
    peer: Peer
    partner: Partner
    found: Found
    token: str
    roles: Collection[Role] = ()

    def send(self, method: str, acting: Acting) -> Announcement:
        """Send the hub's credentials; what the partner answers of itself."""
        hub, spoken, url = self.hub, self.found.spoken, self.found.endpoints[CREDENTIALS, SENDER]
        with hub.store.reading() as unit:
            ours = introduction.credentials(unit, hub.settings, spoken, self.partner.id, self.token)
        if self.roles and not spoken.has_roles:
            ours |= {"url": introduction.versions_url_facing(hub.settings, self.roles)}
        data = self.peer.ask(method, url, ours, PATIENCE)
        try:
            return announcement.read(spoken, data if isinstance(data, dict) else {}, acting)
        except InvalidObject as error:
            faults = "; ".join(f"{path}: {fault}" for path, fault in error.fields.items()) or error.message
            answered = f"{method} {url} was answered with credentials that cannot be used"
            raise PartnerUnusable(f"{answered} ({faults})") from None

    def conclude(self, said: Announcement) -> Partner:
        """Keep what was settled."""
        with self.hub.store.unit() as unit:
            store(self.hub, unit, self.partner, said, self.found)
            access.confirm(unit, self.partner.id, self.token)
        version = self.found.spoken.version
        log.info("registered with partner", extra={"partner": self.partner.name, "version": version})
        with self.hub.store.reading() as unit:
            return registry.named(unit, self.partner.name)

    def take_back(self, said: Announcement) -> None:
        """The partner believes the hub registered, but the hub cannot have it so: tell it."""
        with suppress(PartnerUnusable):
            replace(self.peer, token=said.token).ask("DELETE", self.found.endpoints[CREDENTIALS, SENDER])


def register(hub: Hub, wish: Wish) -> Partner:
    """Register with a platform that has invited the hub; the partner it has become."""
    raw = wish.version == "2.1.1"
    peer = Peer(hub.client, wish.token, wish.versions_url, wish.hosts, wish.trust, raw)
    spoken, url = chosen(peer.versions(), wish.version)
    peer.raw = spoken.raw_tokens
    roles = acting_roles(spoken, wish, url)
    found = explored(peer, spoken, url, roles)  # CRED-09: no POST when it lacks what is needed
    with registering(hub, wish) as (partner, token):
        exchange = Exchange(hub, peer, partner, found, token, roles)
        said = exchange.send("POST", lambda party: roles)
        home = said.url if is_near(said.url, wish.versions_url, wish.hosts) else wish.versions_url
        try:
            return exchange.conclude(replace(said, url=home))
        except OcpiError:
            exchange.take_back(said)
            raise


def update(hub: Hub, partner: Partner, version: str | None = None) -> Partner:
    """Send the partner a new token, and look again what it offers (CRED-19, VER-11).

    version  to change to; None to stay
    """
    peer, present = connected(hub, partner)
    spoken, url = chosen(peer.versions(), version or present.version)
    peer.raw = partner.settings.sends_raw(spoken)
    found = explored(peer, spoken, url, {held.role for held in partner.roles})
    with hub.store.unit() as unit:
        token = access.intend(unit, partner.id)
    exchange = Exchange(hub, peer, partner, found, token)
    try:
        return exchange.conclude(exchange.send("PUT", announcement.as_invited(partner.roles)))
    except BaseException as failure:
        with hub.store.unit() as unit:
            (access.give_up if isinstance(failure, Refused) else access.doubt)(unit, token)
        raise


def unregister(hub: Hub, partner: Partner) -> bool:
    """End the connection, or the invitation; whether the partner has heard of it. It ends in any case."""
    heard = False
    with suppress(PartnerUnusable, NotRegistered):
        peer, _ = connected(hub, partner)
        with hub.store.reading() as unit:
            url = registry.endpoint_of(unit, partner.id, CREDENTIALS, SENDER)
        if url is not None:
            peer.ask("DELETE", url)
            heard = True
    with hub.store.unit() as unit:
        connections.end(unit, partner)
    log.info("partner unregistered by the hub", extra={"partner": partner.name, "heard": heard})
    return heard


def connected(hub: Hub, partner: Partner) -> tuple[Peer, Edition]:
    """A registered partner's platform, and the edition that is spoken with it."""
    with hub.store.reading() as unit:
        token = registry.token_out(unit, partner.id, vault(hub.settings.sealing_key))
    if token is None or partner.version is None or partner.versions_url is None:
        raise NotRegistered(f"{partner.name} is not registered; see `hub partner invite` and `register`")
    spoken, settings = edition(partner.version), partner.settings
    raw, trust = settings.sends_raw(spoken), quirks.trust_of(partner)
    return Peer(hub.client, token, partner.versions_url, settings.hosts, trust, raw), spoken


def chosen(offered: Mapping[str, str], version: str | None) -> tuple[Edition, str]:
    """The edition to speak, and where its details are: the one wanted, or the highest (VER-08)."""
    for each in reversed(EDITIONS):
        if each.version in offered and version in (None, each.version):
            return each, offered[each.version]
    wanted = f"OCPI {version}" if version else "No OCPI version of this hub"
    raise UnsupportedVersion(f"{wanted} is offered; offered are: {', '.join(sorted(offered)) or 'none'}")


def acting_roles(spoken: Edition, wish: Wish, url: str) -> Collection[Role]:
    """The roles of a 2.1.1 platform: as the operator says, or as its URLs do (VER-05)."""
    if spoken.has_roles or wish.roles:
        return wish.roles
    words = {word.lower() for each in (url, wish.versions_url) for word in urlsplit(each).path.split("/")}
    roles = {role for word, role in ROLE_WORDS.items() if word in words}
    if len(roles) != 1:
        raise PartnerProblem(
            "A 2.1.1 platform does not say whether it is a CPO; add --role CPO or --role EMSP"
        )
    return roles


@contextmanager
def registering(hub: Hub, wish: Wish) -> Iterator[tuple[Partner, str]]:
    """A partner and a token that are there while it is asked, and gone again if it does not come to be.

    The partner calls back with the token before it answers, so both must be in the database by then.
    """
    name = wish.name or urlsplit(wish.versions_url).netloc
    with hub.store.unit() as unit:
        former = registry.by_name(unit, name)
        if former is not None and former.registered_at is not None:
            raise AlreadyRegistered(f"{name} is registered; unregister it first, or give another --name")
        partner = registry.planned(unit, former, name, wish.noted)
        token = access.intend(unit, partner.id)
    try:
        yield partner, token
    except BaseException:
        with hub.store.unit() as unit:
            access.give_up(unit, token)
            if former is None:
                connections.forget(unit, partner.id)
        raise
