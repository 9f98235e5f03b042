"""Signatures of Standard Webhooks 1.0, symmetric: who has the secret can tell that a request is ours, and unchanged."""

import base64
import binascii
import hmac
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
#: Bytes of a secret, by the specification.
MIN_BYTES, MAX_BYTES = 24, 64


class Signer:
    """Signs with every secret that it has, of which a receiver needs one: so a secret is changed without a gap."""

    def __init__(self, secrets: str) -> None:
        """`secrets`: one or more with spaces between, each `whsec_` and 24 to 64 bytes in base64. Raises ValueError."""
        self._keys = [_key(each) for each in secrets.split()]
        if not self._keys:
            raise ValueError(f"must have a secret, which begins with {PREFIX}")

    def headers(self, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
        """Return the three headers of a message that is sent at `seconds` since 1970; its id has no dot."""
        signed = b"%s.%d.%s" % (message_id.encode(), seconds, body)
        signatures = (base64.b64encode(hmac.digest(key, signed, sha256)).decode() for key in self._keys)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
        }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not MIN_BYTES <= len(key) <= MAX_BYTES:
        raise ValueError(f"must be {PREFIX} and {MIN_BYTES} to {MAX_BYTES} bytes in base64")
    return key
