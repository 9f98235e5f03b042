"""Makes pictures of pages smaller: a page has few colours, so its PNG needs one byte per pixel, not four."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {2: 3, 6: 4}  # by PNG colour type: RGB, RGBA


def with_palette(png: bytes) -> bytes:
    """Reduce a picture to the 256 most frequent colours, and others to the nearest of these.

    For what Chromium makes: 8 bits, not interlaced, opaque. KeyError for another colour type.
    """
    parts = list(_chunks(png))
    width, height, _depth, colour_type = struct.unpack(">IIBB", parts[0][1][:10])
    channels = _CHANNELS[colour_type]
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    rows = [_colours(row, channels) for row in _unfiltered(raw, width * channels, height, channels)]
    counts: Counter[bytes] = Counter()
    for row in rows:
        counts.update(row)
    palette = [colour for colour, _count in counts.most_common(_COLOURS)]
    index = {colour: number for number, colour in enumerate(palette)}
    for colour in counts.keys() - index.keys():
        index[colour] = min(range(len(palette)), key=lambda number: _distance(palette[number], colour))
    pixels = b"".join(b"\x00" + bytes([index[colour] for colour in row]) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    made = [(b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(name, body) for name, body in made)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _colours(row: bytes, channels: int) -> list[bytes]:
    return [row[at : at + 3] for at in range(0, len(row), channels)]


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _unfiltered(raw: bytes, stride: int, height: int, channels: int) -> Iterator[bytes]:
    """Rows as they are, each from what it differs in from the pixel to its left and from the row above."""
    above = bytearray(stride)
    for number in range(height):
        start = number * (stride + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        if kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, above, strict=True))
        elif kind != 0:
            for at in range(stride):
                left = row[at - channels] if at >= channels else 0
                corner = above[at - channels] if at >= channels else 0
                row[at] = (row[at] + _predicted(kind, left, above[at], corner)) & 255
        yield bytes(row)
        above = row


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 1:
        return left
    if kind == 3:
        return (left + above) // 2
    straight = left + above - corner
    return min((left, above, corner), key=lambda each: abs(straight - each))
