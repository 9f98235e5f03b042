"""The digest of what identifies a fault, and the entity's key, which never does."""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Final

from pydantic import StringConstraints

from schemas.fingerprint.code import is_all_that_is_told, is_status, is_told_as_code
from schemas.fingerprint.normalizer import normalize
from schemas.fingerprint.plain_text import LOOKED_AT

FINGERPRINT = re.compile(r"[0-9a-f]{16}")
Fingerprint = Annotated[str, StringConstraints(pattern=f"^{FINGERPRINT.pattern}$")]

_LONGEST_CACHED: Final = 1000  # so that the cache has 8 million characters at most
_SHORTEST_KEY: Final = 3  # a shorter one may be any word
#: Signs that are read as others after the markup is gone, with the same length.
_AS_SHOWN: Final = str.maketrans({">": "\n", "：": ":"})


def without_key(message: str, key: str) -> str:
    """Return `message` with a number in place of the entity's own key, where it stands alone.

    A key that could be an HTTP status stays where the message writes a status: `HTTP 500` of the SKU `500`. One that
    could be another code stays where the message names it as one, and says no more: `Error 8541` of the SKU `8541`.
    """
    parts, begin = [], 0
    shown = message.translate(_AS_SHOWN) if key.isdecimal() else ""
    is_code = is_told_as_code if is_status(key) else is_all_that_is_told
    while len(key) >= _SHORTEST_KEY and (at := message.find(key, begin)) >= 0:
        end = at + len(key)
        alone = not message[max(at - 1, 0) : at].isalnum() and not message[end : end + 1].isalnum()
        if shown and alone:
            alone = not is_code(shown, at, end)
        parts += [message[begin:at], "0" if alone else key]
        begin = end
    return "".join((*parts, message[begin:]))


def fingerprint(
    integration_type: str, affiliate: str, code: str | None, message: str | None, key: str | None = None
) -> str:
    """Return 16 hexadecimal characters for type, affiliate, error code and normalized message without `key`.

    Of a message longer than 50,000 characters the rest is not looked at.
    """
    text = (message or "")[:LOOKED_AT]
    if key is not None and key in text:
        text = without_key(text, key)
    made = _fingerprint if len(text) <= _LONGEST_CACHED else _fingerprint.__wrapped__
    return made(integration_type, affiliate, code or "", text)


@lru_cache(maxsize=8192)
def _fingerprint(integration_type: str, affiliate: str, code: str, message: str) -> str:
    parts = (integration_type, affiliate, code, normalize(message))
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
