"""Characters of names: which ones a key or an affiliate may not have, and which ones nobody sees.

Invisible ones are valid, since catalogues have them: spaces of any kind, joiners, soft hyphens. Pages mark them.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

#: Unicode's property Bidi_Control: they turn the text around them, so that a name is not what it looks like.
_BIDI_CONTROLS: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
#: Controls, separators of lines and paragraphs, bidi controls, and what stands for a character that was lost: the
#: inside of a character class of JSON Schema. Surrogates are in no valid text.
REFUSED: Final = rf"\u0000-\u001f\u007f-\u009f\u2028\u2029{_BIDI_CONTROLS}\ufffd"
_REFUSED: Final = re.compile(rf"[{REFUSED}\ud800-\udfff]")
#: Letters and signs without a shape: the grapheme joiner, fillers of Hangul, vowels of Khmer that are only thought,
#: the blank of Braille, and variation selectors.
_SHAPELESS: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Characters that make one sign of their neighbours, which must not be taken apart: of an emoji, of letters.
_JOINING: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f]")


class Part(NamedTuple):
    """A part of a name."""

    text: str
    unseen: tuple[str, ...]  # those of its characters that nobody sees


def refused_in(text: str) -> int | None:
    """Return the place, from 0, of the first character that a name may not have; None when it has none."""
    if text.isprintable() and "\ufffd" not in text:
        return None  # nearly every name, in half the time of the search
    found = _REFUSED.search(text)
    return found.start() if found else None


def named(character: str) -> str:
    """Return how Unicode calls a character: `U+00A0 NO-BREAK SPACE`. Controls have only their number."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def is_unseen(character: str) -> bool:
    """Tell if a character has no shape, or looks like the space that it is not."""
    return character != " " and (not character.isprintable() or _SHAPELESS.match(character) is not None)


def parts(text: str) -> Iterator[Part]:
    """Yield the parts of a name, in order: what is seen, and each run of what is not.

    A space counts as not seen at either end, and beside another one. What joins two signs is in one part with them.
    """
    unseen = {at for at, character in enumerate(text) if is_unseen(character) or _is_hidden_space(text, at)}
    joined = {at for place in unseen if _JOINING.match(text[place]) for at in (place - 1, place + 1)}
    marked = unseen | joined
    for is_marked, places in groupby(range(len(text)), key=lambda at: at in marked):
        run = list(places)
        yield Part(text[run[0] : run[-1] + 1], tuple(text[at] for at in run if at in unseen) if is_marked else ())


def _is_hidden_space(text: str, at: int) -> bool:
    return text[at] == " " and (at in {0, len(text) - 1} or " " in {text[at - 1], text[at + 1]})
