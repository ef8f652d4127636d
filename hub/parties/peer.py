"""A partner's platform as a handshake meets it: asked at the URLs it gave, believed where checked."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from hub.net.client import Answer, Client
from hub.net.failures import Unreachable
from hub.net.pinning import PUBLIC_TRUST, Trust
from hub.ocpi import strictjson
from hub.ocpi.checking import check
from hub.ocpi.document import Json
from hub.ocpi.edition import Edition
from hub.ocpi.editions import NEWEST
from hub.ocpi.enums import MODULE_ID
from hub.ocpi.errors import EndpointsMissing, InvalidObject, OcpiError, PartnerUnusable
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.parties import tokens
from hub.parties.connections import Endpoints
from hub.parties.interfaces import CREDENTIALS, RECEIVER, SENDER, played

LIMIT = 1024 * 1024
PATIENCE = 10.0  # seconds for each request: whoever registers waits meanwhile (CRED-06)
PORTS = {"http": 80, "https": 443}
NEEDS_A_MODULE = frozenset({Role.CPO, Role.EMSP})
"""Others may have nothing to offer but their wish to read."""


class Refused(PartnerUnusable):
    """The partner understood the request and refused it, so nothing has changed on its side."""


@dataclass
class Peer:
    """One platform for the length of one handshake.

    home   the versions URL that came with the token
    hosts  hosts besides the one of `home` that the operator lets the token go to
    trust  whom TLS trusts there, and what the hub shows of itself
    raw    the form in which it takes its token; the other is tried when it answers 401 (TR-05)
    """

    client: Client
    token: str
    home: str
    hosts: Collection[str] = ()
    trust: Trust = PUBLIC_TRUST
    raw: bool = False
    correlation: str = field(default_factory=lambda: str(uuid.uuid4()))

    def versions(self) -> Mapping[str, str]:
        """The versions it offers, and where; what cannot be read is skipped (VER-07)."""
        listed = self.ask("GET", self.home)
        if not isinstance(listed, list):
            raise PartnerUnusable(f"GET {self.home}: data is not a list of versions")
        return {entry["version"]: entry["url"] for entry in reversed(listed) if is_version(entry)}

    def endpoints(self, edition: Edition, url: str, roles: Collection[Role]) -> Endpoints:
        """The interfaces that its version details list; modules unknown to the hub are skipped (VER-12).

        roles  of the platform, for a version or a peer that does not say which interface is meant
        """
        self.keep_to_hosts({"version details": url})
        data = self.ask("GET", url)
        if not isinstance(data, dict) or not isinstance(data.get("endpoints"), list):
            raise PartnerUnusable(f"GET {url}: data has no list of endpoints")
        found = {key: to for entry in data["endpoints"] for key, to in interfaces(entry, edition, roles, url)}
        self.keep_to_hosts({module: to for (module, _), to in found.items()})
        return found

    def keep_to_hosts(self, urls: Mapping[str, str]) -> None:
        """A token goes only where its owner said, or where the operator allowed (threat 12)."""
        for what, url in urls.items():
            if not is_near(url, self.home, self.hosts):
                raise PartnerUnusable(
                    f"The URL of {what} ({url}) is on another host than the versions URL ({self.home}); "
                    "if that is meant so, the operator of the hub must allow that host for this partner"
                )

    def ask(self, method: str, url: str, body: Json | None = None, patience: float = PATIENCE) -> Any:
        """The `data` of the answer. Refused if the partner said no, PartnerUnusable if nobody can tell."""
        answer = self.attempt(method, url, body, patience)
        if answer.status == 401:
            self.raw = not self.raw
            answer = self.attempt(method, url, body, patience)
        return payload(answer, f"{method} {url}")

    def attempt(self, method: str, url: str, body: Json | None, patience: float) -> Answer:
        headers = {
            "Authorization": tokens.write_authorization(self.token, raw=self.raw),
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": self.correlation,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = None if body is None else strictjson.write(body)
        try:
            return self.client.request(
                method, url, headers=headers, body=content, deadline=patience, limit=LIMIT, trust=self.trust
            )
        except Unreachable as failure:
            kind = PartnerUnusable if failure.sent else Refused
            raise kind(f"{method} {url} failed ({failure.kind})") from failure


def payload(answer: Answer, asked: str) -> Any:
    """`data` of a successful answer (TR-20)."""
    try:
        envelope = strictjson.read(answer.body, LIMIT)
    except OcpiError as error:
        envelope = error
    says = envelope.get("status_message") if isinstance(envelope, dict) else None
    comment = f": {says[:300]}" if isinstance(says, str) and says else ""
    if not 200 <= answer.status < 300:
        kind = Refused if 300 <= answer.status < 500 else PartnerUnusable
        raise kind(f"{asked} was answered with HTTP {answer.status}{comment}")
    if not isinstance(envelope, dict) or type(envelope.get("status_code")) is not int:
        raise PartnerUnusable(f"{asked} was not answered with an OCPI envelope of JSON with a status_code")
    if not 1000 <= envelope["status_code"] < 2000:
        raise Refused(f"{asked} was answered with status_code {envelope['status_code']}{comment}")
    return envelope.get("data")


def is_version(entry: Any) -> bool:
    try:
        check(NEWEST, "versions", entry)
    except InvalidObject:
        return False
    return True


def interfaces(
    entry: Any, edition: Edition, roles: Collection[Role], url: str
) -> Iterator[tuple[tuple[str, str], str]]:
    """What one entry of version details offers: ((module, side), URL)."""
    module = str(entry.get("identifier")).lower() if isinstance(entry, dict) else ""  # VER-06
    if module not in MODULE_ID.values:
        return
    said = entry.get("role")
    sides = (said,) if said in (SENDER, RECEIVER) and module != CREDENTIALS else played(module, roles)
    proper = entry | {"identifier": module} | ({"role": SENDER} if edition.has_roles else {})
    try:
        check(edition, "version_details", {"version": edition.version, "endpoints": [proper]})
    except InvalidObject as error:
        faults = "; ".join(f"{path}: {fault}" for path, fault in error.fields.items())
        raise PartnerUnusable(f"GET {url}: the endpoint of {module} cannot be used ({faults})") from None
    for side in sides:
        yield (module, side), entry["url"]


def require(found: Endpoints, roles: Collection[Role], edition: Edition) -> None:
    """EndpointsMissing unless the platform offers what a connection needs (CRED-08, CRED-09)."""
    modules = {module for module, _ in found}
    if CREDENTIALS not in modules:
        raise EndpointsMissing(f"The version details of {edition.version} list no credentials endpoint")
    if not modules & MODULES.keys() and (not roles or NEEDS_A_MODULE.intersection(roles)):
        raise EndpointsMissing(f"The version details of {edition.version} list no module that the hub speaks")


def is_near(url: str, home: str, hosts: Collection[str]) -> bool:
    """Whether the URL leads to the host of `home`, or over an as safe scheme to one of the other hosts."""
    there, here = urlsplit(url), urlsplit(home)
    if place(there) == place(here):
        return True
    safe = there.scheme.lower() in ("https", here.scheme.lower())
    name, port = place(there)[1:]
    return safe and bool({name, f"{name}:{port}"} & {host.lower() for host in hosts})


def place(url: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host, port."""
    scheme = url.scheme.lower()
    try:
        return scheme, (url.hostname or "").rstrip("."), url.port or PORTS.get(scheme)
    except ValueError:
        return scheme, "", None
