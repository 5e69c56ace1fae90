"""Where messages may not go, judged by the facts of Python's own ipaddress module and by what people have tried."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.webhooks.address import AddressRefused, addresses_of, public, target_of

FACTS = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_reserved", "is_unspecified")
ipv4 = st.ip_addresses(v=4)  # half of them from special ranges
ipv6 = st.ip_addresses(v=6)


def wrapped(inner: IPv4Address) -> list[IPv6Address]:
    """All the ways in which an IPv4 address stands in an IPv6 one and a connection gets to it."""
    bits = int(inner)
    return [
        IPv6Address(0xFFFF << 32 | bits),  # mapped
        IPv6Address((0x2002 << 112) | bits << 80 | 1),  # 6to4
        IPv6Address((0x64FF9B << 96) | bits),  # NAT64
    ]


def plainly(address: IPv4Address | IPv6Address) -> bool:
    """Whether none of Python's facts speaks against an address."""
    return address.is_global and not any(getattr(address, fact) for fact in FACTS)


@given(ipv4)
@settings(deadline=None, max_examples=500)
def test_a_public_address_is_one_by_every_fact(address: IPv4Address) -> None:
    if public(address):
        assert plainly(address)
    elif plainly(address):  # more is refused than those facts know, and no more than this
        assert str(address).startswith(("192.0.0.", "192.88.99."))


@given(ipv4)
@settings(deadline=None, max_examples=500)
def test_what_is_wrapped_is_as_public_as_what_is_inside(address: IPv4Address) -> None:
    assert {public(each) for each in wrapped(address)} == {public(address)}


@given(ipv6)
@settings(deadline=None, max_examples=500)
def test_a_public_ipv6_address_is_one_by_every_fact(address: IPv6Address) -> None:
    if public(address) and address.ipv4_mapped is None and not str(address).startswith("64:ff9b::"):
        assert plainly(address)
        assert not address.is_site_local
        assert int(address) >> 125 == 1  # 2000::/3


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.127.255.255", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "192.88.99.1"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0"),
        *(
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "3fff::1",
        ),
        *("2002:7f00:1::", "2002:a00:1::1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "5f00::1"),
    ],
)
def test_no_such_address_is_public(address: str) -> None:
    assert not public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111"])
def test_such_an_address_is_public(address: str) -> None:
    assert public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://crm.example.com/", "begins with https://"),
        ("ftp://crm.example.com/", "begins with https://"),
        ("//crm.example.com/", "begins with https://"),
        ("crm.example.com", "begins with https://"),
        ("https://", "names no host"),
        ("https:///hook", "names no host"),
        ("https://user@crm.example.com/", "no user and no password"),
        ("https://user:word@crm.example.com/", "no user and no password"),
        ("https://@crm.example.com/", "no user and no password"),
        ("https://crm.example.com:x/", "cannot be read"),
        ("https://crm.example.com:65536/", "cannot be read"),
        ("https://crm.example.com:0/", "names no host"),
        ("https://[::1/", "cannot be read"),
        ("https://[fe80::1%25eth0]/", "names no host"),
        ("https://crm.example.com/a b", "ASCII"),
        ("https://crm.example.com/\r\nx-evil: 1", "ASCII"),
        ("https://crm.example.com\\@localhost/", "ASCII"),
        ("https://crm。example.com/", "ASCII"),
        ("https://crm.example.com/" + "x" * 2_000, "2,000 characters"),
    ],
)
def test_such_a_url_is_refused(url: str, message: str) -> None:
    with pytest.raises(AddressRefused, match=message):
        target_of(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "127.1", "0", "[::ffff:7f00:1]"]
)
def test_a_name_of_the_own_machine_is_refused_however_it_is_written(host: str) -> None:
    """As the machine's own resolver reads it."""
    with pytest.raises(AddressRefused, match="not public"):
        addresses_of(target_of(f"https://{host}/"), allow_private=False)


def found(*addresses: str) -> Any:
    def lookup(host: str, port: int, type: int) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, type, 6, "", (each, port)) for each in addresses]

    return lookup


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    target = target_of("https://crm.example.com/")
    with pytest.raises(AddressRefused):
        addresses_of(target, allow_private=False, lookup=found("8.8.8.8", "10.0.0.1"))
    assert addresses_of(target, allow_private=False, lookup=found("8.8.8.8", "8.8.8.8", "9.9.9.9")) == (
        "8.8.8.8",
        "9.9.9.9",
    )
    assert addresses_of(target, allow_private=True, lookup=found("10.0.0.1")) == ("10.0.0.1",)


def test_a_name_that_cannot_be_is_refused() -> None:
    with pytest.raises(AddressRefused, match="cannot be"):
        addresses_of(target_of("https://" + "a" * 64 + ".example.com/"), allow_private=False)
