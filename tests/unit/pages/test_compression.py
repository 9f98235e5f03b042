"""Compression in the smallest coding that a browser accepts."""

import gzip

import cramjam
import pytest

from admin.pages.compression import Coding, coding_of, compress, compress_well

TEXT = b"SKU-0001 refused: the price is below the floor. " * 500


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("deflate, zstd", None),
        ("*", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=1.0", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000, gzip;q=0", None),
        ("br;q=1", "br"),
        ("vibrant, gzipped", None),
        (",;,", None),
    ],
)
def test_the_smallest_that_is_accepted_is_taken(accepted: str, coding: Coding | None) -> None:
    assert coding_of(accepted) == coding


@pytest.mark.parametrize("way", [compress, compress_well])
def test_what_is_compressed_comes_back(way: object) -> None:
    assert callable(way)
    assert gzip.decompress(way(TEXT, "gzip")) == TEXT
    assert bytes(cramjam.brotli.decompress(way(TEXT, "br"))) == TEXT
    assert way(TEXT, "gzip")[4:8] == bytes(4)  # without the time, RFC 1952 section 2.3
