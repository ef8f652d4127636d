"""What a well-behaved peer sees of the client."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import hostile
import pytest

from hub.net import Client, Unreachable

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def client():
    client = Client(LOOPBACK, deadline=3)
    yield client
    client.close()


def answering(head: bytes, body: bytes = b"{}"):
    def mode(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return mode


def test_a_request_arrives_as_it_was_given(client):
    with hostile.serving(hostile.good) as server:
        headers = {"Authorization": "Token abc", "Content-Type": "application/json"}
        client.request("put", server.url + "/a?b=c%20d", headers=headers, body=b'{"id":"1"}')
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "PUT /ocpi/a?b=c%20d HTTP/1.1"
    assert {"Authorization: Token abc", "Content-Length: 10", "Accept-Encoding: identity"} <= set(lines)
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert json.loads(body) == {"id": "1"}


def test_an_answer_has_status_headers_in_any_case_and_body(client):
    head = b'404 Not Found\r\nLink: <a>; rel="next"\r\nLINK: <b>; rel="last"\r\nX-Total-Count: 7'
    with hostile.serving(answering(head, b"[]")) as server:
        answer = client.request("GET", server.url, headers={})
    assert (answer.status, answer.body) == (404, b"[]")
    assert answer.headers["x-total-count"] == "7"
    assert answer.headers["link"] == '<a>; rel="next", <b>; rel="last"'


def test_a_connection_is_kept_alive_and_obeys_each_deadline_anew(client):
    turns = hostile.in_turn(hostile.good, hostile.good, hostile.drip_body)
    with hostile.serving(turns) as server:
        client.request("GET", server.url, headers={}, deadline=2.0)
        time.sleep(2.1)
        client.request("GET", server.url, headers={}, deadline=2.0)
        began = time.monotonic()
        with pytest.raises(Unreachable, match="timeout"):
            client.request("GET", server.url, headers={}, deadline=2.0)
        assert time.monotonic() - began < 2.0 + hostile.SLACK
        assert server.connections == 1


def test_after_a_failure_the_connection_is_not_used_again(client):
    turns = hostile.in_turn(hostile.huge_length, hostile.good)
    with hostile.serving(turns) as server:
        with pytest.raises(Unreachable, match="too_large"):
            client.request("GET", server.url, headers={})
        assert client.request("GET", server.url, headers={}).body == b"{}"
        assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "again"), [("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)]
)
def test_only_what_may_be_repeated_is_asked_again_when_a_kept_connection_was_given_up(client, method, again):
    turns = hostile.in_turn(hostile.good, hostile.close_before_answer, hostile.good)
    with hostile.serving(turns) as server:
        client.request("GET", server.url, headers={})
        if again:
            assert client.request(method, server.url, headers={}, body=b"{}").status == 200
        else:
            with pytest.raises(Unreachable) as caught:
                client.request(method, server.url, headers={}, body=b"{}")
            assert (caught.value.kind, caught.value.sent) == ("closed_before_answer", True)
        assert len(server.requests) == 2 + again


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Token a\r\nX-Injected: 1"),
        ("Authorization", "Token a\n"),
        ("Authorization", "Token \x00"),
        ("Authorization", "Token ü"),
        ("Authorization", " Token a"),
        ("X-Bad: 1\r\nX", "1"),
        ("", "1"),
    ],
)
def test_a_header_that_could_carry_another_is_refused(client, name, value):  # security 35
    with hostile.serving(hostile.good) as server, pytest.raises(Unreachable, match="forbidden"):
        client.request("GET", server.url, headers={name: value})
    assert server.connections == 0


def test_the_environment_and_netrc_have_no_say(client, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile.serving(hostile.good) as server, hostile.serving(hostile.good) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        client.request("GET", server.url, headers={"Authorization": "Token mine"})
        assert b"Authorization: Token mine\r\n" in server.requests[0]
        assert proxy.connections == 0


def test_cookies_are_not_kept(client):
    with hostile.serving(answering(b"200 OK\r\nSet-Cookie: a=b")) as server:
        for _ in range(2):
            client.request("GET", server.url, headers={})
    assert b"Cookie" not in server.requests[1]


def test_the_second_address_is_tried_when_the_first_does_not_answer():
    def two(host, port, **more):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.9.9.9", "127.0.0.1")
        ]

    client = Client(LOOPBACK, deadline=3, resolve=two)
    with hostile.serving(hostile.good) as server:
        assert client.request("GET", f"http://partner.example:{server.port}/", headers={}).status == 200
    client.close()


def test_sixteen_threads_share_a_client_and_its_connections(client):
    together = threading.Barrier(16)

    def mode(stream: socket.socket) -> None:
        hostile.good(stream)

    def work(number: int) -> set[int]:
        together.wait(5)
        return {
            client.request("PUT", f"{server.url}/{number}/{turn}", headers={}, body=b"{}").status
            for turn in range(20)
        }

    with hostile.serving(mode) as server, ThreadPoolExecutor(16) as pool:
        assert set.union(*pool.map(work, range(16))) == {200}
        assert len(server.requests) == 320
        assert server.connections <= 16


def test_a_slow_peer_does_not_hold_up_another(client):
    with (
        hostile.serving(hostile.silence) as slow,
        hostile.serving(hostile.good) as fast,
        ThreadPoolExecutor(16) as pool,
    ):
        hanging = [pool.submit(client.request, "GET", slow.url, headers={}, deadline=3.0) for _ in range(15)]
        assert client.request("GET", fast.url, headers={}).status == 200
        assert not any(each.done() for each in hanging)
        assert {type(each.exception()) for each in hanging} == {Unreachable}
