"""The difference of a text with its earlier versions: of which it is made, and how long it may take."""

import time

import pytest

from schemas.text_difference import COMPARED_BYTES, COMPARED_LINES, compared, difference

#: Everything at which `str.splitlines` ends a line.
ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_end_of_a_line_takes_longer_than_another(end: str) -> None:
    # Lines that come often, in another order: as slow as it gets.
    before, after = (end.join(str(step * line % 250) for line in range(10_000)).encode() for step in (1, 7))
    began = time.process_time()
    if compared([before, after]) == [True]:
        difference(before, after)
    assert time.process_time() - began < 1


def test_lines_and_bytes_are_bounded() -> None:
    full, over = b"a\n" * (COMPARED_LINES - 1), b"a\n" * COMPARED_LINES
    assert compared([full, full]) == [True]
    assert compared([over, over]) == [False]
    assert compared([b"", b"x" * COMPARED_BYTES, b"x" * (COMPARED_BYTES + 1), b""]) == [True, False, False]


def test_many_edits_take_no_longer_than_one_and_the_newest_are_compared() -> None:
    half = b"a\n" * (COMPARED_LINES // 2 - 1)
    assert compared([half] * 7) == [False, False, True, True, True, True]
    versions = [half + b"%d" % number for number in range(51)]
    assert compared(versions).count(True) == 4
    assert compared([]) == compared([half]) == []


def test_a_difference_has_its_lines() -> None:
    assert difference(b"a\nb\r\xff", b"a\nc\n").splitlines() == [
        *("--- before", "+++ after", "@@ -1,2 +1,3 @@", " a", "-b", "\N{REPLACEMENT CHARACTER}", "+c", "+")
    ]
