"""Numbers of variable length in a record, as Kafka writes them: those of a buffer, and of nothing behind it."""

from typing import Final

from aiokafka.record.util import decode_varint, decode_varint_py

#: Bytes of the longest number.
_LONGEST: Final = 10


def read_varint(buffer: bytes | bytearray, position: int) -> tuple[int, int]:
    """Return the number at a position, and the position after it.

    Raises IndexError for a position that is not in the buffer, and for a number that the buffer ends in; ValueError
    for one of more than 64 bits. aiokafka's compiled reader looks at neither end: a length that a record lies about
    makes it read the memory of others, or end the process.
    """
    if not 0 <= position < len(buffer):
        raise IndexError("a length leads out of the record")
    if position + _LONGEST <= len(buffer):
        number, position = decode_varint(buffer, position)
    else:
        number, position = decode_varint_py(buffer, position)
    return number, position
