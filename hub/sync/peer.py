"""One OCPI request to a partner, and what its answer means (TR-20, TR-90, TR-91)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.hub import Hub
from hub.net.client import Answer
from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.editions import edition
from hub.ocpi.errors import OcpiError
from hub.parties import quirks
from hub.parties.partner import Partner

ANSWER_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a partner; `sender` and `to` become routing headers where its version has them."""

    method: str
    url: str
    body: bytes | None = None
    sender: Party | None = None
    to: Party | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a partner, and the body it was read from. `status_code` is None when that was no OCPI
    envelope."""

    http: int
    status_code: int | None
    data: Any = None
    message: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """HTTP 2xx and OCPI 1xxx: nothing else is success (TR-20)."""
        return 200 <= self.http < 300 and self.status_code is not None and 1000 <= self.status_code < 2000


def ask(
    hub: Hub, partner: Partner, authorization: str, request: Request, deadline: float | None = None
) -> Reply:
    """Send the request; Unreachable when there is no whole HTTP answer."""
    answer = hub.client.request(
        request.method,
        request.url,
        headers=headers_of(partner, authorization, request),
        body=request.body,
        deadline=deadline,
        trust=quirks.trust_of(partner),
    )
    return reply(answer)


def headers_of(partner: Partner, authorization: str, request: Request) -> dict[str, str]:
    spoken = edition(str(partner.version))
    headers = {"Authorization": authorization}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    headers["X-Request-ID"] = str(uuid.uuid4())
    headers["X-Correlation-ID"] = request.correlation_id or str(uuid.uuid4())
    if spoken.routing_headers:
        for direction, party in (("from", request.sender), ("to", request.to)):
            if party is not None:
                headers[f"OCPI-{direction}-country-code"] = party.country_code
                headers[f"OCPI-{direction}-party-id"] = party.party_id
    return headers


def reply(answer: Answer) -> Reply:
    """Read the envelope; what is none keeps its HTTP status and says so."""
    given = answer.headers, answer.body
    try:
        content = strictjson.read(answer.body, ANSWER_LIMIT)
    except OcpiError as fault:
        return Reply(answer.status, None, None, f"no OCPI envelope: {fault.message}", *given)
    code = content.get("status_code") if isinstance(content, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return Reply(answer.status, None, None, "no OCPI envelope", *given)
    message = str(content.get("status_message") or "")
    return Reply(answer.status, code, content.get("data"), message, *given)
