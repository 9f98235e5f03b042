"""Decompresses record batches under a ceiling, instead of aiokafka's own codecs, which expand whatever comes.

The broker counts compressed bytes: 26 KB of zstd may hold 600 MiB, 2 MiB of it terabytes. `install` puts these codecs
in the place of aiokafka's, so that each batch is still expanded once, and no way to a record leads around the ceiling.
Relies on insides of aiokafka 0.14.0 and on one sentence of cramjam 2.14; tests/unit/test_expansion.py watches both.
"""

import mmap
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiokafka.record._crecords.default_records as compiled_batches
import aiokafka.record._crecords.legacy_records as compiled_messages
import aiokafka.record.default_records as batches
import aiokafka.record.legacy_records as messages
import cramjam

from agents.kafka.varint import read_varint
from agents.kafka.weight import HEADER_BYTES

MEBIBYTE = 1024 * 1024
#: Size of the buffer that is kept and used again. Most batches fit.
_SCRATCH_BYTES = MEBIBYTE
#: Size of a record below which its headers are not counted.
_LARGE_RECORD_BYTES = 64 * 1024
#: Attributes, timestamp, offset, key, value and headers: a byte each.
_SMALLEST_RECORD = 6
#: Bytes of a gzip stream that are decompressed at a time.
_PIECE_BYTES = 64 * 1024
_GZIP = 31  # zlib's word for the gzip format
#: Message of cramjam when the output does not fit. Its errors have one class.
_NO_ROOM = "failed to write whole buffer"
_XERIAL_HEADER = b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"

_kept = threading.local()


class ExpansionTooLarge(Exception):
    """A record batch that is larger than the ceiling when it is expanded."""

    def __init__(self, ceiling: int) -> None:
        super().__init__(f"it is larger than {ceiling} bytes when it is decompressed")
        self.ceiling = ceiling


class Codecs:
    """Decompressors that never hold more than `ceiling` bytes of output."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling

    def gzip(self, data: Any) -> bytes:
        """Expand members of gzip. Raises ExpansionTooLarge, or EOFError or zlib.error for what is none."""
        data = memoryview(data)
        out: list[bytes] = []
        room = self._ceiling
        member = zlib.decompressobj(_GZIP)
        for start in range(0, len(data), _PIECE_BYTES):
            piece = bytes(data[start : start + _PIECE_BYTES])
            while piece:
                if member.eof:
                    piece = piece.lstrip(b"\x00")  # padding between members
                    member = zlib.decompressobj(_GZIP) if piece else member
                    continue
                expanded = member.decompress(piece, room + 1)
                room -= len(expanded)
                if room < 0:
                    raise ExpansionTooLarge(self._ceiling)
                out.append(expanded)
                piece = member.unused_data
        if not member.eof:
            raise EOFError("the gzip stream ends too early")
        return self._read(b"".join(out))

    def snappy(self, data: Any) -> bytes:
        """Expand snappy, bare or in the blocks of the Java library. Raises ExpansionTooLarge or a ValueError."""
        raw = bytes(data)
        if not raw.startswith(_XERIAL_HEADER) or len(raw) == len(_XERIAL_HEADER):
            return self._read(self._snappy_block(raw, self._ceiling))
        out: list[bytes] = []
        room, position = self._ceiling, len(_XERIAL_HEADER)
        while position < len(raw):
            size = int.from_bytes(raw[position : position + 4], "big", signed=True)
            begin, position = position + 4, position + 4 + size
            if size <= 0 or position > len(raw):
                raise ValueError("the lengths of the snappy blocks do not add up")
            block = self._snappy_block(raw[begin:position], room)
            room -= len(block)
            out.append(block)
        return self._read(b"".join(out))

    def _snappy_block(self, raw: bytes, room: int) -> bytes:
        if cramjam.snappy.decompress_raw_len(raw) > room:
            raise ExpansionTooLarge(self._ceiling)
        return bytes(cramjam.snappy.decompress_raw(raw))

    def lz4(self, data: Any) -> bytes:
        """Expand lz4 frames. Raises ExpansionTooLarge or cramjam.DecompressionError."""
        return self._read(self._expand(cramjam.lz4.decompress_into, bytes(data)))

    def zstd(self, data: Any) -> bytes:
        """Expand zstd frames. Raises ExpansionTooLarge or cramjam.DecompressionError."""
        return self._read(self._expand(cramjam.zstd.decompress_into, bytes(data)))

    def _expand(self, decompress_into: Callable[[bytes, Any], int], raw: bytes) -> bytes:
        """Decompress into memory of a fixed size, since these formats don't say reliably what they hold."""
        scratch = getattr(_kept, "scratch", None)
        if scratch is None:
            scratch = _kept.scratch = bytearray(_SCRATCH_BYTES)
        if self._ceiling >= _SCRATCH_BYTES:
            try:
                return bytes(memoryview(scratch)[: decompress_into(raw, scratch)])
            except cramjam.DecompressionError as exc:
                if _NO_ROOM not in str(exc):
                    raise
        # Pages of it that nothing is written to cost no memory.
        with mmap.mmap(-1, self._ceiling) as large:
            try:
                return large[: decompress_into(raw, large)]
            except cramjam.DecompressionError as exc:
                if _NO_ROOM in str(exc):
                    raise ExpansionTooLarge(self._ceiling) from exc
                raise

    def _read(self, expanded: bytes) -> bytes:
        _kept.largest = max(getattr(_kept, "largest", 0), len(expanded))
        refuse_header_floods(expanded, self._ceiling)
        return expanded


def largest() -> int:
    """Return the bytes of the largest batch that this thread has expanded since it last asked."""
    found: int = getattr(_kept, "largest", 0)
    _kept.largest = 0
    return found


def refuse_header_floods(expanded: bytes, ceiling: int) -> None:
    """Raise ExpansionTooLarge for a record whose headers would take more memory than `ceiling`: two bytes a header are
    objects of 150. What does not look like records says nothing; whoever reads it will.
    """
    position, end = 0, len(expanded)
    if end * HEADER_BYTES // 2 <= ceiling:
        return
    with suppress(ValueError, IndexError):  # no number, so no records
        while position < end:
            length, start = read_varint(expanded, position)
            position = start + length
            if length < _SMALLEST_RECORD or position > end:
                return
            if length >= _LARGE_RECORD_BYTES and _headers(expanded, start, position) * HEADER_BYTES > ceiling:
                raise ExpansionTooLarge(ceiling)


def _headers(expanded: bytes, position: int, end: int) -> int:
    """Return how many headers the record from `position` to `end` claims, 0 when it is none."""
    position += 1  # attributes
    with suppress(ValueError, IndexError):
        for _ in ("timestamp", "offset"):
            _delta, position = read_varint(expanded, position)
        for _ in ("key", "value"):
            size, position = read_varint(expanded, position)
            position += max(size, 0)
        if position < end:
            return read_varint(expanded, position)[0]
    return 0


def install(ceiling: int) -> None:
    """Let aiokafka decompress by these codecs from now on, in every thread of the process."""
    codecs = Codecs(ceiling)
    ours = {f"{name}_decode": getattr(codecs, name) for name in ("gzip", "snappy", "lz4", "zstd")}
    for module in (compiled_batches, compiled_messages, batches, messages):
        for name in ours.keys() & vars(module).keys():
            setattr(module, name, ours[name])
