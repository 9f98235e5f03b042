"""Text that PostgreSQL and UTF-8 can hold: without NUL and lone surrogates."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Tell whether `text` has neither NUL nor a lone surrogate."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """Return `text` with U+FFFD for each NUL and lone surrogate. JSON documents get the same: schemas.json_document."""
    return _UNSTORABLE.sub("\ufffd", text)
