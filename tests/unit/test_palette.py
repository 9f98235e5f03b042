"""Pictures with a palette: whatever the PNG was filtered by, the same pixels."""

import struct
import zlib

import pytest

from tests.screenshots.palette import _chunk, _chunks, _predicted, with_palette

WIDTH, HEIGHT = 7, 5
PIXELS = [[bytes([x * 20, y * 30, x * y]) for x in range(WIDTH)] for y in range(HEIGHT)]


def png(kind: int, channels: int) -> bytes:
    rows = [b"".join(each + b"\xff" * (channels - 3) for each in row) for row in PIXELS]
    raw, above = b"", bytes(len(rows[0]))
    for row in rows:
        lefts = bytes(channels) + row
        corners = bytes(channels) + above
        raw += bytes([kind])
        for at, value in enumerate(row):
            predicted = (
                0 if kind == 0 else above[at] if kind == 2 else _predicted(kind, lefts[at], above[at], corners[at])
            )
            raw += bytes([(value - predicted) & 255])
        above = row
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    made = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in made)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", range(5))
def test_the_same_pixels(kind: int, channels: int) -> None:
    parts = dict(_chunks(with_palette(png(kind, channels))))
    palette, raw = parts[b"PLTE"], zlib.decompress(parts[b"IDAT"])
    found = [
        [palette[3 * n : 3 * n + 3] for n in raw[y * (WIDTH + 1) + 1 : (y + 1) * (WIDTH + 1)]] for y in range(HEIGHT)
    ]
    assert found == PIXELS
