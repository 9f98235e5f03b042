"""Redaction: removes secret and personal values from evidence before it is stored, so that they can't leak.

Values are found by name and by pattern. Structured evidence is read by its structure: objects, JSON inside text, XML.
In other text a name that is followed by `:` or `=` has a value. Its quotes tell where the value ends; in doubt it ends
later. Patterns (`schemas.value_patterns`) are found in any text, messages too. Only what is found is written anew:
everything else stays as it came, digit for digit.
"""

import re
import string
from collections.abc import Container, Iterable, Sequence
from typing import Annotated, Any, Final, Self

from pydantic import StringConstraints

from schemas.raw_json import Members, RawJson, changed, load, spliced
from schemas.value_patterns import KINDS, ValuePatterns

REDACTED = "[redacted]"
MAX_RULES = 100
#: A rule that stands for all of PRESET.
DEFAULT: Final = "preset"
_VALUE, _NOT = "value:", "-"
_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
#: A name (of a JSON field, an XML element or attribute, a header, a parameter of a form), or `value:` and a kind of
#: pattern; with `-` in front: not this one.
Rule = Annotated[str, StringConstraints(pattern=rf"^-?(?:{_VALUE}(?:{'|'.join(KINDS)})|{_NAME})$")]
#: Rules for values that nobody needs to see to understand an error.
PRESET: Final = (
    *("authorization", "proxy-authorization", "cookie", "set-cookie"),
    *("token", "access-token", "refresh-token", "id-token", "auth-token", "session-token", "csrf-token", "app-token"),
    *("api-key", "x-api-key", "x-vtex-api-apptoken", "vtexidclientautcookie"),
    *("secret", "client-secret", "secret-key", "private-key"),
    *("password", "passwd", "senha"),
    *("card", "credit-card", "card-number", "cvv", "cvc", "security-code", "card-security-code"),
    *("cpf", "cnpj", "cpf-cnpj", "corporate-document"),
    *(f"{_VALUE}{kind}" for kind in KINDS),
)

#: An escape of a letter or figure that a name may have.
_ESCAPED = re.compile(rb"\\u00[0-7]")
#: Escapes that may end in a letter.
_ENDING_IN_LETTER, _PERCENT_LETTER = re.compile(rb"\\[A-Za-z]"), re.compile(rb"%[0-9A-Fa-f][A-Fa-f]")
_WORD = re.compile("[a-z]+")
_SMALL = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
#: Small letters, and a space for all that is no letter.
_AS_WORDS = bytes(_SMALL[byte] if chr(byte) in string.ascii_letters else ord(" ") for byte in range(256))
_QUOTE = r"""\\*["']|%2[27]|&(?:quot|apos|#3[49]);"""
_QUOTED = re.compile(_QUOTE)
#: A name in text with the sign behind it: `name:`, `"name" =`, `[name] =>`, `\"name\":`, `%22name%22%3A`.
_NAMED = re.compile(
    rf"(?<![\w-])(?P<name>[A-Za-z0-9_-]++)(?:{_QUOTE}|\])*+[ \t]*+(?P<sign>:|=>?|%3[AaDd])", re.ASCII | re.IGNORECASE
)
#: The start tag of an element, as it is or escaped once; one without an end ends before the next one.
_ELEMENT = re.compile(
    r"(?:<|&lt;)(?P<tag>(?:[\w.-]+:)?(?P<name>[\w-]+))(?![\w.:-])(?P<rest>(?:(?!&[lg]t;)[^<>])*+)(?:>|&gt;)", re.ASCII
)
_END_OF_LINE, _END_OF_PARAMETER = re.compile(r"[\r\n]"), re.compile(r"[&\s<]")
_NOT_BLANK = re.compile(r"\S")
#: Pairs of a name and a value as HAR and many APIs have them.
_NAME_FIELDS, _VALUE_FIELDS = ("name", "key"), ("value", "values")


class Redaction:
    """Rules by which values are removed. Names match whole, without regard to case, `_` and `-`."""

    def __init__(self, rules: Iterable[str]) -> None:
        """Take rules, each a `Rule`, in order; DEFAULT stands for PRESET."""
        chosen: dict[str, str] = {}
        for each in rules:
            for rule in PRESET if each == DEFAULT else (each,):
                if rule.startswith(_NOT):
                    chosen.pop(_squeezed(rule), None)
                else:
                    chosen[_squeezed(rule)] = rule
        self._names = frozenset(name for name, rule in chosen.items() if not rule.startswith(_VALUE))
        kinds = [rule.removeprefix(_VALUE) for rule in chosen.values() if rule.startswith(_VALUE)]
        self._patterns = ValuePatterns(kinds)
        self._spared: frozenset[str] = frozenset()
        words = {*self._patterns.words, *self._names}
        # What a text with a name has among its words, which have no figures.
        self._words = frozenset(max(_WORD.findall(each), key=len, default="").encode() for each in words)
        # A text without "token" has no "accesstoken" either.
        self._shortest = [each for each in words if not any(other != each and other in each for other in words)]

    def __bool__(self) -> bool:
        """Return False when there is nothing to remove."""
        return bool(self._names or self._patterns)

    def sparing(self, values: Iterable[str]) -> Self:
        """Return the same rules; their patterns leave these values, by which an entity is found."""
        other = type(self)(())
        vars(other).update(vars(self))
        other._spared = frozenset(values)
        return other

    def may_be_in(self, text: bytes) -> bool:
        """Return False when a JSON text in UTF-8 certainly has nothing to remove; True asks for the exact search."""
        # Looking at each word once takes a third of the time of searching for each name.
        if not self._words.isdisjoint(text.translate(_AS_WORDS, b"_-").split()):
            return True
        # An escape may end in letters, right in front of a name.
        if (b"\\" in text and _ENDING_IN_LETTER.search(text)) or (b"%" in text and _PERCENT_LETTER.search(text)):
            squeezed = text.translate(_SMALL, b"_-").decode("latin-1")
            if any(name in squeezed for name in self._shortest) or _ESCAPED.search(text) is not None:
                return True
        return b"" in self._words or self._patterns.may_be_without_word(text)

    def values(self, text: str) -> str:
        """Return a text without the values of the patterns: for sentences, in which a name means no value."""
        return self._patterns.without(text, REDACTED, self._spared)

    def fields(self, fields: Members, kept: Container[str] = ()) -> Members:
        """Return an object without the named values; its own fields that are in `kept` stay as they are.

        Whatever nothing is taken out of is the same object afterwards, here and below.
        """
        paired = any(name in _NAME_FIELDS and self._is_named(value) for name, value in fields)

        def of(name: str, value: Any) -> Any:
            if name in kept or value is None:
                return value
            named = self._is_named(name) or (paired and name in _VALUE_FIELDS)
            return REDACTED if named else self.value(value)

        return fields.changed(of)

    def said(self, value: Any) -> Any:
        """Return a sentence without the values of the patterns, and what is no text as any value of evidence."""
        if not isinstance(value, str):
            return self.value(value)
        found = self.values(value)
        return value if found == value else found

    def value(self, value: Any) -> Any:
        """Return a value of evidence, as `schemas.raw_json.load` reads it, without what is to be removed."""
        if isinstance(value, Members):
            return self.fields(value)
        if isinstance(value, list):
            if len(value) == 2 and self._is_named(value[0]):
                return [value[0], REDACTED]
            return changed(value, self.value)
        if isinstance(value, RawJson):
            return REDACTED if self.values(value.text) != value.text else value
        return self._text(value) if isinstance(value, str) else value

    def _is_named(self, name: object) -> bool:
        return isinstance(name, str) and _squeezed(name) in self._names

    def _text(self, text: str) -> str:
        if not self.may_be_in(text.encode("utf-8", "surrogatepass")):
            return text
        if text.lstrip()[:1] in {"{", "["}:
            try:
                came = load(text)
                return spliced(text, came, self.value(came))
            except (ValueError, TypeError, RecursionError):
                pass  # cut off, nested without end, or with what is no text: then it is not JSON
        found = self.values(self._pairs(self._elements(text)))
        return text if found == text else found

    def _elements(self, text: str) -> str:
        """Return XML without the content of elements of these names."""
        parts: list[str] = []
        at = 0
        while match := _ELEMENT.search(text, at):
            parts.append(text[at : match.end()])
            at = match.end()
            if self._is_named(match["name"]) and not match["rest"].endswith("/"):
                end = _end_of_element(text, at, match["tag"])
                if _NOT_BLANK.search(text, at, end):
                    parts.append(REDACTED)
                    at = end
        return "".join(parts) + text[at:]

    def _pairs(self, text: str) -> str:
        """Return text without the values behind these names."""
        parts: list[str] = []
        at = position = 0
        while match := _NAMED.search(text, position):
            position = match.end()
            if any(self._is_named(name) for name in _unescaped(text, match.start(), match["name"])):
                begin, end = _value_behind(text, match.end(), match["sign"])
                if _NOT_BLANK.search(text, begin, end) and not text.startswith(REDACTED, begin):
                    parts += text[at:begin], REDACTED
                    at = position = end
        return "".join(parts) + text[at:]


def _squeezed(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "")


def _unescaped(text: str, start: int, name: str) -> Sequence[str]:
    r"""Return the possible readings of `name`: behind `\n`, `\u0026` and `%26` its first letters end an escape."""
    before = text[start - 1 : start]
    if before == "\\":
        return name, name[1:], name[5:]
    return (name, name[2:]) if before == "%" else (name,)


def _end_of_element(text: str, at: int, tag: str) -> int:
    """Return the start of the end tag for the start tag before `at`; the end of the text if there is none."""
    depth = 1
    for match in re.compile(rf"(?:<|&lt;)(?P<end>/?){re.escape(tag)}(?![\w.:-])", re.ASCII).finditer(text, at):
        depth += -1 if match["end"] else 1
        if depth == 0:
            return match.start()
    return len(text)


def _value_behind(text: str, at: int, sign: str) -> tuple[int, int]:
    """Return start and end of the value behind a name and its `sign`."""
    begin = _skip(text, at, " \t")
    if text[begin : begin + 1] in {"\r", "\n"}:
        # Laid out JSON goes on in the next line; a header without a value does not.
        next_line = _skip(text, begin, " \t\r\n")
        if text[next_line : next_line + 1] not in {'"', "{", "[", "\\"}:
            return begin, begin
        begin = next_line
    if text[begin : begin + 1] in {"{", "["}:
        return begin, len(text)
    if quote := _QUOTED.match(text, begin):
        return quote.end(), _end_of_quoted(text, quote.end(), quote[0])
    end = (_END_OF_LINE if sign in {":", "=>"} else _END_OF_PARAMETER).search(text, begin)
    return begin, end.start() if end else len(text)


def _end_of_quoted(text: str, at: int, quote: str) -> int:
    r"""Find the closing quote: with as many backslashes as the opening one, or fewer; `\\"` closes a bare one."""
    depth = len(quote) - 1 if quote[0] in "\\\"'" else None
    if depth is None:
        closing = re.compile(re.escape(quote), re.IGNORECASE).search(text, at)
        return closing.start() if closing else len(text)
    for match in re.compile(rf"(\\*){quote[-1]}").finditer(text, at):
        found = len(match[1])
        if found <= depth if depth else found % 2 == 0:
            return match.end() - 1 - min(found, depth)
    return len(text)


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at
