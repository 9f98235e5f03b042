"""Parser of bytes as one JSON value, which says exactly why a text is not one.

The usual event goes through one call of orjson, which already refuses NaN, infinities, trailing text and
invalid UTF-8. Only a text that it refuses, or one with an escape that PostgreSQL can't hold, is read a second time.
When an object has a key twice, the last one counts, as in PostgreSQL's jsonb.
"""

import json
import re
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from schemas import foreign_bytes, raw_json
from schemas.characters import is_unseen, named
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.topics import MAX_EVENT_BYTES

MAX_DEPTH = 64  # objects and lists inside each other; parsers and PostgreSQL fail somewhere above 1,000

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Runs of escapes: an escaped backslash, a surrogate pair, a lone surrogate or NUL. The first two are kept.
_ESCAPE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<bad>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\u0000)"
)
_REPLACEMENT = rb"\ufffd"
#: Characters of the longest integers of 64 bits, with a sign (-2**63) and without one (2**64 - 1).
_MOST_DIGITS = len(str(-(2**63)))
#: Words of orjson for `1e400`, which JSON allows.
_TOO_LARGE_A_NUMBER = "number is infinity when parsed as double"
_SUSPECT = (b"\\u0000", b"\\ud", b"\\uD")


class Document(NamedTuple):
    """One JSON value, and its text as PostgreSQL can hold it."""

    value: Any
    text: bytes  # UTF-8, no byte order mark; equal to the input unless `altered`
    altered: bool  # NUL or a lone surrogate was replaced by U+FFFD


def load(raw: bytes, limit: int = MAX_EVENT_BYTES) -> Document:
    """Read `raw`, of at most `limit` bytes, as one JSON document.

    Raises Refusal: empty, too_large, encoding, json or too_deep.
    """
    text, altered = text_of(raw, limit)
    try:
        return Document(value_of(text), text, altered)
    except json.JSONDecodeError as exc:
        raise explained(text, exc) from None


def text_of(raw: bytes, limit: int = MAX_EVENT_BYTES) -> tuple[bytes, bool]:
    """Return the text of `raw` that PostgreSQL can hold, which any parser may be given, and whether it was altered.

    It is `raw` itself where nothing had to be done. Raises Refusal: empty, too_large or too_deep.
    """
    if not raw:
        raise Refusal(DeadLetterCode.EMPTY, Reason(ReasonCode.NO_BYTES))
    if len(raw) > limit:
        raise Refusal(DeadLetterCode.TOO_LARGE, Reason(ReasonCode.VALUE_TOO_LARGE, bytes=len(raw), limit=limit))
    text, altered = raw, False
    # A byte alone is found ten times as fast as two.
    if b"\\" in raw and b"\\u" in raw and any(suspect in raw for suspect in _SUSPECT):
        text, altered = _without_unstorable(raw)
    text = text.removeprefix(BYTE_ORDER_MARK)
    # Checked before parsing: a recursive parser must not meet 100,000 brackets. Few brackets can't nest deeply.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Refusal(DeadLetterCode.TOO_DEEP, Reason(ReasonCode.VALUE_TOO_DEEP, limit=MAX_DEPTH))
    return text, altered


def value_of(text: bytes) -> Any:
    """Read JSON in UTF-8. A number that a float can't hold is an infinity: only its text has its digits.

    Raises JSONDecodeError.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        if exc.msg != _TOO_LARGE_A_NUMBER:
            raise
        return _WITH_ANY_NUMBER.decode(text.decode())


def _without_unstorable(raw: bytes) -> tuple[bytes, bool]:
    altered = False

    def keep_or_replace(match: re.Match[bytes]) -> bytes:
        nonlocal altered
        if match["bad"] is None:
            return match[0]
        altered = True
        return _REPLACEMENT

    return _ESCAPE.sub(keep_or_replace, raw), altered


def _integer(digits: str) -> int | float:
    """Read an integer as orjson does: as a float where 64 bits don't hold it, with a sign or without one."""
    if len(digits) <= _MOST_DIGITS and -(2**63) <= (number := int(digits)) < 2**64:
        return number
    return float(digits)


def _refuse(name: str) -> Any:
    raise json.JSONDecodeError("invalid number", name, 0)


_WITH_ANY_NUMBER = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse)

_NOT_A_BRACKET_OR_QUOTE = bytes(set(range(256)) - set(b'{}[]"'))
#: Each bracket as the byte of its step: 1 in, -1 (as two's complement) out.
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")


def _depth(text: bytes) -> int:
    """Return how many brackets are open at most where `text` is JSON; of what follows a fault it may say less.

    Each byte is looked at a fixed number of times, in C: text from outside must not hold up the event loop.
    """
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    marks = unescaped.translate(_STEPS, _NOT_A_BRACKET_OR_QUOTE)
    outside_of_strings = b"".join(marks.split(b'"')[::2])
    return max(accumulate(memoryview(outside_of_strings).cast("b")), default=0)


def explained(text: bytes, exc: json.JSONDecodeError) -> Refusal:
    """Return why a parser refused, in words of our own: its own are English, and those of its version."""
    if foreign := foreign_bytes.reason_for(text):
        return Refusal(DeadLetterCode.ENCODING, foreign)
    try:
        characters = text.decode("utf-8")
    except UnicodeDecodeError as bad:
        return Refusal(DeadLetterCode.ENCODING, Reason(ReasonCode.NOT_UTF8, position=bad.start))
    if exc.pos >= len(characters.rstrip()):
        return Refusal(DeadLetterCode.JSON, Reason(ReasonCode.JSON_ENDS_EARLY, position=len(characters)))
    found = characters[exc.pos]
    found = named(found) if is_unseen(found) else found
    return Refusal(DeadLetterCode.JSON, Reason(ReasonCode.JSON_CHARACTER, found=found, position=exc.pos))


def dump(value: Any) -> bytes:
    """Return a JSON value as compact UTF-8. Integers of any size are kept exactly; a RawJson stays as it is."""
    try:
        return raw_json.dump(value)
    except TypeError:  # an integer over 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
