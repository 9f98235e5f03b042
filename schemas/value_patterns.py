"""Patterns of values that are secret or a person's wherever they stand: tokens, card numbers, CPFs."""

import base64
import binascii
import re
from collections.abc import Callable, Collection, Container, Mapping
from typing import Final

#: The place in front of a value: no letter or figure, unless an escape ends there (`\n`, `\u00e1`, `%22`).
_START = r"(?:(?<![0-9A-Za-z])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))"
#: The first figure of a number in such a place. Each pattern of numbers begins with a figure, so that the engine skips
#: all that is none: it takes 80 µs for half a kilobyte otherwise.
_FIRST = r"[0-9](?:(?<![0-9A-Za-z%].)|(?<=\\[bfnrt].)|(?<=\\u[0-9A-Fa-f]{4}.)|(?<=%[0-9A-Fa-f]{2}.))"
_END = r"(?![0-9A-Za-z])"
#: Place in front of a word, in front of which `_` and `-` are letters too, as they are for names.
_WORD = _START.replace("0-9A-Za-z])", r"\w-])", 1)

#: Numbers of cards: together, or in the groups in which they are printed.
_CARD = re.compile(
    rf"{_FIRST}(?:\d{{13,18}}|\d{{3}}([ -])\d{{4}}\1\d{{4}}\1\d{{4}}|\d{{3}}([ -])\d{{6}}\2\d{{4,5}}){_END}", re.ASCII
)
#: Beginnings and lengths of numbers that issuers give: Luhn's rule alone would find one in ten of all long numbers.
_ISSUED = re.compile(
    r"4(?:\d{15}|\d{18})"  # Visa, and most of Elo
    r"|(?:5[0-5]|6[0235])\d{14}"  # Mastercard, Elo, Discover, Hipercard
    r"|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}"  # Mastercard
    r"|3[47]\d{13}|3[068]\d{12}|35\d{14}|38\d{14,17}"  # American Express, Diners, JCB, Hipercard
)
_CPF = re.compile(rf"{_FIRST}(?:\d{{10}}|\d{{8}}-\d\d|\d\d\.\d{{3}}\.\d{{3}}[-/]?\d\d){_END}", re.ASCII)
#: Lengths and groups of both, for a quick look at a text whose figures are all 0. Most texts have longer or other
#: numbers, as that of an EAN.
_FIGURES: Final = bytes.maketrans(b"123456789", b"0" * 9)
_MAYBE_NUMBER = re.compile(
    rb"000(?<!0000)(?=00000000(?:0{3,8})?(?!0)|\.000\.000|000000-00|0([ -])(?:0000|000000)\1(?:000))"
)
#: Escapes that may end in front of a number, and how many characters of each follow its sign.
_ESCAPES: Final = ((b"\\u", 4), (b"%", 2))
#: Characters of a number and of the one behind it, and of the longest escape in front of it.
_LONGEST_NUMBER, _LONGEST_ESCAPE = 20, 6
_GAP = r"(?:[ \t+]|%20)+"
# These take all that may belong to the value, and leave it to a rule: a pattern that fails late would read a long text
# once for each of its beginnings.
_BEARER = re.compile(rf"{_WORD}bearer{_GAP}(?P<secret>[\w.~+/=:-]++)", re.ASCII | re.IGNORECASE)
_BASIC = re.compile(rf"{_WORD}basic{_GAP}(?P<secret>[A-Za-z0-9+/]++={{0,2}})", re.ASCII | re.IGNORECASE)
_JWT = re.compile(rf"{_START}eyJ[\w.-]++", re.ASCII)
_NOT_A_FIGURE = re.compile(r"\D", re.ASCII)


def _is_card(text: str) -> bool:
    figures = _NOT_A_FIGURE.sub("", text)
    if _ISSUED.fullmatch(figures) is None:
        return False
    doubled = (sum(divmod(2 * int(each), 10)) for each in figures[-2::-2])
    return (sum(doubled) + sum(map(int, figures[-1::-2]))) % 10 == 0


def _is_cpf(text: str) -> bool:
    figures = [int(each) for each in _NOT_A_FIGURE.sub("", text)]
    if len(set(figures)) == 1:
        return False
    return all(
        sum(figure * (length + 1 - place) for place, figure in enumerate(figures[:length])) * 10 % 11 % 10
        == figures[length]
        for length in (9, 10)
    )


def _is_token(text: str) -> bool:
    """Tell if this is no word of a sentence about bearers."""
    return len(text) >= 6 and any(each.isdigit() for each in text)


def _is_jwt(text: str) -> bool:
    return text.count(".") >= 2 and len(text) >= 20


def _is_login(text: str) -> bool:
    """Tell if this is base64 of `user:password`, and no word that follows `basic`."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return False


#: Each kind with its pattern and the rule that a found value is held to. What is in a group `secret` is the value.
_KINDS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]]] = {
    "basic": (_BASIC, _is_login),
    "bearer": (_BEARER, _is_token),
    "jwt": (_JWT, _is_jwt),
    "card": (_CARD, _is_card),
    "cpf": (_CPF, _is_cpf),
}
#: Names of all kinds.
KINDS: Final = tuple(_KINDS)
#: Words of which a text has one if it has a value of that kind, in small letters.
WORDS: Final[Mapping[str, str]] = {"basic": "basic", "bearer": "bearer"}
_NUMBERS: Final = ("card", "cpf")


class ValuePatterns:
    """Some of KINDS, to be found in any text."""

    def __init__(self, kinds: Collection[str]) -> None:
        """Raises KeyError for an unknown kind."""
        self._rules = [_KINDS[kind] for kind in KINDS if kind in kinds]
        self._numbers = [_KINDS[kind] for kind in _NUMBERS if kind in kinds]
        self._has_jwt = "jwt" in kinds
        self.words = tuple(WORDS[kind] for kind in WORDS if kind in kinds)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def may_be_without_word(self, text: bytes) -> bool:
        """Return True when a text, which may be JSON as it is written, may have a value that needs none of `words`."""
        if self._has_jwt and b"J" in text and b"eyJ" in text:
            return True
        if not self._numbers:
            return False
        if (b"\\" in text or b"%" in text) and _has_figure_behind_escape(text):
            decoded = text.decode("utf-8", "surrogatepass")
            return any(is_one(match[0]) for pattern, is_one in self._numbers for match in pattern.finditer(decoded))
        figures = text.translate(_FIGURES)
        found = _MAYBE_NUMBER.search(figures)
        while found is not None:
            if self._is_number(text, found.start()):
                return True
            found = _MAYBE_NUMBER.search(figures, found.end())
        return False

    def _is_number(self, text: bytes, at: int) -> bool:
        """Tell if one of the numbers begins at `at`, where figures begin."""
        start = max(at - _LONGEST_ESCAPE, 0)
        around = text[start : at + _LONGEST_NUMBER].decode("latin-1")  # only what is in ASCII says anything here
        for pattern, is_one in self._numbers:
            match = pattern.match(around, at - start)
            if match is not None and is_one(match[0]):
                return True
        return False

    def without(self, text: str, replacement: str, spared: Container[str] = ()) -> str:
        """Return the text with `replacement` in place of each value that is not in `spared`."""
        for pattern, is_one in self._rules:
            text = pattern.sub(_replaced(is_one, replacement, spared), text)
        return text


def _has_figure_behind_escape(text: bytes) -> bool:
    return any(rest[length : length + 1].isdigit() for sign, length in _ESCAPES for rest in text.split(sign)[1:])


def _replaced(
    is_one: Callable[[str], bool], replacement: str, spared: Container[str]
) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        secret = match["secret"] if "secret" in match.re.groupindex else match[0]
        if secret in spared or not is_one(secret):
            return match[0]
        return match[0].removesuffix(secret) + replacement

    return replaced


def other_form_of_cpf(text: str) -> list[str]:
    """Return the other form of a CPF, with points or without; nothing for any other text."""
    figures = _NOT_A_FIGURE.sub("", text)
    if _CPF.fullmatch(text) is None or not _is_cpf(text):
        return []
    pointed = f"{figures[:3]}.{figures[3:6]}.{figures[6:9]}-{figures[9:]}"
    return [each for each in (figures, pointed) if each != text]
