"""Check of events that are not in Kafka: what would become of each, by the reader of the agents."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from schemas import json_document
from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.envelope import BATCH, STRUCTURED, Headers
from schemas.event_batch import MAX_BATCH_BYTES, cut
from schemas.json_document import BYTE_ORDER_MARK
from schemas.media_type import media_type
from schemas.reading.reader import ResultsReader
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, all_of, from_document
from schemas.refusal import Refusal
from schemas.result import Result, read_each

_ONE: Headers = [("content-type", STRUCTURED.encode())]
_MANY: Headers = [("content-type", BATCH.encode())]
_READER = ResultsReader(CATALOGUE)
_BY_EVENT_TYPE = {each.result_event_type: each for each in CATALOGUE}


class UnsentEvent(NamedTuple):
    """One event, as the record that it would be."""

    headers: Headers
    value: bytes


def events_of(headers: Headers, body: bytes) -> list[UnsentEvent]:
    """Return the events of a body in order: those of a batch each as a record of its own, digit for digit.

    Raises Refusal for a batch that can't be taken apart; it then says nothing about any of its events.
    """
    written = dict(headers).get("content-type") or b""
    if media_type(written.decode("latin-1")) != BATCH:
        return [UnsentEvent(headers, body)]
    return [UnsentEvent(_ONE, part) for part in cut(body)]


def check(event: UnsentEvent | Refusal, now_ns: int) -> Result | Refusal:
    """Return what becomes of an event that is sent at `now_ns`, nanoseconds since 1970, to the topic of its type."""
    if isinstance(event, Refusal):
        return event
    [outcome] = _READER.read(event.headers, None, event.value, now_ns)
    return outcome if isinstance(outcome, Result) else _refusal_of(event, now_ns)


def _refusal_of(event: UnsentEvent, now_ns: int) -> Result | Refusal:
    """Read an event again that is refused: which types it may be of is said only here."""
    named: list[IntegrationType | None] = []

    def type_of(event_type: object) -> IntegrationType:
        named.append(_BY_EVENT_TYPE.get(event_type) if isinstance(event_type, str) else None)
        return named[-1] or CATALOGUE[0]

    [outcome] = read_each(type_of, event.headers, None, event.value, now_ns)
    return _of_no_type(outcome) if isinstance(outcome, Refusal) and None in named else outcome


def _of_no_type(refusal: Refusal) -> Refusal:
    """Return a refusal that says the types there are, and nothing of the one that the event was read as."""
    unknown = Reason(ReasonCode.EVENT_TYPE_UNKNOWN, allowed=tuple(_BY_EVENT_TYPE))
    told = [
        unknown if each.code == ReasonCode.EVENT_TYPE else each
        for each in refusal.reasons
        if each.code != ReasonCode.STATUS_NOT_ALLOWED
    ]
    return Refusal(refusal.code, all_of(told))


def alterations_of(result: Result) -> list[Reason]:
    """Return what was done to read a result."""
    return [from_document(each) for each in json.loads(result.alterations or "[]")]


def events_in(text: bytes, of_type: IntegrationType | None = None) -> Iterator[UnsentEvent | Refusal]:
    """Yield the events of a file or of pasted text: a JSON object, an array of events, or JSON Lines of these.

    `of_type`: an object that has no `specversion` is the data alone of such a result, as in binary mode, and gets the
    attributes that a header would have. A part that can't be taken apart is yielded as its refusal.
    """
    for part in _parts(text.removeprefix(BYTE_ORDER_MARK)):
        try:
            yield from events_of(*_as_record(part, of_type))
        except Refusal as refusal:
            yield refusal.without_frames()


def _parts(text: bytes) -> list[bytes]:
    """The lines when the first of them is a document by itself; else the whole, which may have line ends in it."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if lines and _is_json(lines[0]) else [text]


def _is_json(line: bytes) -> bool:
    try:
        json_document.load(line, MAX_BATCH_BYTES)
    except Refusal:
        return False
    return True


def _as_record(text: bytes, of_type: IntegrationType | None) -> tuple[Headers, bytes]:
    if text.lstrip().startswith(b"["):
        return _MANY, text
    if of_type is None or _has_envelope(text):
        return _ONE, text
    attributes = {"specversion": "1.0", "type": of_type.result_event_type, "source": "/", "id": "-"}
    return [(f"ce_{name}", value.encode()) for name, value in attributes.items()], text


def _has_envelope(text: bytes) -> bool:
    try:
        value = json_document.load(text).value
    except Refusal:
        return False
    return isinstance(value, dict) and "specversion" in value
