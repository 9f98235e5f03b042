"""Text without that which search disregards: case, accents, invisible characters, and the kind and number of spaces."""

from typing import Final
from unicodedata import category, combining, normalize

#: Invisible characters that are no format characters: the grapheme joiner and the variation selectors.
_INVISIBLE: Final = frozenset((0x034F, *range(0xFE00, 0xFE10)))
_LAST_KEPT: Final = 0xFFFF


def fold(text: str) -> str:
    """Return `text` as search compares it: two texts that differ only in what is disregarded have the same.

    Compatible characters are one (full and half width, ligatures, `ß` and `ss`). Signs that make another letter of one
    stay: vowels and tones of Thai, Indic vowels, voiced kana. Each run of white space is one space, none at the ends.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    letters = normalize("NFKD", text).casefold().translate(_KEPT)
    return " ".join(normalize("NFKC", letters).split())


class _Kept(dict[int, int | None]):
    """Table of translation, made as characters are met: None for those that are left out."""

    def __missing__(self, code: int) -> int | None:
        kept = None if _is_left_out(code) else code
        if code <= _LAST_KEPT:  # so that nobody can fill the memory with it
            self[code] = kept
        return kept


def _is_left_out(code: int) -> bool:
    """Tell if a character is a format character or an accent.

    Accents by their combining class: the points of Hebrew and Arabic are from 10 to 35, those above and below other
    letters from 200 on. In between and below are signs that belong to the letter.
    """
    character = chr(code)
    place = combining(character)
    return 10 <= place <= 35 or place >= 200 or category(character) == "Cf" or code in _INVISIBLE


_KEPT: Final = _Kept()
