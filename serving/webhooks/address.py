"""The addresses that messages may go to: by default only public ones, so no webhook reaches the shop's own network.

Whoever may add a webhook chooses a URL, and the server that sends stands inside that network: without these checks it
could be used for request forgery. A host name is looked up once, all its addresses are checked, and the connection goes
to one of these addresses: a name that points elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

from features.errors import InputError

Lookup = Callable[..., Sequence[tuple[Any, ...]]]
LONGEST_URL = 2_000
PORTS = {"http": 80, "https": 443}
# Special networks that the lists of some Python version lack.
# Source: IANA special-purpose address registries, https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "2001::/23", "2001:db8::/32", "3fff::/20")
)
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has assigned to the public internet
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class AddressRefused(InputError):
    """A webhook's URL is invalid, or leads to an address that messages may not go to."""


@dataclass(frozen=True)
class Target:
    """The parts of a webhook's URL; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header.

        >>> target_of("https://[2606:4700::1111]:8443/in").authority
        '[2606:4700::1111]:8443'
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, *, allow_private: bool = False) -> Target:
    """Parse a webhook's URL; no name is looked up.

    Raises:
        AddressRefused: a scheme other than https (with `allow_private` also http), a user or password in it, a
            character that no URL may hold, or no host.

    >>> target_of("https://crm.example.com/hooks?shop=7")
    Target(scheme='https', host='crm.example.com', port=443, path='/hooks?shop=7')
    """
    if len(url) > LONGEST_URL or not all("!" <= letter <= "~" and letter != "\\" for letter in url):
        raise AddressRefused(f"a webhook's URL is up to {LONGEST_URL:,} characters of ASCII; write a name as xn--…")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefused("the webhook's URL cannot be read; write https://host/path") from None
    if parts.scheme not in (("http", "https") if allow_private else ("https",)):
        raise AddressRefused("a webhook's URL begins with https://; http:// goes only with --allow-private")
    if "@" in parts.netloc:
        raise AddressRefused("a webhook's URL holds no user and no password; messages are signed instead")
    if not host or "%" in host or port == 0:
        raise AddressRefused("the webhook's URL names no host; write https://host/path")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to the public internet; an embedded IPv4 address decides.

    >>> [public(ipaddress.ip_address(each)) for each in ("8.8.8.8", "10.0.0.1", "::ffff:10.0.0.1", "100.64.0.1")]
    [True, False, False, False]
    """
    inner = _embedded_ipv4(address)
    if inner is not None:
        return public(inner)
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return isinstance(address, IPv4Address) or address in _UNICAST


def addresses_of(target: Target, *, allow_private: bool, lookup: Lookup = socket.getaddrinfo) -> tuple[str, ...]:
    """Look a host up once, and return the addresses that a connection may be made to.

    Args:
        target: the webhook's parsed URL.
        allow_private: whether addresses may be private.
        lookup: a function like `socket.getaddrinfo`.

    Raises:
        AddressRefused: one of its addresses is not public; then the others are not trusted either.
        OSError: the name is unknown, or cannot be looked up.

    >>> addresses_of(target_of("https://127.0.0.1/"), allow_private=True)
    ('127.0.0.1',)
    """
    try:
        found = lookup(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a part of the name is empty or too long
        raise AddressRefused("the webhook's URL names a host that cannot be") from None
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise OSError("no address")
    if not allow_private and not all(public(ipaddress.ip_address(each)) for each in addresses):
        raise AddressRefused("the webhook leads to an address that is not public; --allow-private lets it")
    return addresses


def _embedded_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside an IPv6 address (mapped, 6to4 or NAT64), or None."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
