"""The total order of the results of one entity: the greatest is shown, in whatever order they came."""

from struct import Struct

_NUMBERS = Struct(">QQQ")
_SIGNED = 1 << 63  # moves signed 64-bit numbers into the unsigned ones, in order
_ABSENT = -1


def version(processed_ns: int, sequence: int | None, event_ns: int, source: str, event_id: str) -> bytes:
    """Return `(processed_at, sequence or -1, time, source, id)` as bytes that compare as that tuple does.

    PostgreSQL's bytea and Python compare bytes alike, so neither needs to know the parts. Numbers are nanoseconds
    since 1970 and a sequence, all within 64 bits; text compares by code point, as UTF-8 does, and holds no NUL.
    """
    return version_of(processed_ns, sequence, event_ns, named(source, event_id))


def named(source: str, event_id: str) -> bytes:
    """Return the part of a version that names the event, which `result_id` hashes too."""
    return f"{source}\x00{event_id}".encode("utf-8", "surrogatepass")


def version_of(processed_ns: int, sequence: int | None, event_ns: int, event: bytes) -> bytes:
    """Return the version of an event that is `named` so."""
    numbers = _NUMBERS.pack(
        processed_ns + _SIGNED, (_ABSENT if sequence is None else sequence) + _SIGNED, event_ns + _SIGNED
    )
    return numbers + event
