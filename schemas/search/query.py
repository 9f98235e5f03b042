"""A person's text in the search bar, as what it finds."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.search.fold import fold
from schemas.search.names import EDGE, INSIDE, joined, part_grams
from schemas.search.words import sought, word_numbers

#: Limit of names that one search may list.
MAX_NAMES: Final = 200
#: Separators of listed names. A space is none, since names have spaces.
_BETWEEN: Final = re.compile(r"[\r\n\t,;]+")
_NOWHERE: Final = EDGE * 2


class Search(NamedTuple):
    """Search among the logs of one account and type: by a part of a name, by a list of whole names, or by words.

    `part` is in the names of the log as schemas.search.names joins them; `grams` are its numbers. `names` are whole
    names, `whole` their numbers, one each; None when the text is no list. `words` are all of one log's messages; None
    when the text has none.
    """

    part: str
    grams: tuple[int, ...]
    names: tuple[str, ...] | None
    whole: tuple[int, ...] | None
    words: tuple[int, ...] | None


def listed(text: str) -> dict[str, str]:
    """Return the names that `text` lists, each folded name with the first spelling of it; empty for fewer than two."""
    names: dict[str, str] = {}
    for each in _BETWEEN.split(text):
        names.setdefault(fold(each), each.strip())
    names.pop("", None)
    return names if len(names) > 1 else {}


def is_whole(text: str, names: Iterable[str]) -> bool:
    """Return True when a search is for one name, and that is the whole of one of `names`."""
    return not listed(text) and fold(text) in map(fold, names)


def finds(text: str, name: str) -> bool:
    """Return True when a search finds a log by this name of it, by a part of the name or as one of a list."""
    return _part(fold(text)) in joined([name]) or fold(name) in listed(text)


def _part(folded: str) -> str:
    return folded if len(folded) >= INSIDE else f"{EDGE}{folded}" if folded else _NOWHERE


@lru_cache(maxsize=256)  # one request asks several times
def search_of(account: str, integration_type: str, text: str) -> Search:
    """Return what `text` finds among the logs of an account and type.

    It may be all three at once: `sem estoque, verifique` is a list of two names and words as well.
    """
    part = _part(fold(text))
    names = tuple(listed(text)) or None
    return Search(
        part,
        part_grams(account, integration_type, part),
        names,
        names and tuple(whole_gram(account, integration_type, name) for name in names),
        word_numbers(account, integration_type, (sought(text),)),
    )


def whole_gram(account: str, integration_type: str, name: str) -> int:
    """Return the number of a whole name, which is folded."""
    [number] = part_grams(account, integration_type, f"{EDGE}{name}{EDGE}")
    return number
