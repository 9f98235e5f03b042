"""Decompression never gives more than its ceiling, and reads all that aiokafka's own codecs read."""

import gzip
import os
import struct
import zlib
from collections.abc import Callable, Iterator

import cramjam
import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.legacy_records import LegacyRecordBatch, LegacyRecordBatchBuilder

from agents.kafka.expansion import MEBIBYTE, Codecs, ExpansionTooLarge, install
from agents.kafka.unreadable import Unreadable, salvage
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode
from tests.support.events import result
from tests.support.record_batch import bomb, record_batch

CEILING = 2 * MEBIBYTE
CODECS = Codecs(CEILING)
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": codec.gzip_encode,
    "snappy": codec.snappy_encode,
    "lz4": codec.lz4_encode,
    "zstd": codec.zstd_encode,
}


@pytest.fixture(autouse=True)
def _ceiling() -> Iterator[None]:
    install(CEILING)
    yield
    install(64 * MEBIBYTE)


def decode(name: str, data: bytes) -> bytes:
    expanded: bytes = getattr(CODECS, name)(memoryview(data))
    return expanded


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("size", [1, 1000, MEBIBYTE, MEBIBYTE + 1, CEILING])
def test_what_fits_is_read(name: str, size: int) -> None:
    content = (b"\x00" + os.urandom(min(size - 1, 5000))).ljust(size, b"x")
    assert decode(name, ENCODERS[name](content)) == content


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("size", [CEILING + 1, 20 * CEILING])
def test_what_does_not_fit_is_refused_as_too_large(name: str, size: int) -> None:
    with pytest.raises(ExpansionTooLarge, match="larger than 2097152 bytes"):
        decode(name, ENCODERS[name](bytes(size)))


@pytest.mark.parametrize("name", ["gzip", "lz4", "zstd"])
def test_frames_that_follow_each_other_count_together(name: str) -> None:
    one = ENCODERS[name](b"x" * (CEILING // 2))
    assert len(decode(name, one + one)) == CEILING
    with pytest.raises(ExpansionTooLarge):
        decode(name, one + one + one)


def test_bare_snappy_is_read_and_bounded_by_what_it_says() -> None:
    assert decode("snappy", bytes(cramjam.snappy.compress_raw(b"x" * CEILING))) == b"x" * CEILING
    with pytest.raises(ExpansionTooLarge):
        decode("snappy", bytes(cramjam.snappy.compress_raw(bytes(CEILING + 1))))


def test_snappy_that_says_more_than_it_has_takes_no_memory_for_it() -> None:
    with pytest.raises(ExpansionTooLarge):
        decode("snappy", b"\x80\x80\x80\x80\x04" + b"\x00x")  # a gibibyte


def test_padding_between_gzip_members_is_left_out() -> None:
    assert decode("gzip", gzip.compress(b"a") + bytes(100_000) + gzip.compress(b"b") + b"\0") == b"ab"


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("harm", [lambda raw: raw[:-3], lambda _raw: b"", lambda raw: raw[:20] + b"\xff" * 50])
def test_what_is_broken_is_no_bomb(name: str, harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises((ValueError, EOFError, zlib.error, cramjam.DecompressionError)):
        decode(name, harm(ENCODERS[name](os.urandom(500))))


def test_snappy_blocks_of_a_negative_length_end() -> None:
    header = codec.snappy_encode(b"x")[:16]
    with pytest.raises(ValueError, match="do not add up"):
        decode("snappy", header + struct.pack("!i", -4) + b"abcd")


@pytest.mark.parametrize("name", ENCODERS)
def test_no_way_of_aiokafka_to_a_record_leads_around_the_ceiling(name: str) -> None:
    for batch in (DefaultRecordBatch, _DefaultRecordBatchPy):
        with pytest.raises(ExpansionTooLarge):
            list(batch(bomb(name, 3)))
        assert len(list(batch(bomb(name, 1)))) == 1


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_nor_do_messages_of_the_old_formats(kind: int) -> None:
    builder = LegacyRecordBatchBuilder(1, kind, 1 << 30)
    builder.append(0, 0, None, bytes(2 * CEILING))
    with pytest.raises(ExpansionTooLarge):
        list(LegacyRecordBatch(builder.build(), 1))


@pytest.mark.parametrize("name", ENCODERS)
def test_a_bomb_is_one_dead_letter_of_the_raw_batch(name: str) -> None:
    raw = bomb(name, 20, base_offset=40)
    found = salvage("t", 3, 40, raw, 1 << 30)
    assert found is not None
    [letter] = found.records
    assert isinstance(letter, Unreadable)
    assert (letter.code, letter.offset, letter.value) == (DeadLetterCode.TOO_LARGE, 40, raw)
    assert letter.reason == Reason(ReasonCode.BATCH_EXPANDS_TOO_FAR, first=40, last=59, limit=CEILING)
    assert found.next_offset == 60


def test_a_flood_of_headers_of_two_bytes_is_too_large() -> None:
    """Each is an object of 150 bytes once it is read."""
    flood = result("e1")._replace(headers=[("", b"")] * 500_000)
    raw = record_batch([result("e0"), flood], gzip=True)
    with pytest.raises(ExpansionTooLarge):
        list(DefaultRecordBatch(raw))


def test_running_out_of_memory_is_no_fault_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(_data: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("aiokafka.record.default_records.gzip_decode", out_of_memory)
    with pytest.raises(MemoryError):
        salvage("t", 3, 0, record_batch([result("e1")], gzip=True), 1 << 30)


def test_what_is_saved_of_a_batch_is_bounded_and_goes_on_where_it_ended() -> None:
    batch = record_batch([result(f"e{n}") for n in range(10)], gzip=True, base_offset=100)
    position, offsets = 100, []
    while position < 110:
        found = salvage("t", 3, position, batch, 2000)
        assert found is not None
        assert 1 <= len(found.records) <= 4
        offsets += [each.offset for each in found.records]
        position = found.next_offset
    assert offsets == list(range(100, 110))
