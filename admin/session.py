"""Sessions of the pages: who signed in, in a signed cookie; nothing of it is kept here.

A session names the SHA-256 of the access key, never the key, and what the key grants is looked up for each request:
so a revoked key ends its sessions within `api.authentication.CACHE_SECONDS`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

SESSION_SECONDS = 7 * 24 * 3600
#: A sign-in link is for whoever has just started the system.
LINK_SECONDS = 12 * 3600
_DIGEST_BYTES = 32
_NONCE_BYTES = 16
_TIME_BYTES = 5
_MAC_BYTES = 32


class Session(NamedTuple):
    """One sign-in."""

    key_digest: bytes  # SHA-256 of the access key
    nonce: bytes  # tells it from every other session; forms are bound to it


class Link(NamedTuple):
    """A sign-in link that is ours and not too old. Whether it was used already, the database knows."""

    nonce: bytes


class Sessions:
    """Makes and reads what is signed with one secret. Whoever has the secret can sign in as anyone."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._secret = secret
        self._clock = clock

    def start(self, key_digest: bytes) -> str:
        """The cookie of a new session, good for SESSION_SECONDS."""
        return self._sign(b"session", key_digest + secrets.token_bytes(_NONCE_BYTES), SESSION_SECONDS)

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None when it is not ours, or is over."""
        content = self._open(b"session", cookie)
        if content is None or len(content) != _DIGEST_BYTES + _NONCE_BYTES:
            return None
        return Session(content[:_DIGEST_BYTES], content[_DIGEST_BYTES:])

    def make_link(self) -> str:
        """A token that signs in with the bootstrap key, once, within LINK_SECONDS."""
        return self._sign(b"link", secrets.token_bytes(_NONCE_BYTES), LINK_SECONDS)

    def read_link(self, token: str) -> Link | None:
        """The link of a token; None when it is not ours, or too old."""
        content = self._open(b"link", token)
        return None if content is None else Link(content)

    def form_token(self, session: Session) -> str:
        """What a form of this session carries. Different each time: an answer's compressed size tells nothing of it."""
        salt = secrets.token_bytes(_NONCE_BYTES)
        return _text(salt + self._mac(b"form", salt + session.nonce))

    def is_form_of(self, session: Session, token: str) -> bool:
        """Whether a form was made for this session."""
        content = _bytes(token)
        if content is None or len(content) != _NONCE_BYTES + _MAC_BYTES:
            return False
        salt, mac = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        return hmac.compare_digest(mac, self._mac(b"form", salt + session.nonce))

    def _sign(self, purpose: bytes, content: bytes, seconds: int) -> str:
        body = (int(self._clock()) + seconds).to_bytes(_TIME_BYTES, "big") + content
        return _text(body + self._mac(purpose, body))

    def _open(self, purpose: bytes, text: str) -> bytes | None:
        signed = _bytes(text)
        if signed is None or len(signed) < _TIME_BYTES + _MAC_BYTES:
            return None
        body, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(purpose, body)):
            return None
        return body[_TIME_BYTES:] if int.from_bytes(body[:_TIME_BYTES], "big") > self._clock() else None

    def _mac(self, purpose: bytes, content: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + content, hashlib.sha256)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
