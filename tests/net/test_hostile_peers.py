"""Whatever a peer does, an attempt ends in time, within its bytes, with one exception."""

import resource
import ssl
import time
from ipaddress import ip_network
from pathlib import Path

import hostile
import pytest
from certificates import self_signed

from hub.net import Client, Trust, Unreachable

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
DEADLINE = 0.8
DRIPPING = (
    hostile.drip_status,
    hostile.drip_headers,
    hostile.drip_body,
    hostile.drip_continue,
    hostile.drip_chunk_size,
    hostile.drip_trailers,
    hostile.silence,
    hostile.half_answer_then_silence,
)


@pytest.fixture
def client():
    client = Client(LOOPBACK, deadline=DEADLINE, limit=1_000_000)
    yield client
    client.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def failure(client: Client, url: str, method: str = "PUT", **more) -> Unreachable:
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        client.request(method, url, headers={}, body=b"{}", **more)
    assert time.monotonic() - began < DEADLINE + hostile.SLACK
    return caught.value


@pytest.mark.parametrize("mode", DRIPPING, ids=lambda mode: mode.__name__)
def test_a_peer_that_drips_or_hangs_ends_at_the_deadline(client, mode):  # security 16
    with hostile.serving(mode) as server:
        found = failure(client, server.url)
    assert (found.kind, found.sent) == ("timeout", True)


@pytest.mark.parametrize("mode", DRIPPING, ids=lambda mode: mode.__name__)
def test_a_dripping_peer_behind_tls_ends_at_the_deadline_too(client, mode, certificate, tls):
    with hostile.serving(mode, tls) as server:
        url = f"https://127.0.0.1:{server.port}/"
        found = failure(client, url, trust=Trust(authorities=str(certificate)))
    assert (found.kind, found.sent) == ("timeout", True)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (hostile.endless_chunks, "too_large"),
        (hostile.endless_body, "too_large"),
        (hostile.endless_headers, "protocol"),
        (hostile.endless_header_line, "protocol"),
        (hostile.huge_length, "too_large"),
        (hostile.absurd_length, "too_large"),
        (hostile.gzip, "protocol"),
        (hostile.short_body, "protocol"),
        (hostile.short_chunks, "protocol"),
        (hostile.bad_chunks, "protocol"),
        (hostile.garbage, "protocol"),
        (hostile.reset_inside_body, "protocol"),
        (hostile.close_before_answer, "closed_before_answer"),
        (hostile.reset, "closed_before_answer"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_an_answer_that_cannot_be_used_has_one_kind(client, mode, kind):  # security 17
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with hostile.serving(mode) as server:
        found = failure(client, server.url)
    assert (found.kind, found.sent) == (kind, True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_the_limit_of_one_request_may_be_smaller(client):
    with hostile.serving(hostile.good) as server:
        assert failure(client, server.url, limit=1).kind == "too_large"
        assert client.request("GET", server.url, headers={}, limit=2).body == b"{}"


def test_a_redirect_is_an_answer_and_is_not_followed(client):  # security 15
    with (
        hostile.serving(hostile.good) as canary,
        hostile.serving(hostile.redirect_to(canary.url)) as server,
    ):
        answer = client.request("GET", server.url, headers={"Authorization": "Token secret"})
        assert answer.status == 302
        assert answer.headers["location"] == canary.url
        assert canary.connections == 0


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(client, tls):
    with hostile.serving(hostile.good, tls) as server:
        found = failure(client, f"https://127.0.0.1:{server.port}/")
        assert (found.kind, found.sent) == ("tls", False)
        assert server.requests == []


def test_a_certificate_that_the_operator_trusts_is_accepted(client, certificate, tls):
    with hostile.serving(hostile.good, tls) as server:
        trust = Trust(authorities=str(certificate))
        answer = client.request("GET", f"https://localhost:{server.port}/", headers={}, trust=trust)
        assert answer.body == b"{}"


def test_a_certificate_of_another_name_is_a_tls_failure(certificate, tls):
    def elsewhere(host, port, **more):
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    client = Client(LOOPBACK, deadline=DEADLINE, resolve=elsewhere)
    with hostile.serving(hostile.good, tls) as server:
        url = f"https://partner.example:{server.port}/"
        assert failure(client, url, trust=Trust(authorities=str(certificate))).kind == "tls"


def test_a_server_without_tls_behind_https_is_a_tls_failure(client):
    with hostile.serving(hostile.garbage) as server:
        assert failure(client, f"https://127.0.0.1:{server.port}/").kind in ("tls", "timeout")


def test_nobody_listening_is_refused_and_nothing_was_sent(client):
    with hostile.serving(hostile.good) as server:
        pass
    found = failure(client, server.url)
    assert (found.kind, found.sent) == ("refused", False)
