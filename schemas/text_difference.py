"""Differences of a text with its earlier versions, line by line, in a time that is bounded."""

import difflib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from schemas.fault_place import text_of

#: Lines of two versions that are compared: the time grows with the square of the lines. Several comparisons of one
#: text may take no more time than one of these.
COMPARED_LINES: Final = 2_000
#: Bytes of a version that is compared with the one before.
COMPARED_BYTES: Final = 256 * 1024


def compared(versions: Sequence[bytes]) -> list[bool]:
    """Tell of each version but the first if it is compared with the one before: the newest are, up to the limits."""
    left, found = COMPARED_LINES**2, []
    for before, after in reversed(list(pairwise(versions))):
        steps = _lines(before) * _lines(after)
        fits = max(len(before), len(after)) <= COMPARED_BYTES and steps <= left
        left -= steps if fits else 0
        found.append(fits)
    return found[::-1]


def difference(before: bytes, after: bytes) -> str:
    """Return the difference of two versions in the unified format."""
    old, new = (text_of(each).split("\n") for each in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm=""))


def _lines(version: bytes) -> int:
    """Count the lines as `difference` splits them: other ends of a line than LF make none."""
    return version.count(b"\n") + 1
