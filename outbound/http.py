"""HTTP to addresses that are given from outside, and never into our own network, unless that is allowed.

The check is at the socket: an address is looked at when it is connected to, whatever name it came from. A name that
changes its address between a check and the connection (DNS rebinding) gains nothing. Redirects are not followed.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

import aiohttp
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from yarl import URL

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import say

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Statuses that say "not now": the request may be good a moment later.
NOT_NOW: Final = frozenset({408, 425, 429, *range(500, 600)}) - {501, 505}

#: Global unicast, RFC 4291. All else that IPv6 has is inside some network, or leads to IPv4 by another form.
_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
#: Anycast of 6to4 relays, RFC 7526: deprecated, and no place of a server.
_RELAYS: Final = ipaddress.IPv4Network("192.88.99.0/24")
#: RFC 6052: the last 32 bits of such an address are an IPv4 address, to which a gateway leads.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressNotAllowed(OSError):
    """The address is inside a network, and not in one that is allowed."""

    reason: Final = Reason(ReasonCode.ADDRESS_NOT_ALLOWED)

    def __init__(self) -> None:
        # The same text for each address of a name: aiohttp then raises this, and not an error made of several.
        super().__init__(say(self.reason, "en"))


def _reachable(url: str) -> str:
    parts = URL(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise ValueError("must be an http:// or https:// URL")
    if parts.user is not None or parts.fragment:
        raise ValueError("must have no login and no fragment")
    return url


Url = Annotated[str, AfterValidator(_reachable)]


def _network(text: Any) -> Any:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text} must be a network, e.g. 10.1.0.0/16") from None


_Network = Annotated[Network, BeforeValidator(_network), WithJsonSchema({"type": "string"})]
Networks = Annotated[
    tuple[_Network, ...],
    Field(
        description="networks inside ours that may be connected to, e.g. `10.1.0.0/16`; every other address must be a "
        "public one"
    ),
]


def refuse_plain(url: str, allowed: Sequence[Network], setting: str) -> None:
    """Raise ValueError for http:// where no network of ours is allowed: it would cross the internet readable."""
    if not allowed and URL(url).scheme == "http":
        raise ValueError(f"{setting}: must be https://, unless a network of ours is allowed")


def session(allowed: Sequence[Network], timeout_seconds: float) -> aiohttp.ClientSession:
    """Return a session whose every connection is checked. A request takes `timeout_seconds` at most, with its body.

    Proxies of the environment are not used: what is behind one can't be checked.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=_factory(allowed)),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "conexoes"},
        trust_env=False,
    )


async def read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return the body; None when it has more than `most` bytes, of which no more are read."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def reason(exc: Exception) -> str:
    """Return why a request failed, in one line and never empty: some errors of asyncio have no text."""
    cause = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    return (str(cause).splitlines() or [""])[0][:500] or type(cause).__name__


def is_not_allowed(exc: BaseException) -> bool:
    """Return True for the error of a request that was not sent: its address is inside a network, or no address."""
    return isinstance(getattr(exc, "os_error", exc), AddressNotAllowed | aiohttp.InvalidURL)


def is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Return True for a public address, and for one in an allowed network. `address` is numeric, as sockets have it.

    An IPv4 address inside an IPv6 one counts as itself: mapped, of 6to4, of Teredo, of NAT64. Of IPv6, only global
    unicast and NAT64's well-known prefix are public.
    """
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(
        any(each in network for network in allowed if network.version == each.version) or _is_public(each)
        for each in _meant(given)
    )


def _is_public(address: _Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address not in _RELAYS
    return address in _PUBLIC_V6 or address in _NAT64


def _meant(address: _Address) -> Iterator[_Address]:
    """Yield the addresses that a packet to `address` may reach."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    else:
        yield address
        if address in _NAT64:
            yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield from address.teredo


def _factory(allowed: Sequence[Network]) -> Callable[[Any], socket.socket]:
    def checked(info: Any) -> socket.socket:
        family, kind, protocol, _name, address = info
        if not is_allowed(str(address[0]), allowed):
            raise AddressNotAllowed()
        return socket.socket(family=family, type=kind, proto=protocol)

    return checked
