"""A number, or a word with digits, that is a code: it tells faults apart, where others tell entities apart."""

import re
from enum import Enum
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from schemas.fingerprint.vocabulary import ANSWER_WORDS, CODE_WORDS, ENTITIES, PHRASES

#: Letters of ids: none of scripts without spaces, where a number stands within a sentence.
LETTERS: Final = "A-Za-z_\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff"
#: Anything with a digit: a number, an id, a code. A date, a time, an amount or an address is one.
TOKEN: Final = re.compile(rf"(?<![{LETTERS}\d-])[{LETTERS}+-]*+\d[{LETTERS}\d-]*+(?:[.,:/]\d[{LETTERS}\d-]*+)*+")

#: HTTP statuses of errors, those of Cloudflare, nginx and IIS too.
_STATUSES: Final = frozenset(
    str(status)
    for status in (
        *(status.value for status in HTTPStatus if status >= 400),
        *(419, 420, 430, 440, 444, 449, 450, 460, 463, 494, 495, 496, 497, 498, 499, 509, 598, 599),
        *range(520, 531),
    )
)
_NUMBER: Final = re.compile(r"-?\d{1,9}")
#: A number that is longer is an entity's.
_SHORT: Final = re.compile(r"-?\d{1,5}")
_WORD: Final = re.compile(
    r"0[xX][0-9a-fA-F]{4,8}|[A-Za-z]{1,15}(?:[-_][A-Za-z]{1,15}){0,5}[-_]?\d{1,7}[A-Za-z]?(?:[-_][A-Za-z\d]{1,12}){0,3}"
    r"|\d{1,3}[A-Z]\d{1,2}"
)
#: Codes that say by themselves that they are some: of Oracle, SQL servers, MongoDB, Azure and curl, and any `ERR_…`.
_FAMILY: Final = re.compile(
    r"(?:ORA|PLS|TNS|SP2|SQL|AADSTS|CURLE|E)-?\d{3,6}[A-Z]?"
    r"|[A-Z]{0,10}_?ERR(?:ORS?|O)?(?:[_-][A-Z]{1,15}){0,6}[_-]?\d{1,8}"
)
_FAMILIES: Final = frozenset(
    {"ORA", "PLS", "TNS", "SP2", "SQL", "AAD", "CUR", *(f"E{digits}" for digits in range(10, 100))}
)
#: A code in front, before a colon or a dash: `CHK002: …`, `[AUTH-001] …`, `90220: …`.
_FRONT: Final = re.compile(r"\d{3,5}|(?!SKU|PED|ML[A-Z])[A-Z]{2,8}(?:[-_]0\d{1,5}|\d{3})")
_AFTER_FRONT: Final = re.compile(r"\]|\)?(?::(?!\d)|\s[-–—|]\s)")
#: A message after its code: `(1213, 'Deadlock found')`.
_THEN_MESSAGE: Final = re.compile(r",\s+[^\s\d]")
#: More of a token, which is no code then: `401@x`, `5 %`.
_CONTINUES: Final = re.compile(r"[@\w]|\s?%")
#: Signs after a code that is named before: the end, the end of its brackets, or what divides it from the message.
_CLOSES: Final = re.compile(r"[\"'\s]{0,2}(?:\Z|[:;,.)\]}<\n](?!\d)|[-–—|]\s)")
#: Nouns after a count.
_COUNTED: Final = re.compile(
    r"\s*(?:items?|itens|produtos?|products?|productos?|results?|resultados?|rows?|records?|registros?|linhas?|lines?"
    r"|units?|unidades?|pedidos?|orders?|skus?|errors?|erros|errores|ms|segundos?|seconds?|bytes|vezes|veces|times"
    r"|anúncios?|ofertas?|offers?|[%个件次])(?![^\W_])",
    re.IGNORECASE,
)


class _Name(Enum):
    """Name that the words before a token give it."""

    NOTHING = "nothing"
    ERROR = "error"  # or the count of errors
    CODE = "code"
    ENTITY_OR_ERROR = "entity or error"  # `código`, which is an entity's more often than an error's


_OF_ERRORS: Final = ("error", "erro", "falha", "falla", "fault")
_OF_ENTITIES: Final = ("code", "codigo", "código", "cod", "cód", "type", "tipo", "status")
#: Ends of the words that name a code: looked at first.
_TAILS: Final = frozenset(word[-3:] for word in CODE_WORDS)
_SEPARATORS: Final = " \t:=(#[]\"'->|\n"
_MOST_SEPARATORS: Final = 6
_NEAR: Final = 10  # characters before a token that are looked at first
_AROUND: Final = 40  # characters on either side that are looked at


def is_status(text: str) -> bool:
    """Return True for an HTTP status of an error, alone."""
    return text in _STATUSES


def is_told_as_code(text: str, start: int, end: int) -> bool:
    """Return True when `text` writes what it has between `start` and `end` as a code is written.

    That is: after a word such as `status`, `Erro` or `错误码`; as a status with its phrase or in brackets; in front of
    the text; as one that is a code wherever it stands, such as `ORA-01403`; or as all of the text.
    """
    token = text[start:end]
    near = text[start - _NEAR if start > _NEAR else 0 : start].rstrip(_SEPARATORS)
    may_be_named = (
        near[-3:].lower().replace("_", " ") in _TAILS or near[-2:] in _TAILS
    )  # the second for words of two characters
    may_be_front = not start or text[start - 1] in "\n([#"
    may_be_family = token[:3] in _FAMILIES or "ERR" in token
    if not (may_be_named or may_be_front or may_be_family or token in _STATUSES):
        return False  # most numbers, soon
    after = text[end : end + _AROUND]
    if _CONTINUES.match(after):
        return False
    before = text[max(start - _AROUND, 0) : start]
    return (
        (may_be_named and _is_named(token, before, after))
        or (may_be_front and _is_in_front(token, before.rpartition("\n")[2], after))
        or (token in _STATUSES and _is_answer(before, after))
        or (may_be_family and _FAMILY.fullmatch(token) is not None)
    )


def is_all_that_is_told(text: str, start: int, end: int) -> bool:
    """Return True when `text` names a short number as the code of an error, and a sign or nothing follows it.

    What goes on, as `Error: 8541 not found`, may be about an entity of that number, and so may `código 8541`.
    """
    if not _SHORT.fullmatch(text, start, end) or not _CLOSES.match(text, end):
        return False
    before = text[max(start - _AROUND, 0) : start]
    named = before.rstrip(_SEPARATORS)
    is_near = len(before) - len(named) <= _MOST_SEPARATORS
    return is_near and _name(" ".join(named.split()[-2:])) in (_Name.ERROR, _Name.CODE)


def _is_in_front(token: str, front: str, after: str) -> bool:
    """Return True for a code at the beginning of a line, in brackets with a sign, or alone."""
    if front.endswith("(#") or (front == "(" and _THEN_MESSAGE.match(after)):
        return _NUMBER.fullmatch(token) is not None
    if front.strip(" ([#"):
        return False
    if not after.strip(" .\n)]"):
        return _NUMBER.fullmatch(token) is not None
    return _FRONT.fullmatch(token) is not None and _AFTER_FRONT.match(after) is not None


def _is_answer(before: str, after: str) -> bool:
    """Return True for a status in brackets, with its phrase, or after a word such as `returned`."""
    if before[-1:] in ("(", "[") and after[:1] in (")", "]"):
        return True
    if after[:1] in " :-)" and after.lstrip(" :-)–").lower().startswith(PHRASES):
        return True
    answered = before[-1:] in (" ", ":", "(") and before.rstrip(" :(").lower().endswith(ANSWER_WORDS)
    return answered and not _COUNTED.match(after)


def _is_named(token: str, before: str, after: str) -> bool:
    """Return True when the words before a token name it as a code."""
    named = before.rstrip(_SEPARATORS)
    separators = before[len(named) :]
    if len(separators) > _MOST_SEPARATORS:
        return False
    name = _name(" ".join(named.split()[-2:]))
    if name is _Name.ERROR and len(token) < 3 and ":" in separators and _COUNTED.match(after):
        return False  # `Erro: 3 produtos`
    if name is _Name.NOTHING:
        return False
    number = _SHORT if name is _Name.ENTITY_OR_ERROR else _NUMBER
    return number.fullmatch(token) is not None or _WORD.fullmatch(token) is not None


@lru_cache(maxsize=2048)
def _name(last_words: str) -> _Name:
    """Return what the last two words before a token, of any case, name it."""
    lowered = last_words.lower().replace("_", " ")
    if not lowered.endswith(CODE_WORDS):
        return _Name.NOTHING
    first, *_, last = [word.strip("(['\",.:") for word in f"- {lowered}".split()[-2:]]
    noun = next((noun for noun in _OF_ENTITIES if last.endswith(noun)), None)
    if noun is not None and (last.removesuffix(noun) or first) in ENTITIES:
        return _Name.NOTHING
    if last.endswith(_OF_ERRORS):
        return _Name.ERROR
    return _Name.CODE if noun in (None, "code", "status") else _Name.ENTITY_OR_ERROR
