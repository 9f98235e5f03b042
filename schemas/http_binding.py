"""CloudEvents HTTP protocol binding: the headers of a request, as those of a Kafka record."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from schemas.envelope import MODES
from schemas.media_type import is_json, media_type

_PREFIX = "ce-"
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def is_read(content_type: str) -> bool:
    """Return True for the media type of a structured event, of a batch, or of data in JSON."""
    return (kind := media_type(content_type)) in MODES or is_json(kind)


def record_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, bytes]]:
    """Return `content-type`, and in binary mode the attributes, as a Kafka record has them: `ce-id` is `ce_id`.

    A value is unescaped as the binding says: what stands in quotation marks first, then percent-encoding, once. No
    other header is taken over.
    """
    given = [(name.decode("latin-1").lower(), value) for name, value in headers]
    content_type = [(name, value) for name, value in given if name == "content-type"]
    if any(media_type(value.decode("latin-1")) in MODES for _name, value in content_type):
        return content_type
    attributes = [
        (f"ce_{name.removeprefix(_PREFIX)}", _unescaped(value)) for name, value in given if name.startswith(_PREFIX)
    ]
    return [*content_type, *attributes]


def _unescaped(value: bytes) -> bytes:
    text = value.decode("latin-1")
    if (quoted := _QUOTED.fullmatch(text)) is not None:
        text = _ESCAPED.sub(r"\1", quoted[1])
    return unquote_to_bytes(text.encode("latin-1"))
