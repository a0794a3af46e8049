"""Which network addresses a gateway may reach: public ones, private ones where somebody said so, some never.

A host's name is resolved once, each of its addresses is judged, and the connection goes to one that was judged: a name
that leads elsewhere a moment later leads nobody there.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

#: The address is on this machine or in a private network, which the provider may not reach.
PRIVATE = "private_address"
#: The address is none that any provider may have, whatever was allowed.
FORBIDDEN = "forbidden_address"

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # "this" machine, which systems take for loopback
        "169.254.0.0/16",  # link-local, where most clouds tell a machine its credentials
        "100.100.100.200/32",  # Alibaba's metadata
        "168.63.129.16/32",  # Azure's
        "192.0.0.192/32",  # Oracle's
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "fd00:ec2::/32",  # Amazon's metadata
        "fd20:ce::/32",  # Google's
        "fd00:42::42/128",  # Scaleway's
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED_HERE = ipaddress.ip_network("64:ff9b:1::/48")  # by a network's own rules, so to its own addresses too
_COMPATIBLE = ipaddress.ip_network("::/96")
_LOOPBACK = IPv6Address("::1")
#: A last label as systems read numbers: decimal, octal, hexadecimal.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.ASCII | re.IGNORECASE)


class AddressRefused(OSError):
    """No address of a host may be reached; ``code`` is ``private_address`` or ``forbidden_address``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def allowed(host: str, port: int, *, private: bool, family: int = socket.AF_UNSPEC) -> list[str]:
    """The addresses of a host that may be reached, in the order in which the system gives them; asks the system.

    ``private`` lets private ones pass. Raises ``AddressRefused`` where none is left, and what ``getaddrinfo`` raises.
    """
    name = host.strip("[]")
    if _is_odd_number(name):
        raise AddressRefused(FORBIDDEN)
    found = socket.getaddrinfo(name, port, family, socket.SOCK_STREAM)
    judged = {str(entry[4][0]): "" for entry in found}
    for address in judged:
        judged[address] = refusal(address, private=private)
    passed = [address for address, code in judged.items() if not code]
    if not passed:
        raise AddressRefused(PRIVATE if PRIVATE in judged.values() else FORBIDDEN)
    return passed


def refusal(address: str, *, private: bool) -> str:
    """Why an address may not be reached: ``private_address``, ``forbidden_address``, or nothing where it may.

    One that carries another in it, as translations and tunnels do, is judged by both.
    """
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return FORBIDDEN
    every = [given, *_carried(given)]
    if any(one in network for one in every for network in _NEVER):
        return FORBIDDEN
    if private:
        return ""
    return "" if all(one.is_global for one in every[1:] or every) and given not in _TRANSLATED_HERE else PRIVATE


def _carried(given: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The addresses of the older kind inside one of the newer kind."""
    if isinstance(given, IPv4Address):
        return
    low = IPv4Address(int(given) & 0xFFFF_FFFF)
    if given.ipv4_mapped is not None or given in _TRANSLATED or (given in _COMPATIBLE and given != _LOOPBACK):
        yield low
    if given.sixtofour is not None:
        yield given.sixtofour
    if given.teredo is not None:
        yield from given.teredo


def _is_odd_number(host: str) -> bool:
    """Whether systems would take the host for an address although it is not written as one: 2130706433, 0x7f.1."""
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return False
    try:
        IPv4Address(host)
    except ValueError:
        return True
    return False
