"""Names of an entity, its key and aliases, as search compares them, and the numbers by which the index knows them."""

from collections.abc import Iterable
from itertools import repeat
from typing import Final, TypeVar
from zlib import crc32

from schemas.search.fold import fold

#: Characters that are found anywhere in a name; fewer are found at its beginning.
INSIDE: Final = 4
#: Stands before, between and after the names of an entity; no folded name has it.
EDGE: Final = "\n"
_SIGNED: Final = 1 << 31
_FEW: Final = 64
#: Characters of the beginnings of a name, with the edge before it.
_BEGINNINGS: Final = tuple(range(2, INSIDE + 1))
Text = TypeVar("Text", str, bytes)


def joined(names: Iterable[str]) -> str:
    """Return the folded names as one text, each between two EDGEs: `EDGE + name + EDGE` is in it for a whole name,
    `EDGE + beginning` for its beginning. Names without a visible character are left out.
    """
    folded = dict.fromkeys(filter(None, map(fold, names)))
    return EDGE.join(("", *folded, "")) if folded else ""


def grams(account: str, integration_type: str, text: str) -> list[int]:
    """Return the numbers of the names in `text`, which is as `joined` returns it: of each the whole, its beginnings
    under INSIDE characters, and every run of INSIDE characters. What occurs twice may be there twice.

    The index holds them to find candidates: other names may have the same numbers, of 32 bits, signed.
    """
    if text.isascii():  # each character is a byte, so that parts need not be encoded one by one
        return _numbers(_parts(text.encode(), EDGE.encode()), account, integration_type)
    return _numbers(map(_encoded, _parts(text, EDGE)), account, integration_type)


def part_grams(account: str, integration_type: str, part: str) -> tuple[int, ...]:
    """Return the numbers that the names have that contain `part`: a beginning, a whole, or a run of INSIDE or more."""
    parts = [part] if EDGE in part else [part[start : start + INSIDE] for start in range(len(part) - INSIDE + 1)]
    return tuple(set(_numbers(map(_encoded, parts), account, integration_type)))


def _parts(text: Text, edge: Text) -> list[Text]:
    """Return of each name the whole with its edges, its beginnings with an edge, and its runs without one."""
    parts: list[Text] = []
    start, end = 0, text.find(edge, 1)
    while end > 0:
        parts.append(text[start : end + 1])
        parts += [text[start : start + count] for count in _BEGINNINGS if start + count <= end]
        parts += [text[place : place + INSIDE] for place in range(start + 1, end - INSIDE + 1)]
        start, end = end, text.find(edge, end + 1)
    return parts


def _encoded(part: str) -> bytes:
    return part.encode("utf-8", "surrogatepass")


def _numbers(parts: Iterable[bytes], account: str, integration_type: str) -> list[int]:
    # Candidates are compared as text, so that a checksum is enough, and it is quick. Of names in ASCII no two runs of
    # one account and type have the same.
    seed = crc32(f"{account}/{integration_type}".encode())
    numbers = [number - _SIGNED for number in map(crc32, parts, repeat(seed))]
    # A set takes longer than what it spares of a few; of thousands nearly all may be the same.
    return numbers if len(numbers) <= _FEW else list(set(numbers))
