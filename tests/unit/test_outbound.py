"""Addresses that a bridge may connect to."""

from ipaddress import ip_network

import pytest

from outbound.http import is_allowed

PUBLIC = ["8.8.8.8", "200.147.3.157", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - the address that stands for this machine
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds keep the secrets of a machine
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
    "2001:0:a00:1::f5ff:fffe",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_a_network_is_not(address: str) -> None:
    assert not is_allowed(address, ())


#: Networks that are no part of the internet, by the registries of special-purpose addresses (RFC 6890) and RFC 4291.
NETWORKS = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24"),
    *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
    *("240.0.0.0/4", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "5f00::/16"),
    *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "4000::/2", "8000::/2", "c000::/3", "200::/7", "400::/6"),
]


@pytest.mark.parametrize("name", NETWORKS)
def test_no_address_of_a_network_inside_is_public_and_each_can_be_allowed(name: str) -> None:
    network = ip_network(name)
    for number in {*range(16), *(network.num_addresses * part // 7 for part in range(7)), network.num_addresses - 1}:
        address = network[number]
        assert not is_allowed(str(address), ()), address
        assert is_allowed(str(address), (network,)), address


@pytest.mark.parametrize("address", ["127.1", "2130706433", "0x7f.0.0.1", "localhost", "", "1.2.3.4.5"])
def test_what_is_no_numeric_address_is_not_allowed(address: str) -> None:
    assert not is_allowed(address, (ip_network("0.0.0.0/0"), ip_network("::/0")))


def test_a_network_that_is_allowed_is_allowed_by_every_spelling_of_its_addresses_and_no_other_is() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "8.8.8.8"):
        assert is_allowed(address, allowed), address
    for address in ("10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "fe80::1"):
        assert not is_allowed(address, allowed), address
