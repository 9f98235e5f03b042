"""Records that are saved from a batch that aiokafka refuses."""

import pytest
from aiokafka.record.util import encode_varint_py
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.unreadable import Salvaged, Unreadable, salvage
from schemas.reasons.say import say
from tests.support.events import Event, result
from tests.support.record_batch import BATCH_HEADER_BYTES, STAND_IN, TIMESTAMP, record_batch, with_checksum

BODY = BATCH_HEADER_BYTES


def odd(event_id: str) -> Event:
    event = result(event_id)
    return event._replace(headers=[*event.headers, (STAND_IN, b"x")])


def saved(raw: bytes, position: int = 0) -> Salvaged:
    found = salvage("t", 3, position, raw)
    assert found is not None
    return found


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_a_header_name_that_is_not_utf8_costs_its_own_record_only(*, gzip: bool) -> None:
    events = [result("a"), odd("b"), result("c")]
    found = saved(record_batch(events, gzip=gzip, base_offset=40), position=40)
    assert found.next_offset == 43
    assert [each.offset for each in found.records] == [40, 41, 42]
    assert [each.value for each in found.records] == [each.value for each in events]
    assert [each.key for each in found.records] == [each.key for each in events]
    good, bad, _good = found.records
    assert not isinstance(good, Unreadable)
    assert list(good.headers) == events[0].headers
    assert isinstance(bad, Unreadable)
    assert bad.headers[:-1] == tuple(events[1].headers[:-1])
    assert bad.headers[-1] == ("\\xff\\xfe-name", b"x")
    assert "offset 41" in say(bad.reason, "en")
    assert "UTF-8" in say(bad.reason, "en")


def test_what_was_read_before_is_not_read_again() -> None:
    found = saved(record_batch([result("a"), odd("b"), result("c")], base_offset=40), position=42)
    assert [each.offset for each in found.records] == [42]


def test_only_the_first_batch_is_looked_at() -> None:
    first = record_batch([odd("a")], base_offset=7)
    assert saved(first + record_batch([odd("b")], base_offset=8), position=7) == saved(first, position=7)


def test_a_wrong_checksum_makes_the_whole_batch_one_dead_letter() -> None:
    raw = bytearray(record_batch([result("a"), result("b")], base_offset=5))
    raw[-1] ^= 1
    [bad] = saved(bytes(raw), position=5).records
    assert bad.value == bytes(raw)
    assert bad.offset == 5
    assert "offsets 5 to 6" in say(bad.reason, "en")


def test_what_does_not_decompress_makes_the_whole_batch_one_dead_letter() -> None:
    packed = record_batch([result("a")], gzip=True)
    raw = with_checksum(packed[:BODY] + bytes(len(packed) - BODY))
    [bad] = saved(raw).records
    assert bad.value == raw


def test_a_record_whose_inside_is_broken_costs_no_neighbour() -> None:
    events = [result("a"), Event(b"k", b"v" * 300, []), result("c")]
    raw = record_batch(events)
    broken = with_checksum(raw.replace(b"v" * 300 + b"\x00", b"v" * 300 + b"\x7f"))  # says that it has headers
    assert broken != raw
    first, bad, last = saved(broken).records
    assert (first.value, last.value) == (events[0].value, events[2].value)
    assert isinstance(bad, Unreadable)
    assert bad.offset == 1
    assert b"v" * 300 in bad.value


@pytest.mark.parametrize("number", [2**62, 2**40, 2**31, 200, -1, -(2**31), -(2**62)])
def test_no_length_leads_out_of_the_record(number: int) -> None:
    """Wherever it stands: the compiled reader of aiokafka reads the memory there, and the process ends by it."""
    written = bytearray()
    encode_varint_py(number, written.append)
    raw = record_batch([result("a"), result("b")])
    for place in range(BODY, len(raw) - len(written)):
        spoilt = with_checksum(raw[:place] + bytes(written) + raw[place + len(written) :])
        found = saved(spoilt)
        assert found.next_offset == 2
        assert len(found.records) in (1, 2)


def test_less_than_a_batch_is_nothing_yet() -> None:
    raw = record_batch([odd("a")])
    assert salvage("t", 0, 0, raw[:-1]) is None
    assert salvage("t", 0, 0, b"") is None


@given(st.data())
def test_whatever_the_bytes_it_goes_on_and_raises_nothing(data: st.DataObject) -> None:
    raw = bytearray(record_batch([result("a"), odd("b")], base_offset=9))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(BODY, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for spoilt in (bytes(raw), with_checksum(bytes(raw))):
        found = saved(spoilt, position=9)
        assert found.next_offset == 11
        assert all(each.offset >= 9 for each in found.records)


def test_a_batch_that_can_t_be_read_says_which_offsets_are_lost() -> None:
    for count, position, offset, said in (
        (1, 5, 5, "the record of offset 5 "),
        (3, 5, 5, "the record batch of offsets 5 to 7 "),
        (3, 7, 7, "the record of offset 7 "),
    ):
        raw = bytearray(record_batch([result(str(n)) for n in range(count)], base_offset=5))
        raw[-1] ^= 1
        found = saved(bytes(raw), position=position)
        [bad] = found.records
        assert (bad.offset, bad.topic, bad.partition, bad.key, bad.headers) == (offset, "t", 3, None, ())
        assert found.next_offset == 5 + count
        assert said in say(bad.reason, "en")
        assert len(say(bad.reason, "en")) <= 1000


def test_a_batch_from_before_is_passed_by() -> None:
    """The broker gives the whole batch that an offset is in; one that ends before it must not be read for ever."""
    found = saved(record_batch([result("a")], base_offset=5), position=9)
    assert found == Salvaged([], 10)


@pytest.mark.parametrize("size", [0, 11, 12, 60, 61, 62])
def test_a_size_that_can_t_be_is_nothing(size: int) -> None:
    raw = bytearray(record_batch([odd("a")]))
    raw[8:12] = (size - 12).to_bytes(4, "big", signed=True)
    found = salvage("t", 0, 0, bytes(raw))
    assert (found is None) == (size < BODY)
    assert salvage("t", 0, 0, bytes(raw[:BODY])) is None or size <= BODY
    assert salvage("t", 0, 0, bytes(raw[: BODY - 1])) is None


def test_what_was_read_is_as_aiokafka_reads_it() -> None:
    events = [Event(None, None, []), Event(b"", b"", []), Event(b"key", b"value!", [("a", b"b")])]
    records = saved(record_batch([*events, odd("x")], base_offset=5), position=5).records
    sizes = [(each.serialized_key_size, each.serialized_value_size) for each in records[:3]]
    assert sizes == [(-1, -1), (0, 0), (3, 6)]
    assert [(each.key, each.value, list(each.headers)) for each in records[:3]] == [each[:3] for each in events]
    assert {each.timestamp for each in records[:3]} == {TIMESTAMP}
    assert {(each.topic, each.partition) for each in records} == {("t", 3)}


@pytest.mark.parametrize(
    ("key", "value", "kept"), [(None, None, b""), (b"", b"", b""), (b"k", None, b""), (None, b"v", b"v")]
)
def test_what_is_not_there_stays_so_in_an_unreadable_record(
    key: bytes | None, value: bytes | None, kept: bytes
) -> None:
    headers = [("x", b""), (STAND_IN, b"1"), ("y", b"2")]
    [bad] = saved(record_batch([Event(key, value, headers)])).records
    assert isinstance(bad, Unreadable)
    assert (bad.key, bad.value) == (key, kept)
    assert bad.headers == (("x", b""), ("\\xff\\xfe-name", b"1"), ("y", b"2"))


@pytest.mark.parametrize("length", [b"\x01", b"\xff\x7f"], ids=["negative", "beyond the batch"])
def test_lengths_that_do_not_add_up_make_the_whole_batch_one_dead_letter(length: bytes) -> None:
    raw = record_batch([result("a"), result("b")])
    broken = with_checksum(raw[:BODY] + length + raw[BODY + len(length) :])
    [bad] = saved(broken).records
    assert (bad.value, bad.offset) == (broken, 0)
    assert "do not add up" in say(bad.reason, "en")
