"""A JSON batch of events as the text of each, cut without reading any of them.

A batch of 16 MiB, read as a whole, is a list of some five million small objects: hundreds of megabytes before it is
known that it has too many events. Cut first, it is counted for nothing, and each event is read by itself.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from schemas import json_document
from schemas.envelope import BATCH, MAX_BATCH_EVENTS
from schemas.json_document import BYTE_ORDER_MARK, MAX_DEPTH
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.topics import MAX_EVENT_BYTES

#: Limit of a batch, in bytes; that of each of its events is MAX_EVENT_BYTES.
MAX_BATCH_BYTES: Final = 16 * MAX_EVENT_BYTES
#: Text up to the next byte of a set that is outside of strings, or up to the end. An unterminated string ends there.
_UP_TO: Final = rb'(?:[^"%s]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))*+'
_UP_TO_BRACKET: Final = re.compile(_UP_TO % rb"\[\]{}", re.DOTALL)
_UP_TO_BRACKET_OR_COMMA: Final = re.compile(_UP_TO % rb"\[\]{},", re.DOTALL)
_SPACE: Final = b" \t\n\r"


def cut(body: bytes) -> list[bytes]:
    """Return the text of each element of a JSON list, as it came and in order, without the space around it.

    Whether an element is JSON is left to who reads it. Raises Refusal for what is no list of at most MAX_BATCH_EVENTS
    within MAX_BATCH_BYTES, is nested too deep, or has bytes that are no text.
    """
    text = body.removeprefix(BYTE_ORDER_MARK).strip(_SPACE)
    if len(body) > MAX_BATCH_BYTES or not text.startswith((b"[", b"{")):
        json_document.load(body, MAX_BATCH_BYTES)  # which says what is wrong with it, unless it is a text or number
    if not text.startswith(b"["):
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.BATCH_NOT_A_LIST, batch=BATCH))
    try:
        text.decode()
        found = list(islice(_elements(text), MAX_BATCH_EVENTS + 1))
    except UnicodeDecodeError as exc:
        raise Refusal(DeadLetterCode.ENCODING, Reason(ReasonCode.NOT_UTF8, position=exc.start)) from None
    except json.JSONDecodeError as exc:
        raise json_document.explained(text, exc) from None
    if len(found) > MAX_BATCH_EVENTS:
        raise Refusal(DeadLetterCode.TOO_LARGE, Reason(ReasonCode.BATCH_TOO_LARGE, limit=MAX_BATCH_EVENTS))
    return found


def _elements(text: bytes) -> Iterator[bytes]:
    """Raises JSONDecodeError where the list has no end, an element is missing, or something comes behind the list."""
    start, mark = 1, b","
    while mark == b",":
        end = _end(text, start)
        element, mark = text[start:end].strip(_SPACE), text[end : end + 1]
        is_empty_list = mark == b"]" and start == 1
        if mark not in {b",", b"]"} or not (element or is_empty_list):
            raise _fault(text, end)
        if element:
            yield element
        start = end + 1
    if behind := text[start:].lstrip(_SPACE):
        raise _fault(text, len(text) - len(behind))


def _end(text: bytes, at: int) -> int:
    """Return where the comma or bracket is that ends the element of the outermost list which begins at `at`."""
    depth = 1
    while found := (_UP_TO_BRACKET_OR_COMMA if depth == 1 else _UP_TO_BRACKET).match(text, at):
        at = found.end()
        mark = text[at : at + 1]
        if mark in {b"[", b"{"}:
            depth += 1
        elif depth == 1 or not mark:
            break
        else:
            depth -= 1
        if depth > MAX_DEPTH:
            raise Refusal(DeadLetterCode.TOO_DEEP, Reason(ReasonCode.VALUE_TOO_DEEP, limit=MAX_DEPTH))
        at += 1
    return at


def _fault(text: bytes, at: int) -> json.JSONDecodeError:
    return json.JSONDecodeError("", text.decode(), len(text[:at].decode()))
