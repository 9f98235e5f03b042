"""Numbers side by side: dates, amounts and lists are one number, whatever their form and length.

Everything here reads text in lower case in which each number is already a `#`.
"""

import re
from typing import Final


def _words(text: str) -> list[str]:
    return text.split()


_MONTHS: Final = _words(
    "january february march april june july august september october november december janeiro "
    "fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro enero febrero "
    "marzo mayo junio julio septiembre octubre noviembre diciembre"
)
_SHORT_MONTHS: Final = _words(
    "jan feb mar apr may jun jul aug sep sept oct nov dec fev abr mai ago set out dez ene dic"
)
_DAYS: Final = _words(
    "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday "
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo lunes martes "
    "miércoles jueves viernes"
)
_CURRENCIES: Final = _words(
    "brl usd eur mxn ars clp cop pen uyu gbp jpy cny rub reais euro euros dólares dollars pesos 元 円 원"
)
#: Words of dates and amounts that come before their number. Most messages have none and skip the slow patterns.
_BEFORE_A_NUMBER: Final = frozenset(
    (*_MONTHS, *_SHORT_MONTHS, *(f"{month}." for month in _SHORT_MONTHS), *(f"{day}," for day in _DAYS), *_CURRENCIES)
)


def _any(words: list[str]) -> str:
    return rf"(?:{'|'.join(words)})\b"


_NAMED: Final = re.compile(
    rf"\b{_any(_DAYS)},\s+(?=#|{_any(_SHORT_MONTHS)}|{_any(_MONTHS)})"
    rf"|\b(?:{_any(_MONTHS)}|{_any(_SHORT_MONTHS)}\.?)\s+(?=#,\s*#)"
    rf"|\b{_any(_CURRENCIES)}\s*(?=#)"
)
#: Months after a number. "out" is October in Portuguese and a word in English.
_MONTH_AFTER: Final = re.compile(
    rf"#[\s./]*(?:(?:de|of)\s+)?(?=[a-z])(?!out\s+of)"
    rf"(?:{_any(_MONTHS)}(?:[\s,]*(?:del?\s+)?#)?|{_any(_SHORT_MONTHS)}[\s./,]*(?:del?\s+)?#)"
)
_SIGNS: Final = "$€£¥₹₽₩"
_SIGN: Final = re.compile(f"[{_SIGNS}]")
_AMOUNT: Final = re.compile(rf"(?:\b[a-z]{{1,3}})?[{_SIGNS}]\s*#")
_SPACELESS_DATE: Final = re.compile(r"#\s?[年년]\s?#\s?[月월](?:\s?#\s?[日号일])?")
#: Several numbers with nothing but signs between them: a date, an amount, a list, with its unit of money or zone.
_NUMBERS: Final = re.compile(
    rf"#(?:\s*(?:[.,:;/|×*+-]|\b(?:x|e|y|and|ou|or)\b)*\s*#)*"
    rf"(?:\s*(?:[{_SIGNS}]|{_any(_CURRENCIES)}|(?:[ap]\.?m|gmt|utc)\b))?"
)


def merged_numbers(text: str) -> str:
    """Return `text` with one `#` for each date, amount and list of numbers."""
    if "月" in text or "월" in text:
        text = _SPACELESS_DATE.sub("#", text)
    text = _MONTH_AFTER.sub("#", text)
    if not _BEFORE_A_NUMBER.isdisjoint(text.split()):
        text = _NAMED.sub("", text)
    if "$" in text or (not text.isascii() and _SIGN.search(text)):
        text = _AMOUNT.sub("#", text)
    return _NUMBERS.sub("#", text)
