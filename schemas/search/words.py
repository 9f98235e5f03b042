"""Words of messages, in any script, as the numbers by which the index knows them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import islice, pairwise
from typing import Final
from unicodedata import category

from schemas.search.fold import fold

#: Characters of the messages of one result, together, in which words are found.
MAX_CHARACTERS: Final = 16_384
#: Limit of different words of one result.
MAX_WORDS: Final = 1_000

#: Scripts that write no spaces between words, or put endings on them without one: a search finds any two neighbouring
#: characters. Thai and Lao; Burmese; Khmer; Hangul; signs of repetition, kana, Bopomofo; ideographs.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3005-\u3007\u3021-\u3035\u303b"
    "\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
#: Vowels and other signs of Indic scripts, Thai and their like; a regular expression takes no such sign for a letter.
_SIGNS: Final = "".join(
    chr(code) for code in (*range(0x900, 0x2000), *range(0xA800, 0xAC00)) if category(chr(code)).startswith("M")
)
#: Characters that join two words to one: as in `BLUE-XL`, `PK_1`, `10.00` and `items/MLB123`.
_JOINERS: Final = r"-_./\u2010\u2012\u2013\u2014\u2212"
_RUN: Final = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_JOINER: Final = re.compile(f"[{_JOINERS}]")


def _joined(word: str) -> re.Pattern[str]:
    """Return the pattern of words that joiners join, from that of one word."""
    return re.compile(f"{word}(?:[{_JOINERS}]{word})*")


#: Most messages are in ASCII, where a word is found ten times as fast.
_ASCII_WORDS: Final = _joined("[a-z0-9]+")
_WORDS: Final = _joined(rf"(?:[^\W_]|[{_SIGNS}])+")


def words_of(text: str) -> Iterator[str]:
    """Yield the words of `text`, folded, perhaps some twice; a search finds a text that has all words of its own.

    A word is a run of letters and digits. Two that one character joins are a word together as well, whichever
    joiner it is. Of a script without spaces each two neighbouring characters are one, and a character that stands
    alone.
    """
    folded = fold(text)
    for joined in (_ASCII_WORDS if folded.isascii() else _WORDS).findall(folded):
        if joined.isalnum() and joined.isascii():
            yield joined
            continue
        words = _JOINER.split(joined)
        for word in words:
            yield from (word,) if word.isascii() else _pairs(word)
        yield from map("-".join, pairwise(words))


def _pairs(word: str) -> Iterator[str]:
    for run in _RUN.findall(word):
        if len(run) == 1 or not _IS_UNSPACED.match(run):
            yield run
        else:
            yield from map("".join, pairwise(run))


def word_numbers(account: str, integration_type: str, texts: Sequence[str]) -> tuple[int, ...] | None:
    """Return a number for each different word of `texts`, in no order; None where there is no word.

    The words of an account and type have numbers of their own: 64 bits, signed. Words beyond MAX_CHARACTERS or
    MAX_WORDS are left out.
    """
    room = MAX_CHARACTERS
    read = []
    for text in texts:
        read.append(text[:room])
        room -= len(read[-1])
    return _numbers(account, integration_type, tuple(filter(None, read)))


# A store has the same messages again and again. The size bounds the memory: 16 MiB of the longest.
@lru_cache(maxsize=1024)
def _numbers(account: str, integration_type: str, texts: tuple[str, ...]) -> tuple[int, ...] | None:
    words = dict.fromkeys(word for text in texts for word in words_of(text))
    known = _known(account, integration_type)
    return tuple(known[word] for word in islice(words, MAX_WORDS)) or None


class _Known(dict[str, int]):
    """Numbers of the words of one account and type."""

    def __init__(self, account: str, integration_type: str) -> None:
        super().__init__()
        self._begun = blake2b(f"{account}/{integration_type}/".encode(), digest_size=8, person=b"conexoes.word")

    def __missing__(self, word: str) -> int:
        hashed = self._begun.copy()
        hashed.update(word.encode("utf-8", "surrogatepass"))
        number = int.from_bytes(hashed.digest(), signed=True)
        if len(self) < _REMEMBERED and len(word) <= _SHORT:
            self[word] = number
        return number


#: Words of an account and type whose numbers are remembered: those of every day come first.
_REMEMBERED: Final = 5_000
_SHORT: Final = 40


@lru_cache(maxsize=64)
def _known(account: str, integration_type: str) -> _Known:
    return _Known(account, integration_type)
