"""A way to say something in a code or a sentence, and where it is documented."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

#: Characters of a message, or of evidence that is text, that are looked at: a page of HTML says it in its title.
MAX_CHARACTERS: Final = 2000


class Spelling(NamedTuple):
    """A way to say it, and where it is documented."""

    pattern: str  # a regular expression
    source: str


def any_of(spellings: Iterable[Spelling]) -> re.Pattern[str]:
    """Compile them for text in lower case, which is searched three times as fast as without regard to case."""
    return re.compile("|".join(f"(?:{each.pattern})" for each in spellings))
