"""Numbers of variable length are those of aiokafka, and of the buffer alone."""

import pytest
from aiokafka.record.util import encode_varint_py
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.varint import read_varint

_INTEGERS = st.integers(-(2**63), 2**63 - 1)


def written(number: int) -> bytes:
    """Write a number as Kafka does."""
    found = bytearray()
    encode_varint_py(number, found.append)
    return bytes(found)


@given(_INTEGERS, st.binary(max_size=20), st.binary(max_size=20))
def test_a_number_is_read_wherever_it_stands(number: int, before: bytes, after: bytes) -> None:
    raw = before + written(number) + after
    assert read_varint(raw, len(before)) == (number, len(raw) - len(after))
    assert read_varint(bytearray(raw), len(before)) == (number, len(raw) - len(after))


@given(_INTEGERS, st.data())
def test_a_number_that_the_buffer_ends_in_is_none(number: int, data: st.DataObject) -> None:
    raw = written(number)
    with pytest.raises(IndexError):
        read_varint(raw[: data.draw(st.integers(0, len(raw) - 1))], 0)


@pytest.mark.parametrize("position", [-(2**62), -1, 3, 4, 2**31, 2**62, 2**70])
def test_a_position_out_of_the_buffer_is_refused(position: int) -> None:
    with pytest.raises(IndexError):
        read_varint(b"\x02\x02\x02", position)


@pytest.mark.parametrize("after", [b"", bytes(20)])
def test_more_than_64_bits_are_no_number(after: bytes) -> None:
    with pytest.raises(ValueError, match="range"):
        read_varint(b"\xff" * 10 + b"\x01" + after, 0)
