"""Which URLs lead outside, and that no other is ever connected to."""

import socket
import threading
import time
from ipaddress import ip_address, ip_network

import hostile
import pytest

from hub.net import Client, Unreachable
from hub.net.addresses import is_allowed, is_public

LOOPBACK = (ip_network("127.0.0.0/8"),)

INWARD = [  # security 11
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::]",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "①②⑦.⓪.⓪.①",
]


@pytest.fixture
def canary():
    with hostile.serving(hostile.good) as server:
        yield server


def refused(client: Client, url: str) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        client.request("GET", url, headers={"Authorization": "Token secret"})
    assert not caught.value.sent
    return caught.value


def naming(*addresses: str):
    """A resolver that gives these addresses for every name."""

    def resolve(host, port, **more):
        return [
            info for each in addresses for info in socket.getaddrinfo(each, port, type=socket.SOCK_STREAM)
        ]

    return resolve


@pytest.mark.parametrize("host", INWARD)
def test_an_address_that_is_not_public_is_never_connected_to(canary, host):  # security 11
    assert refused(Client(deadline=2), f"http://{host}:{canary.port}/ocpi").kind in ("forbidden", "dns")
    assert canary.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("::1",), ("93.184.216.34", "127.0.0.1"), ("127.0.0.1", "93.184.216.34")],
)
def test_a_name_is_refused_when_any_of_its_addresses_is_inside(canary, addresses):
    client = Client(deadline=2, resolve=naming(*addresses))
    assert refused(client, f"http://partner.example:{canary.port}/").kind == "forbidden"
    assert canary.connections == 0


def test_a_name_is_resolved_once_so_that_rebinding_finds_no_gap():
    asked = []

    def rebinding(host, port, **more):
        asked.append(host)
        target = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return socket.getaddrinfo(target, port, type=socket.SOCK_STREAM)

    client = Client((ip_network("127.0.0.1/32"),), deadline=2, resolve=rebinding)
    with hostile.serving(hostile.good) as server:
        url = f"http://partner.example:{server.port}/"
        for _ in range(2):
            assert client.request("GET", url, headers={}).status == 200
        assert asked == ["partner.example"]
        assert b"Host: partner.example:" in server.requests[0]
        client.close()
        assert refused(client, url).kind == "forbidden"


@pytest.mark.parametrize(
    "url",
    [
        "http://user@127.0.0.1:{port}/",
        "http://user:password@127.0.0.1:{port}/",
        "http://@127.0.0.1:{port}/",
        "http://partner.example@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@partner.example/",
        "http:\\\\127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/a b",
        " http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/\r\nX-Injected: 1",
        "http://127.0.0.1\x00:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "data:application/json,[]",
        "//127.0.0.1:{port}/",
        "127.0.0.1:{port}",
        "http://",
        "http:///ocpi",
        "http://127.0.0.1:{port}x/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused(canary, url):  # security 11, 13
    assert refused(Client(LOOPBACK, deadline=2), url.format(port=canary.port)).kind == "forbidden"
    assert canary.connections == 0


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 300, "ü" * 70, "..", "a..b"])
def test_a_name_without_an_address_is_a_matter_of_dns(host):
    def nothing(host, port, **more):
        host.encode("idna")
        raise socket.gaierror(-2, "Name or service not known")

    assert refused(Client(deadline=2, resolve=nothing), f"http://{host}/").kind in ("dns", "forbidden")


def test_a_resolver_that_hangs_ends_at_the_deadline():
    over = threading.Event()

    def hanging(host, port, **more):
        over.wait(60)
        return []

    began = time.monotonic()
    assert refused(Client(deadline=0.3, resolve=hanging), "http://partner.example/").kind == "timeout"
    assert time.monotonic() - began < 0.3 + hostile.SLACK
    over.set()


def test_the_operator_may_allow_networks():
    assert is_allowed("10.1.2.3", (ip_network("10.0.0.0/8"),))
    assert is_allowed("::ffff:10.1.2.3", (ip_network("10.0.0.0/8"),))
    assert not is_allowed("10.1.2.3", (ip_network("192.168.0.0/16"), ip_network("fd00::/8")))
    assert is_allowed("fd00::1%eth0", (ip_network("fd00::/8"),))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::8a"])
def test_addresses_of_the_open_internet_are_public(address):
    assert is_public(ip_address(address))
