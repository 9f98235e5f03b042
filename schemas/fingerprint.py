"""The fingerprint of a fault: equal for every entity that has the fault.

Parts of the message that vary between entities (the key, numbers, ids, quoted values, dates, amounts, addresses) are
removed, so that "SKU 123 has no price" and "SKU 456 has no price" are one fault. The words are left.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated

from pydantic import StringConstraints

from schemas.plain_text import plain

FINGERPRINT = re.compile(r"[0-9a-f]{16}")
Fingerprint = Annotated[str, StringConstraints(pattern=f"^{FINGERPRINT.pattern}$")]

_SHORTEST_KEY = 3  # a shorter one may be any word
_KEPT_CHARACTERS = 400  # of the normalized message: the beginning of a stack trace identifies it

#: Letters of ids: none of scripts without spaces, where a number stands within a sentence.
_LETTERS = "A-Za-z_\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff"
_LINK = re.compile(r"(?:https?://|www\.)[^\s\"'<>()\[\]{}»”]+")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.-]*\w")
#: Quoted text. An apostrophe within a word does not begin any.
_QUOTED = re.compile(
    r""" "[^"\n]{0,300}" | '(?<!\w')[^'\n]{0,300}'(?!\w) | `[^`\n]{0,300}` | “[^”\n]{0,300}[”“] | ‘[^’\n]{0,300}’
    | «[^»\n]{0,300}» | „[^“”\n]{0,300}[“”] | 「[^」\n]{0,300}」 | 『[^』\n]{0,300}』 | 【[^】\n]{0,300}】 """,
    re.VERBOSE,
)
_QUOTED_LIST = re.compile(r"<quoted>(?:\s*(?:[,;/]|\b(?:e|y|o|ou|and|or)\b)\s*<quoted>)+")
_PAIR = re.compile(r"(?<![\w.-])([\w.-]++)=([^\s,;&)\]}<=]+)")
#: Names in a `name=value` whose value is part of the fault.
_TELLING = frozenset(
    {"error", "erro", "code", "codigo", "reason", "motivo", "status", "type", "tipo", "cause", "field"}
)
#: HTTP statuses, the one kind of number that is kept: 401 and 503 are different faults.
_HTTP_STATUS = re.compile(r"\b(http(?:/\d(?:\.\d)?)?|status(?:[ _-]?code)?)([\s:=(]{1,3})([45]\d\d)\b", re.IGNORECASE)
_DIGITS_AS_LETTERS = str.maketrans("0123456789", "abcdefghij")
_ID = re.compile(rf"(?<![{_LETTERS}\d-])[{_LETTERS}+-]*+\d[{_LETTERS}\d-]*")


def _words(text: str) -> list[str]:
    return text.split()


_MONTHS = _words(
    "january february march april june july august september october november december janeiro "
    "fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro enero febrero "
    "marzo mayo junio julio septiembre octubre noviembre diciembre"
)
_SHORT_MONTHS = _words("jan feb mar apr may jun jul aug sep sept oct nov dec fev abr mai ago set out dez ene dic")
_DAYS = _words(
    "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday "
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo lunes martes "
    "miércoles jueves viernes"
)
_CURRENCIES = _words("brl usd eur mxn ars clp cop pen uyu gbp jpy cny rub reais euro euros dólares dollars pesos")
#: Words of dates and amounts that come before their number. Most messages have none and skip the slow patterns.
_BEFORE_A_NUMBER = frozenset(
    (*_MONTHS, *_SHORT_MONTHS, *(f"{month}." for month in _SHORT_MONTHS), *(f"{day}," for day in _DAYS), *_CURRENCIES)
)


def _any(words: list[str]) -> str:
    return rf"(?:{'|'.join(words)})\b"


_NAMED = re.compile(
    rf"\b{_any(_DAYS)},\s+(?=#|{_any(_SHORT_MONTHS)}|{_any(_MONTHS)})"
    rf"|\b(?:{_any(_MONTHS)}|{_any(_SHORT_MONTHS)}\.?)\s+(?=#,\s*#)"
    rf"|\b{_any(_CURRENCIES)}\s*(?=#)"
)
#: Months after a number. "out" is October in Portuguese and a word in English.
_MONTH_AFTER = re.compile(
    rf"#[\s./]*(?:(?:de|of)\s+)?(?!out\s+of)"
    rf"(?:{_any(_MONTHS)}(?:[\s,]*(?:del?\s+)?#)?|{_any(_SHORT_MONTHS)}[\s./,]*(?:del?\s+)?#)"
)
_SIGNS = frozenset("$€£¥₹₽₩")
_AMOUNT = re.compile(rf"(?:\b[a-z]{{1,3}})?[{''.join(_SIGNS)}]\s*#")
#: Several numbers with nothing but signs between them: a date, an amount, a list, with its unit of money or zone.
_NUMBERS = re.compile(
    rf"#(?:\s*(?:[.,:;/|×*+-]|\b(?:x|e|y|and|ou|or)\b)*\s*#)*"
    rf"(?:\s*(?:[{''.join(_SIGNS)}]|{_any(_CURRENCIES)}|(?:[ap]\.?m|gmt|utc)\b))?"
)


def normalize(message: str) -> str:
    """Return the words of a message without the parts that vary between entities; lower case, single spaces."""
    text = plain(message)
    if "://" in text or "www." in text:
        text = _LINK.sub("<link>", text)
    if "@" in text:
        text = _MAIL.sub("<mail>", text)
    text = _QUOTED.sub("<quoted>", text)
    if "=" in text:
        text = _PAIR.sub(_without_value, text)
    if any(word in text for word in ("http", "HTTP", "tatus", "STATUS")):
        text = _HTTP_STATUS.sub(_spelled, text)
    text = _ID.sub("#", text).lower()
    if "#" in text:
        text = _without_numbers(text)
    if text.count("<quoted>") > 1:
        text = _QUOTED_LIST.sub("<quoted>", text)
    return " ".join(text.split()).strip(" .,:;!")[:_KEPT_CHARACTERS]


def _without_numbers(text: str) -> str:
    text = _MONTH_AFTER.sub("#", text)
    if not _BEFORE_A_NUMBER.isdisjoint(text.split()):
        text = _NAMED.sub("", text)
    if not _SIGNS.isdisjoint(text):
        text = _AMOUNT.sub("#", text)
    return _NUMBERS.sub("#", text)


def _without_value(pair: re.Match[str]) -> str:
    return pair[0] if pair[1].lower() in _TELLING else f"{pair[1]}=#"


def _spelled(status: re.Match[str]) -> str:
    return f"{status[1].partition('/')[0]} {status[3].translate(_DIGITS_AS_LETTERS)}"


def without_key(message: str, key: str) -> str:
    """Return `message` with a number in place of the entity's own key, where it stands alone."""
    parts, begin = [], 0
    while len(key) >= _SHORTEST_KEY and (at := message.find(key, begin)) >= 0:
        end = at + len(key)
        alone = not message[max(at - 1, 0) : at].isalnum() and not message[end : end + 1].isalnum()
        parts += [message[begin:at], "0" if alone else key]
        begin = end
    return "".join((*parts, message[begin:]))


def fingerprint(
    integration_type: str, affiliate: str, code: str | None, message: str | None, key: str | None = None
) -> str:
    """Return 16 hexadecimal characters for type, affiliate, error code and normalized message without `key`."""
    text = message or ""
    if key is not None and key in text:
        text = without_key(text, key)
    return _fingerprint(integration_type, affiliate, code or "", text)


@lru_cache(maxsize=8192)
def _fingerprint(integration_type: str, affiliate: str, code: str, message: str) -> str:
    parts = (integration_type, affiliate, code, normalize(message))
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
