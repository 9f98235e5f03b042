"""Codes: as vendors spell them, as texts tell them, and which of them say whose they are."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from schemas.fingerprint.code import TOKEN, is_told_as_code
from schemas.fingerprint.field import Says, says
from schemas.fingerprint.vocabulary import words

#: Codes that are looked up for one text.
MAX_CODES: Final = 200

#: Words of codes that any vendor may use: of errors and calls, and of what everybody sells.
_ANYBODYS: Final = words(
    """error errors err erro exception fault failure failed fail invalid not found no bad request response internal
    server service unavailable access denied param params parameter parameters data missing required
    unauthorized unauthenticated forbidden conflict limit exceeded system timeout time out unknown status type
    field value code input output format json xml body header headers method media too many requests large small
    long short already exists exist duplicate duplicated empty null is are be must the of in for to and or a an
    allowed permission unsupported rejected blocked review pending processing general common default default
    operation action api call authentication authorization auth token expired login user account http https
    validation violation constraint gateway network connection resource content length entity unprocessable
    limit rate quota throttled throttling product products item items sku skus order orders price prices stock
    inventory quantity offer offers listing seller shop store customer buyer shipment shipping package tracking
    invoice category brand image title name id description attribute attributes date amount address number"""
)
#: Words of a code, however they are divided.
WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
#: A member of JSON, of a Perl, PHP or Python dump, or `name=value`; its value is one word.
_MEMBER: Final = re.compile(
    r"(?<![\w.-])([A-Za-z_][\w.-]{0,40}+)\\?[\"'\]]?\s{0,4}(?:=>|[:=])\s{0,4}\\?[\"']?(-?[A-Za-z0-9_][\w.:/-]{0,199})"
    r"(?=\\?[\"',}\]\s<;)]|$)"
)
_ELEMENT: Final = re.compile(r"<(?:\w{1,20}:)?([A-Za-z_][\w.-]{0,40})>\s{0,4}([\w.:-]{1,200})\s{0,4}</")
#: A word with the form of a code, wherever it stands.
_FORMED: Final = re.compile(r"(?<![\w.@/:-])[A-Za-z][A-Za-z0-9._:-]{4,99}+(?![\w@/])")
_SEPARATOR: Final = re.compile(r"[.:/]")
_MAX_NAMES_BEFORE: Final = 2
_HTTP: Final = re.compile(
    r"(?:https?|status|code|error|err)?(?:[ ._:-]?(?:status|code|error))*[ ._:-]?([345]\d\d)", re.IGNORECASE
)


def is_distinctive(code: str) -> bool:
    """Return True for a code that says by itself whose it is: `CHK002`, `INVALID_ASIN`, `item.price.below_minimum`.

    A number, a short word, and one that any vendor may use (`NOT_FOUND`) mean something only beside their marketplace.
    """
    parts = [each.lower() for each in WORD.findall(code)]
    letters = [each for each in parts if not each.isdecimal()]
    if not letters:
        return False
    if sum(len(each) for each in parts if each.isdecimal()) >= 3 and len(code) >= 6:
        return not _HTTP.fullmatch(code)
    if len(code) < 8:
        return False
    if code.count(".") >= 2 and len(letters) >= 3:
        return True
    return len(letters) >= 2 and not _ANYBODYS.issuperset(letters)


def is_umbrella(code: str) -> bool:
    """Return True for a code of many errors, which a message tells apart: `InvalidInput`, `400`."""
    if code.isdecimal():
        return _HTTP.fullmatch(code) is not None
    return not is_distinctive(code) and not any(each.isdecimal() for each in code)


def spellings(code: str) -> Iterator[str]:
    """Give the ways to look up a code, the code itself first; all in lower case.

    Connectors put a name before a vendor's code (`shopee.error_param`, `product.error_param`), and write a status as
    `http.429`, `HTTP_429` or `status 429`.
    """
    plain = code.strip().lower()
    yield plain
    if found := _HTTP.fullmatch(plain):
        if found[1] != plain:
            yield found[1]
        return
    rest = plain
    for _ in range(_MAX_NAMES_BEFORE):
        rest = _SEPARATOR.split(rest, maxsplit=1)[-1].strip()
        if is_distinctive(rest):
            yield rest


def told_codes(text: str) -> list[str]:
    """Return the codes that a text tells, in lower case: each once, the first first, up to MAX_CODES.

    That is: values of members and elements that hold a code, whatever wrote them; what `schemas.fingerprint` keeps as a
    code (`Rejeição 539`, `ORA-01403`, `error code: 1020`).
    """
    return list(islice(dict.fromkeys(_told(text)), MAX_CODES))


def _told(text: str) -> Iterator[str]:
    for pattern in (_MEMBER, _ELEMENT):
        for found in pattern.finditer(text):
            if says(found[1]) in {Says.CODE, Says.TEXT}:
                yield found[2].lower().rstrip(".:")
    for token in TOKEN.finditer(text):
        if is_told_as_code(text, token.start(), token.end()):
            yield token[0].lower()


def formed_codes(text: str) -> list[str]:
    """Return the words of a text that have the form of a code that says whose it is, in lower case, each once."""
    found = (each.rstrip(".:-_") for each in dict.fromkeys(_FORMED.findall(text)))
    return list(islice(dict.fromkeys(each.lower() for each in found if _may_be_code(each)), MAX_CODES))


@lru_cache(maxsize=4096)
def _may_be_code(word: str) -> bool:
    return len(word) >= 5 and is_distinctive(word)
