"""A way to say something in a code or a sentence, and where it is documented."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")

#: Limits of the codes of which is remembered what they say: how many, and the characters of each (the contract's own).
_CODES: Final = 4096
_CODE_CHARACTERS: Final = 200
#: Characters of a message, or of evidence that is text, that are looked at: a page of HTML says it in its title.
MAX_CHARACTERS: Final = 2000


class Spelling(NamedTuple):
    """A way to say it, and where it is documented."""

    pattern: str  # a regular expression
    source: str


def any_of(spellings: Iterable[Spelling]) -> re.Pattern[str]:
    """Compile them for text in lower case, which is searched three times as fast as without regard to case."""
    return re.compile("|".join(f"(?:{each.pattern})" for each in spellings))


def remembered(function: Callable[[str | None], T]) -> Callable[[str | None], T]:
    """Return a function that remembers what `function` says of a code: a store's failures have the same, again and
    again.

    It does so for the last codes of the contract's length; longer ones would need too much memory.
    """
    known = lru_cache(_CODES)(function)

    @wraps(function)
    def said(code: str | None) -> T:
        return known(code) if code is None or len(code) <= _CODE_CHARACTERS else function(code)

    return said
