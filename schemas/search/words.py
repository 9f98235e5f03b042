"""Words of messages, in any script, as the numbers by which the index knows them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice, pairwise, zip_longest
from typing import Final
from unicodedata import category

from schemas.search.fold import fold

#: Characters of the messages of one result, together, in which words are found.
MAX_CHARACTERS: Final = 32_768
#: Limit of different words of one result.
MAX_WORDS: Final = 2_000

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
_AT_ENDS: Final = re.compile(rf"\A[{_UNSPACED}]+|[{_UNSPACED}]+\Z")
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_JOINER: Final = re.compile(f"[{_JOINERS}]")


def _joined(word: str) -> re.Pattern[str]:
    """Return the pattern of words that joiners join, from that of one word."""
    return re.compile(f"{word}(?:[{_JOINERS}]{word})*")


_ASCII_WORDS: Final = _joined("[a-z0-9]+")
_WORDS: Final = _joined(rf"(?:[^\W_]|[{_SIGNS}])+")
#: Bytes of ASCII as search compares them: small letters, digits and joiners; a space for any other.
_ASCII: Final = "".join(each if each.isalnum() or _JOINER.match(each) else " " for each in map(chr, range(128)))
_AS_WORDS: Final = bytes(_ASCII.lower(), "ascii") + bytes(128)


def words_of(text: str) -> list[str]:
    """Return the words of `text`, folded, perhaps some twice; a search finds a text that has all words of its own.

    A word is a run of letters and digits. Two that one character joins are a word together as well, whichever
    joiner it is. Of a script without spaces each two neighbouring characters are one, and a character that stands
    alone.
    """
    folded = text if text.isascii() else fold(text)
    words: list[str] = []
    if not folded.isascii():
        for joined in _WORDS.findall(folded):
            words += _parts(joined)
        return words
    # Most messages are in ASCII, where most words are found without a regular expression.
    for token in folded.encode().translate(_AS_WORDS).decode().split():
        if token.isalnum():
            words.append(token)
        else:
            for joined in _ASCII_WORDS.findall(token):
                words += _parts(joined)
    return words


def _parts(joined: str) -> list[str]:
    """Return the words that joiners join, and each two together."""
    if joined.isalnum() and joined.isascii():
        return [joined]
    words = _JOINER.split(joined)
    together = list(map("-".join, pairwise(words)))
    return [*(words if joined.isascii() else chain.from_iterable(map(_pairs, words))), *together]


def _pairs(word: str) -> list[str]:
    """Return `word`, or where its script has no spaces each two neighbouring characters of it."""
    if word.isascii():
        return [word]
    pairs: list[str] = []
    for run in _RUN.findall(word):
        if len(run) == 1 or not _IS_UNSPACED.match(run):
            pairs.append(run)
        else:
            pairs += map("".join, pairwise(run))
    return pairs


def word_numbers(account: str, integration_type: str, texts: Sequence[str]) -> tuple[int, ...] | None:
    """Return a number for each different word of `texts`, in no order; None where there is no word.

    The words of an account and type have numbers of their own: 64 bits, signed. Words beyond MAX_CHARACTERS or
    MAX_WORDS are left out, of each text as many as leave every other one its share.
    """
    different = list(dict.fromkeys(texts)) if len(texts) > 1 else texts  # an error often says what its result says
    if len(different) == 1:
        return _of_text(account, integration_type, different[0][:MAX_CHARACTERS]) or None
    each = [_of_text(account, integration_type, text) for text in _shared(different)]
    found = dict.fromkeys(chain.from_iterable(each))
    if len(found) > MAX_WORDS:  # then the first word of each, the second of each, and so on
        found = dict.fromkeys(number for turn in zip_longest(*each) for number in turn if number is not None)
    return tuple(islice(found, MAX_WORDS)) or None


def _shared(texts: Sequence[str]) -> list[str]:
    """Return the beginnings of `texts` that are MAX_CHARACTERS together: an equal share of each, then what the shorter
    ones leave, in order.
    """
    if sum(map(len, texts)) <= MAX_CHARACTERS:
        return list(texts)
    share = MAX_CHARACTERS // len(texts)
    room = MAX_CHARACTERS - sum(min(len(text), share) for text in texts)
    beginnings: list[str] = []
    for text in texts:
        more = min(room, max(len(text) - share, 0))
        room -= more
        beginnings.append(text[: share + more])
    return beginnings


def sought(text: str) -> str:
    """Return a person's `text` such that its words are those of every message that has it.

    A message may go on at either end, where a script writes no spaces: what stands there is a word with no neighbour
    beyond a joiner, and a single character there is part of a pair that nobody knows, unless it is all there is.
    """
    folded = fold(text)
    apart = _AT_ENDS.sub(lambda run: f" {run[0]} " if len(run[0]) > 1 else " ", folded)
    return apart if words_of(apart) else folded


def _of_text(account: str, integration_type: str, text: str) -> tuple[int, ...]:
    return (_numbers if len(text) <= _LONGEST_CACHED else _numbers.__wrapped__)(account, integration_type, text)


_LONGEST_CACHED: Final = 16_384


# A store has the same messages again and again. The size bounds the memory: 16 MiB of the longest.
@lru_cache(maxsize=1024)
def _numbers(account: str, integration_type: str, text: str) -> tuple[int, ...]:
    known = _known(account, integration_type)
    numbers = dict.fromkeys([number for token in text.split() for number in known[token]])
    return tuple(numbers if len(numbers) <= MAX_WORDS else islice(numbers, MAX_WORDS))


class _Known(dict[str, tuple[int, ...]]):
    """Numbers of the words in texts without white space, of one account and type.

    No word reaches over white space, and folding changes nothing across it, so that a message is read piece by piece.
    """

    def __init__(self, account: str, integration_type: str) -> None:
        super().__init__()
        self._begun = blake2b(f"{account}/{integration_type}/".encode(), digest_size=8, person=b"conexoes.word")
        self._of_words: dict[str, int] = {}

    def __missing__(self, text: str) -> tuple[int, ...]:
        numbers = tuple([self._number(word) for word in words_of(text)])
        if len(self) < _REMEMBERED and len(text) <= _SHORT:
            self[text] = numbers
        return numbers

    def _number(self, word: str) -> int:
        number = self._of_words.get(word)
        if number is None:
            hashed = self._begun.copy()
            hashed.update(word.encode("utf-8", "surrogatepass"))
            number = int.from_bytes(hashed.digest(), signed=True)
            if len(self._of_words) < _REMEMBERED and len(word) <= _SHORT:
                self._of_words[word] = number
        return number


#: Texts, and words, of an account and type whose numbers are remembered: those of every day come first.
_REMEMBERED: Final = 2_500
_SHORT: Final = 40


@lru_cache(maxsize=64)
def _known(account: str, integration_type: str) -> _Known:
    return _Known(account, integration_type)
