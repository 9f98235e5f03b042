"""Rows as COPY takes them in binary.

The driver writes rows by itself, but looks twice at each element of an array. Format:
https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; that of arrays is what `array_send` writes.
"""

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from struct import Struct
from typing import Final

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_FIELDS: Final = Struct(">h")
_LENGTH: Final = Struct(">i")
#: Dimensions, flags, type of the elements; then length and first place of the one dimension.
_ARRAY: Final = Struct(">5i")
_EMPTY_ARRAY: Final = Struct(">3i")
_INTEGER_OID: Final = 23
_PIECE_BYTES: Final = 1024 * 1024
_INTEGER_BYTES: Final = 4
_ELEMENT_BYTES: Final = _LENGTH.size + _INTEGER_BYTES


def copied(rows: Iterable[Sequence[bytes]]) -> Iterator[bytes]:
    """Yield rows of values, each as its type has it in binary and none null, in pieces of about a MiB."""
    parts, size = [_HEADER], 0
    for row in rows:
        parts.append(_FIELDS.pack(len(row)))
        for value in row:
            parts += (_LENGTH.pack(len(value)), value)
            size += len(value)
        if size > _PIECE_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    parts.append(_TRAILER)
    yield b"".join(parts)


def integer_arrays(arrays: Sequence[Collection[int]]) -> Iterator[bytes]:
    """Yield each as a value of `integer[]`. Raises OverflowError for a number that is no `integer`."""
    numbers = array("i")
    for each in arrays:
        numbers.extend(each)
    if sys.byteorder == "little":
        numbers.byteswap()
    written = numbers.tobytes()
    elements = bytearray(_LENGTH.pack(_INTEGER_BYTES) + bytes(_INTEGER_BYTES)) * len(numbers)
    for place in range(_INTEGER_BYTES):
        elements[_LENGTH.size + place :: _ELEMENT_BYTES] = written[place::_INTEGER_BYTES]
    start = 0
    for each in arrays:
        head = _ARRAY.pack(1, 0, _INTEGER_OID, len(each), 1) if each else _EMPTY_ARRAY.pack(0, 0, _INTEGER_OID)
        end = start + len(each) * _ELEMENT_BYTES
        yield head + elements[start:end]
        start = end
