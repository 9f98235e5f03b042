"""Sessions of the pages, in signed cookies; the server stores none, but those of admin.person_sessions.

A session has the SHA-256 of the access key, never the key, and the key's grant is looked up for each request: so a
revoked key ends its sessions within `api.authentication.CACHE_SECONDS`.
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
#: Life of a sign-in link, which is for the person who has just started the system.
LINK_SECONDS = 12 * 3600
_DIGEST_BYTES = 32
_NONCE_BYTES = 16
_TIME_BYTES = 5
_MAC_BYTES = 32


class Session(NamedTuple):
    """One sign-in."""

    key_digest: bytes  # SHA-256 of the access key
    nonce: bytes  # unique for the session; forms are bound to it
    is_person: bool = False  # signed in by an issuer, which is asked again: admin.person_sessions


class Link(NamedTuple):
    """A sign-in link that is ours and not too old. The database knows if it was used."""

    nonce: bytes


class Sessions:
    """Maker and reader of cookies and links that one secret signs. Whoever has the secret can sign in as anyone."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        """Take `clock`, which gives seconds since the epoch."""
        self._secret = secret
        self._clock = clock

    def start(self, key_digest: bytes) -> str:
        """Return the cookie of a new session, valid for SESSION_SECONDS."""
        return self._sign(b"session", key_digest + secrets.token_bytes(_NONCE_BYTES), SESSION_SECONDS)

    def start_person(self, key_digest: bytes) -> tuple[str, Session]:
        """Return the cookie of a new session of a person whom an issuer knows, and the session."""
        session = Session(key_digest, secrets.token_bytes(_NONCE_BYTES), is_person=True)
        return self._sign(b"person", session.key_digest + session.nonce, SESSION_SECONDS), session

    def read(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None when it is not ours, or has expired."""
        for purpose in (b"session", b"person"):
            content = self._open(purpose, cookie)
            if content is not None and len(content) == _DIGEST_BYTES + _NONCE_BYTES:
                return Session(content[:_DIGEST_BYTES], content[_DIGEST_BYTES:], is_person=purpose == b"person")
        return None

    def secret_for(self, purpose: bytes) -> bytes:
        """Return 32 bytes that only who has the secret can make, the same for the same purpose."""
        return self._mac(b"secret", purpose)

    def seal(self, content: bytes, seconds: int) -> str:
        """Return `content`, signed but legible, for the cookie of somebody who is signing in."""
        return self._sign(b"signing in", content, seconds)

    def unseal(self, text: str) -> bytes | None:
        """Return what was sealed; None when it is not ours, or too old."""
        return self._open(b"signing in", text)

    def make_link(self) -> str:
        """Return a token that signs in with the bootstrap key, once, within LINK_SECONDS."""
        return self._sign(b"link", secrets.token_bytes(_NONCE_BYTES), LINK_SECONDS)

    def read_link(self, token: str) -> Link | None:
        """Return the link of a token; None when it is not ours, or too old."""
        content = self._open(b"link", token)
        return None if content is None else Link(content)

    def form_token(self, session: Session) -> str:
        """Return the token of a form of this session. It differs each time, so that compressed sizes reveal nothing."""
        salt = secrets.token_bytes(_NONCE_BYTES)
        return _text(salt + self._mac(b"form", salt + session.nonce))

    def is_form_of(self, session: Session, token: str) -> bool:
        """Return True when a form was made for this session."""
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
