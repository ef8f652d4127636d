"""Which addresses the hub may connect to, by name or by number."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import Any

from hub.net.failures import Unreachable

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Info = tuple[Any, Any, int, str, Any]
"""One answer of getaddrinfo: family, type, protocol, canonical name, socket address."""
Resolve = Callable[..., Sequence[Info]]

INWARD = tuple(
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible: ::127.0.0.1
        "64:ff9b::/96",  # NAT64, leads to any IPv4 address
        "64:ff9b:1::/48",  # the same, local use
        "2002::/16",  # 6to4, carries an IPv4 address
        "192.88.99.0/24",  # 6to4 relays
        "2001::/32",  # Teredo, carries an IPv4 address
        "fec0::/10",  # site-local of old
        "5f00::/16",  # segment routing inside a network
        "224.0.0.0/4",  # multicast
        "ff00::/8",
    )
)
"""Networks that `is_global` lets pass and that may lead back inside."""


def is_public(address: Address) -> bool:
    """Whether the address is one of the open internet."""
    return address.is_global and not any(address in network for network in INWARD)


def bare(text: str) -> Address:
    """The address without its zone; an IPv4 address in IPv6 clothes is an IPv4 address."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def is_allowed(text: str, allow_networks: Sequence[Network]) -> bool:
    """Whether the hub may connect: a public address, or one that the operator allows."""
    address = bare(text)
    return is_public(address) or any(address in network for network in allow_networks)


def resolve_within(resolve: Resolve, host: str, port: int, seconds: float) -> list[Info]:
    """All addresses of the host. A resolver cannot be interrupted, so it is left behind when time is up."""
    found: list[Info | Exception] = []

    def look_up() -> None:
        try:
            found.extend(resolve(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:  # UnicodeError is a ValueError
            found.append(error)

    waiting = Thread(target=look_up, daemon=True, name=f"resolve {host[:40]}")
    waiting.start()
    waiting.join(max(seconds, 0))
    if waiting.is_alive():
        raise Unreachable("timeout", f"{host} could not be resolved in time")
    if not found or isinstance(found[0], Exception):
        raise Unreachable("dns", f"{host} has no address ({found[0] if found else 'empty answer'})")
    return [info for info in found if not isinstance(info, Exception)]


def checked(infos: Sequence[Info], host: str, allow_networks: Sequence[Network]) -> list[Info]:
    """The same answers, if every one may be connected to: a name that mixes good and bad is not trusted."""
    for info in infos:
        if not is_allowed(info[4][0], allow_networks):
            raise Unreachable("forbidden", f"{host} leads to {info[4][0]}, which is not a public address")
    return list(infos)
