"""Bytes that are no JSON in UTF-8, and what they seem to be instead: so that a refusal names the true reason."""

from typing import Final

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Formats of compressed values, by how they begin.
_COMPRESSED: Final = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x82SNAPPY\x00": "snappy",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\x78\x01": "zlib",
    b"\x78\x5e": "zlib",
    b"\x78\x9c": "zlib",
    b"\x78\xda": "zlib",
}
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def compressed(name: str) -> Reason:
    """Return the reason for a value that its application compressed."""
    return Reason(ReasonCode.COMPRESSED, encoding=name)


def reason_for(value: bytes) -> Reason | None:
    """Say what a value is that can't be read as JSON; None when it is nothing that we know."""
    for beginning, name in _COMPRESSED.items():
        if value.startswith(beginning):
            return compressed(name)
    if value.startswith(_BYTE_ORDER_MARKS) or _has_wide_characters(value):
        return Reason(ReasonCode.UTF16_OR_UTF32)
    if value[:1] == b"\x00" and len(value) > 5:
        return Reason(ReasonCode.SCHEMA_REGISTRY, schema=int.from_bytes(value[1:5], "big"))
    return None


def _has_wide_characters(value: bytes) -> bool:
    """Tell UTF-16 and UTF-32 by the first two characters of a JSON text, which are ASCII: zeros beside each.

    A schema registry's frame begins with zeros too, for a number of a schema; those numbers are small.
    """
    first = [byte != 0 for byte in value[:8]]
    wide = ([True, False, True, False], [False, True, False, True])
    wider = ([True, False, False, False] * 2, [False, False, False, True] * 2)
    return first[:4] in wide or first in wider
