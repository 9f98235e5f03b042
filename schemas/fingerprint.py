"""One short name for one fault: the same for every entity that has it.

What varies between entities (numbers, ids, quoted values, dates, addresses) is taken out of the message,
so that "SKU 123 has no price" and "SKU 456 has no price" are one fault.
"""

import re
from functools import lru_cache
from hashlib import blake2b

_READ_CHARACTERS = 500  # a stack trace is told by how it begins

_MARKUP = re.compile(r"<[^<>]{0,200}>")
_VARIABLE = re.compile(
    r"""
      (?P<link>   https?://\S+ )
    | (?P<mail>   [\w.+-]+@[\w-]+\.[\w.]+ )
    | (?P<quoted> "[^"\n]{0,200}" | “[^”\n]{0,200}” | «[^»\n]{0,200}» | `[^`\n]{0,200}` | (?<!\w)'[^'\n]{0,200}'(?!\w) )
    | (?P<uuid>   \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b )
    | (?P<id>     \b(?=[\w-]*\d)[\w-]+\b )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PUNCTUATED_NUMBER = re.compile(r"[#$€£]?\s*#(?:\s*[.,:/+-]\s*#)*")
_SPACES = re.compile(r"\s+")


def normalize(message: str) -> str:
    """The message without what varies from entity to entity, lower case, single spaces."""
    text = _MARKUP.sub(" ", message[:_READ_CHARACTERS])
    text = _VARIABLE.sub(_placeholder, text)
    text = _PUNCTUATED_NUMBER.sub("#", text)
    return _SPACES.sub(" ", text).strip().lower()


def _placeholder(match: re.Match[str]) -> str:
    return "#" if match.lastgroup in {"uuid", "id"} else f"<{match.lastgroup}>"


@lru_cache(maxsize=8192)
def fingerprint(integration_type: str, affiliate: str, code: str | None, message: str | None) -> str:
    """16 hexadecimal characters for type, affiliate, error code and normalized message."""
    parts = (integration_type, affiliate, code or "", normalize(message or ""))
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
