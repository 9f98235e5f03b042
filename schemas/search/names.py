"""Names of an entity, its key and aliases, as search compares them, and the numbers by which the index knows them."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from zlib import crc32

from schemas.search.fold import fold

#: Characters that are found anywhere in a name; fewer are found at its beginning.
INSIDE: Final = 4
#: Stands before, between and after the names of an entity; no folded name has it.
EDGE: Final = "\n"
_SIGNED: Final = 1 << 31
Text = TypeVar("Text", str, bytes)


def joined(names: Iterable[str]) -> str:
    """Return the folded names as one text, each between two EDGEs: `EDGE + name + EDGE` is in it for a whole name,
    `EDGE + beginning` for its beginning. Names without a visible character are left out.
    """
    folded = dict.fromkeys(filter(None, map(fold, names)))
    return EDGE.join(("", *folded, "")) if folded else ""


def grams(account: str, integration_type: str, text: str) -> set[int]:
    """Return the numbers of the names in `text`, which is as `joined` returns it: of each the whole, its beginnings
    under INSIDE characters, and every run of INSIDE characters.

    The index holds them to find candidates: other names may have the same numbers, of 32 bits, signed.
    """
    seed = _seed(account, integration_type)
    found: set[int] = set()
    for name in text.split(EDGE)[1:-1]:
        found.update(_numbers(f"{EDGE}{name}{EDGE}", _parts, seed))
    return found


def part_grams(account: str, integration_type: str, part: str) -> tuple[int, ...]:
    """Return the numbers that the names have that contain `part`: a beginning, a whole, or a run of INSIDE or more."""
    seed = _seed(account, integration_type)
    return tuple(set(_numbers(part, _whole if EDGE in part else _runs, seed)))


def _parts(whole: Text) -> list[Text]:
    """Return a name with its edges, its beginnings with an edge, and its runs without one."""
    parts = [whole]
    parts += [whole[:end] for end in range(2, min(INSIDE, len(whole) - 1) + 1)]
    parts += _runs(whole[1:-1])
    return parts


def _runs(text: Text) -> list[Text]:
    return [text[start : start + INSIDE] for start in range(len(text) - INSIDE + 1)]


def _whole(text: Text) -> list[Text]:
    return [text]


def _seed(account: str, integration_type: str) -> int:
    return crc32(f"{account}/{integration_type}".encode())


def _numbers(text: str, parts: Callable[[Any], list[Any]], seed: int) -> list[int]:
    # Of ASCII each character is a byte, so that its parts need not be encoded one by one.
    if text.isascii():
        encoded = parts(text.encode())
    else:
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts(text)]
    # Candidates are compared as text, so that a checksum is enough, and it is quick. Of names in ASCII no two runs of
    # one account and type have the same.
    return [crc32(part, seed) - _SIGNED for part in encoded]
