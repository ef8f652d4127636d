"""What a partner asks of the hub, and what it holds against the answers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

import requests

from hub.demo.book import Book
from hub.demo.identity import MODULES, SHAPES, Identity, Party
from hub.demo.shapes import complaints
from hub.demo.wire import Json, authorization, next_page, read, write, wrong_envelope

PAGES = 1000
SECONDS = 20


class Refused(Exception):
    """The hub did not answer with success."""


@dataclass(frozen=True)
class Answer:
    """What the hub answered; `body` is the envelope, or None where there was none."""

    status: int
    headers: Mapping[str, str]
    body: Json | None

    @property
    def status_code(self) -> int:
        code = (self.body or {}).get("status_code")
        return code if isinstance(code, int) else 0

    @property
    def data(self) -> object:
        return (self.body or {}).get("data")

    @property
    def succeeded(self) -> bool:
        """TR-20: both layers say so."""
        return 200 <= self.status < 300 and 1000 <= self.status_code < 2000

    def or_refused(self, doing: str) -> "Answer":
        if not self.succeeded:
            raise Refused(f"{doing}: HTTP {self.status}, {self.body}")
        return self


class Caller:
    """Requests of one partner. Every answer is looked over; what is wrong with it becomes a complaint."""

    def __init__(self, identity: Identity, book: Book) -> None:
        self.identity = identity
        self.book = book
        self.token = ""
        self.counterpart: Party | None = None
        self.endpoints: dict[tuple[str, str], str] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def discover(self, versions_url: str) -> str:
        """Read the hub's endpoints of our version; the URL of its credentials."""
        versions = self.call("GET", versions_url).or_refused("versions").data
        self.look_over("version", versions)
        assert isinstance(versions, list)
        offered = {str(each["version"]): str(each["url"]) for each in versions}
        if self.identity.version not in offered:
            raise Refused(f"the hub offers {sorted(offered)}, not {self.identity.version}")
        details = self.call("GET", offered[self.identity.version]).or_refused("version details").data
        self.look_over("version_details", details)
        assert isinstance(details, dict)
        self.endpoints = dict(self._endpoints(details))
        return self.endpoints["credentials", "SENDER"]

    def _endpoints(self, details: Json) -> Iterator[tuple[tuple[str, str], str]]:
        """Under (module, role). In 2.1.1, which has no roles, the hub has those opposite to ours (VER-05)."""
        for each in details["endpoints"]:
            module = str(each["identifier"])
            ours = "SENDER" if module in self.identity.receives() else "RECEIVER"
            role = "SENDER" if module == "credentials" else str(each.get("role", ours))
            yield (module, role), str(each["url"])

    def endpoint(self, module: str, role: str, *parts: str) -> str:
        """The URL that the hub advertised, and what is appended to it."""
        if (module, role) not in self.endpoints:
            raise Refused(f"the hub has no {role} of {module} for us")
        return "/".join([self.endpoints[module, role].rstrip("/"), *parts])

    def push(self, method: str, module: str, parts: list[str], body: Json | None, party: Party) -> Answer:
        """PUT, PATCH or DELETE an object of ours at the hub; `parts` is its id and what is below."""
        url = self.endpoint(module, "RECEIVER", party.country_code, party.party_id, *parts)
        return self.call(method, url, body, sender=party)

    def post(self, module: str, body: Json, party: Party) -> Answer:
        """POST a CDR at the hub's Receiver."""
        answer = self.call("POST", self.endpoint(module, "RECEIVER"), body, sender=party)
        if answer.succeeded and not re.match("https?://", answer.headers.get("Location", "")):  # CDR-01
            self.book.complain(f"POST {module}", ["no Location header"])
        return answer

    def pull(self, module: str, **filters: str) -> list[Json]:
        """All objects of the hub's Sender list, page by page along the Link header (TR-39)."""
        url, party = self.endpoint(module, "SENDER"), self.identity.first
        if filters:
            url += ("&" if "?" in url else "?") + urlencode(filters)
        found: list[Json] = []
        for _ in range(PAGES):
            answer = self.call("GET", url, sender=party, receiver=self.counterpart).or_refused(
                f"GET {module}"
            )
            page = self._page(module, answer)
            found.extend(page)
            following = next_page(answer.headers.get("Link"))
            if following is None:
                return found
            if not page:
                self.book.complain(f"GET {url}", ["an empty page leads to another"])
            url = following
        raise Refused(f"{module}: the pages do not end")

    def _page(self, module: str, answer: Answer) -> list[Json]:
        about = f"GET {module}"
        wrongs = [f"{name} missing" for name in ("X-Total-Count", "X-Limit") if name not in answer.headers]
        link = answer.headers.get("Link")
        if link is not None and not re.fullmatch(r'<https?://[^<>]+>; rel="next"', link):
            wrongs.append(f"Link {link!r}")
        if not isinstance(answer.data, list):
            wrongs.append("data is no list")
        self.book.complain(about, wrongs)
        self.look_over(SHAPES[module], answer.data)
        return answer.data if isinstance(answer.data, list) else []

    def meet(self, credentials: Json) -> None:
        """Take the hub's token, and note which party the hub itself is, if it says so (CRED-20, CRED-21)."""
        self.token = str(credentials["token"])
        hubs = [each for each in credentials.get("roles", []) if each["role"] == "HUB"]
        named = str(credentials.get("hub_party_id") or "")
        if hubs:
            self.counterpart = Party("HUB", str(hubs[0]["country_code"]), str(hubs[0]["party_id"]))
        elif named:
            self.counterpart = Party("HUB", named[:2], named[2:])

    def call(
        self,
        method: str,
        url: str,
        body: Json | None = None,
        *,
        sender: Party | None = None,
        receiver: Party | None = None,
    ) -> Answer:
        """One request as our version wants it, with routing headers where parties speak (C1).

        Without a receiver the hub finds out whom an object is for (HUB-17); a list is asked of the hub.
        """
        headers = self._headers(sender, receiver) | (
            {"Content-Type": "application/json"} if body is not None else {}
        )
        data = None if body is None else write(body)
        response = self._session.request(
            method, url, headers=headers, data=data, timeout=SECONDS, allow_redirects=False
        )
        answer = Answer(response.status_code, response.headers, parsed(response))
        self.book.complain(f"{method} {url}", self._wrongs(headers, answer, response))
        return answer

    def _headers(self, sender: Party | None, receiver: Party | None) -> dict[str, str]:
        headers = {"Authorization": authorization(self.identity.version, self.token)}
        if not self.identity.has_roles:
            return headers
        headers |= {"X-Request-ID": str(uuid4()), "X-Correlation-ID": str(uuid4())}
        for name, party in (("from", sender), ("to", receiver)):
            if party is not None:
                headers[f"OCPI-{name}-country-code"] = party.country_code
                headers[f"OCPI-{name}-party-id"] = party.party_id
        return headers

    def _wrongs(self, sent: Mapping[str, str], answer: Answer, response: requests.Response) -> list[str]:
        wrongs = wrong_envelope(answer.body)
        for name in ("X-Request-ID", "X-Correlation-ID"):  # TR-90
            if name in sent and answer.headers.get(name) != sent[name]:
                wrongs.append(f"{name} is not repeated")
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            wrongs.append(f"Content-Type {answer.headers.get('Content-Type')!r}")
        if len(response.raw.headers.getlist("Link")) > 1:
            wrongs.append("several Link headers")
        return wrongs

    def look_over(self, shape: str, data: object) -> None:
        for each in data if isinstance(data, list) else [data]:
            self.book.complain(f"received {shape}", complaints(self.identity.version, shape, each))


def parsed(response: requests.Response) -> Json | None:
    """The envelope; None when the body is no JSON object."""
    try:
        body = read(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def missing_endpoints(identity: Identity, endpoints: Mapping[tuple[str, str], str]) -> list[str]:
    """Endpoints that a connection needs and the hub does not advertise (CRED-09)."""
    wanted = [(module, "RECEIVER") for module in MODULES if module in identity.sends()]
    wanted += [(module, "SENDER") for module in MODULES if module in identity.receives()]
    return [f"{role} of {module}" for module, role in wanted if (module, role) not in endpoints]
