"""Reader of CloudEvents 1.0 in a Kafka record, in each of the modes of the Kafka protocol binding.

This is our own reader. The `cloudevents` library's costs as much per event as everything else that ingest does to one
(docs/decisions/0004). Tests compare the two; the SDK writes with the library.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from schemas import foreign_bytes, json_document, raw_json
from schemas.extensions import ATTRIBUTES, extensions_text, traceparent_of
from schemas.json_document import Document
from schemas.media_type import is_json, media_type
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, kind_of, shown
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.timestamp import Timestamp, parse

Headers = Sequence[tuple[str, bytes | None]]

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024  # names and values of a record together
MAX_ATTRIBUTE_CHARACTERS = 2048  # of `id` and `source`
MAX_BATCH_EVENTS = 1000  # in one application/cloudevents-batch+json value

#: Attributes that are read, and `data`; others are kept with a structured event.
KNOWN = ATTRIBUTES | {"correlationid"}

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_CLOUDEVENTS = "application/cloudevents"
#: RFC 3986 forbids these everywhere in a URI-reference; the rest is left to the connector.
_URI_REFERENCE = re.compile(r'[^\s\x00-\x20\x7f<>"{}|\\^`]+')
VERSION = "1.0"  # of CloudEvents
INT64_YEARS = (1700, 2200)  # nanoseconds since 1970 in 64 bits reach from 1677 to 2262

Mode = Literal["binary", "structured", "batch"]
#: Media types without attributes in headers: the event, or each of the events, has its own.
MODES: Mapping[str, Mode] = {STRUCTURED: "structured", BATCH: "batch"}
#: Data of an event that can't be taken out of it, in `FaultsOfData`.
UNREAD: Final = object()
#: Function that returns what is wrong with the data of an event, by its attributes, which are at fault, and the data.
FaultsOfData = Callable[[Mapping[str, Any], Any], list[Refusal]]


class Envelope(NamedTuple):
    """The context of one event, and its data."""

    type: str
    source: str
    id: str
    subject: str | None
    time: Timestamp | None
    correlationid: str | None  # the item_id, in an answer to a retry; any other text is none of ours
    data: Any  # not validated
    body: bytes  # JSON text that holds `data`: the data itself, or the whole event when `structured`
    structured: bool
    altered: bool  # as in json_document
    traceparent: str | None = None  # W3C Trace Context; None also for one that isn't valid
    part: bytes | None = None  # of the record's value, when that is a batch: the text of this event, as it came
    extensions: str | None = None  # JSON object of the extensions that `body` does not hold
    done: tuple[Reason, ...] = ()  # to read its attributes


def read(headers: Headers, value: bytes, faults_of_data: FaultsOfData | None = None) -> Iterator[Envelope | Refusal]:
    """Yield the events of one record, in order: one, or up to MAX_BATCH_EVENTS when it is a JSON batch.

    A refused event is yielded, not raised, so that its neighbours in a batch are kept. When headers have the same
    name, the last one counts. `faults_of_data` is called with the attributes and the data of an event with a fault in
    either, and returns what else is.
    """
    try:
        by_name = _check_headers(headers)
        mode = mode_of(by_name)  # first: what a foreign content-type says explains why the value is no JSON
        try:
            document = json_document.load(value)
        except Refusal as refusal:
            raise _explained(refusal, by_name) from None
        if mode is None:
            mode = _mode_by_value(by_name, document.value)
        if mode == "batch":
            yield from _read_batch(document, faults_of_data)
        elif mode == "structured":
            yield _structured(document, faults_of_data)
        else:
            attributes = {name[3:]: value for name, value in by_name.items() if name.startswith("ce_")}
            altered = document.altered or _is_replaced(headers, attributes)
            document = document._replace(altered=altered)
            yield _envelope(attributes, document.value, document, faults_of_data, structured=False)
    except Refusal as refusal:
        yield refusal.without_frames()


def _check_headers(headers: Headers) -> dict[str, str]:
    if len(headers) > MAX_HEADERS:
        raise Refusal(
            DeadLetterCode.TOO_LARGE, Reason(ReasonCode.TOO_MANY_HEADERS, headers=len(headers), limit=MAX_HEADERS)
        )
    size = 0
    texts: dict[str, str] = {}
    for name, value in headers:
        if value is not None:
            size += len(name) + len(value)
            texts[name] = value.decode("utf-8", "replace")
    if size > MAX_HEADER_BYTES:
        raise Refusal(
            DeadLetterCode.TOO_LARGE, Reason(ReasonCode.HEADERS_TOO_LARGE, bytes=size, limit=MAX_HEADER_BYTES)
        )
    return texts


def _is_replaced(headers: Headers, attributes: Mapping[str, str]) -> bool:
    """Return True if an attribute in a header has bytes or characters that are replaced where it is read."""
    written = dict(each for each in headers if each[1] is not None)
    return any("\x00" in name + text or text.encode() != written[f"ce_{name}"] for name, text in attributes.items())


def mode_of(headers: Mapping[str, str]) -> Mode | None:
    """Return the mode that the headers name; None when only the value can tell. Raises Refusal for a foreign type."""
    written = headers.get("content-type", "")
    found = media_type(written)
    if found in MODES:
        return MODES[found]
    if not is_json(found):
        if found.startswith(_CLOUDEVENTS):
            raise _refused(ReasonCode.CONTENT_TYPE_UNKNOWN, allowed=tuple(MODES), value=shown(written))
        check_json(written, "content-type")
    return "binary" if "ce_specversion" in headers else None


def _mode_by_value(headers: Mapping[str, str], value: Any) -> Mode:
    if isinstance(value, dict) and "specversion" in value:
        return "structured"
    if "ce-specversion" in headers:
        raise _refused(ReasonCode.HEADERS_OF_HTTP)
    raise _refused(ReasonCode.NOT_A_CLOUDEVENT, structured=STRUCTURED)


def _refused(code: ReasonCode, **parameters: Any) -> Refusal:
    return Refusal(DeadLetterCode.ENVELOPE, Reason(code, **parameters))


def _explained(refusal: Refusal, headers: Mapping[str, str]) -> Refusal:
    """Return why a value is no JSON: the compression that a header names, where that is the reason."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"} or refusal.code not in {DeadLetterCode.ENCODING, DeadLetterCode.JSON}:
        return refusal
    return Refusal(DeadLetterCode.ENCODING, foreign_bytes.compressed(encoding))


def _read_batch(document: Document, faults_of_data: FaultsOfData | None) -> Iterator[Envelope | Refusal]:
    events = document.value
    if not isinstance(events, list):
        raise _refused(ReasonCode.BATCH_NOT_A_LIST, batch=BATCH)
    if len(events) > MAX_BATCH_EVENTS:
        raise Refusal(DeadLetterCode.TOO_LARGE, Reason(ReasonCode.BATCH_TOO_LARGE, limit=MAX_BATCH_EVENTS))
    # Cut from the text, not written again from the values: those have lost the digits of numbers over 64 bits.
    texts = raw_json.elements(document.text.decode())
    for position, (event, text) in enumerate(zip(events, texts, strict=True)):
        yield _of_batch(Document(event, text.encode(), document.altered), position, faults_of_data)


def read_part(part: bytes, position: int, faults_of_data: FaultsOfData | None = None) -> Envelope | Refusal:
    """Return the event at `position` of a batch that is read otherwise, as `read` yields it of the whole batch.

    `part` is its text, of which `schemas.json_document.text_of` has altered nothing. Raises JSONDecodeError.
    """
    return _of_batch(Document(json_document.value_of(part), part, altered=False), position, faults_of_data)


def _of_batch(document: Document, position: int, faults_of_data: FaultsOfData | None) -> Envelope | Refusal:
    try:
        return _structured(document, faults_of_data)._replace(part=document.text)
    except Refusal as refusal:
        reason = Reason(ReasonCode.IN_BATCH, position=position, reason=refusal.reason)
        return Refusal(refusal.code, reason, document.text)


def _structured(document: Document, faults_of_data: FaultsOfData | None) -> Envelope:
    """Read a whole event. Raises Refusal."""
    event = document.value
    if not isinstance(event, dict):
        raise _refused(ReasonCode.EVENT_NOT_AN_OBJECT)
    if event.get("data_base64") is None:
        return _envelope(event, event.get("data"), document, faults_of_data, structured=True)
    try:
        document = _decoded(document)
    except Refusal as refusal:
        faults = [*_faults(event, structured=True), refusal]
        if faults_of_data is not None:
            faults += faults_of_data(event, UNREAD)
        raise Refusal.of_all(faults) from None
    return _envelope(event, document.value, document, faults_of_data, structured=True)


def _decoded(document: Document) -> Document:
    """Return the data in the `data_base64` of an event, and a text of the event that has it as `data`.

    Raises Refusal.
    """
    event = document.value
    if event.get("data") is not None:
        raise _refused(ReasonCode.DATA_TWICE)
    try:
        raw = b64decode(event["data_base64"], validate=True)
    except (ValueError, TypeError):
        raise _refused(ReasonCode.NOT_BASE64) from None
    try:
        data = json_document.load(raw)
    except Refusal as refusal:
        raise Refusal(refusal.code, Reason(ReasonCode.IN_BASE64, reason=refusal.reason)) from None
    members = raw_json.members(document.text.decode().strip())
    kept = [(name, text) for name, text in members if name not in {"data", "data_base64"}]
    text = raw_json.object_of([*kept, ("data", data.text.decode().strip())])
    return Document(data.value, text.encode(), document.altered or data.altered)


def check_json(content_type: object, field: str) -> None:
    """Raise Refusal for a media type of something else than JSON; none at all is one of JSON."""
    if not content_type:
        return
    if not isinstance(content_type, str) or not is_json(media_type(content_type)):
        raise _refused(ReasonCode.NOT_A_JSON_MEDIA_TYPE, field=field, value=shown(content_type))


def _envelope(
    attributes: Mapping[str, Any],
    data: Any,
    document: Document,
    faults_of_data: FaultsOfData | None,
    *,
    structured: bool,
) -> Envelope:
    """Return an event with its data, and the document whose text holds it. Raises Refusal with all that is wrong."""
    try:
        if structured:
            check_json(attributes.get("datacontenttype"), "datacontenttype")
        if attributes.get("specversion") != VERSION:
            _check_version(attributes)
        correlation = attributes.get("correlationid")
        time, done = _time_or_why_not(attributes)
        return Envelope(
            _text(attributes, "type"),
            source_of(attributes),
            _text(attributes, "id"),
            None if attributes.get("subject") is None else _text(attributes, "subject"),
            time,
            correlation if isinstance(correlation, str) else None,
            data,
            document.text,
            structured,
            document.altered,
            traceparent_of(attributes.get("traceparent")),
            extensions=None if structured else extensions_text(attributes),
            done=done,
        )
    except Refusal:
        faults = [*_faults(attributes, structured=structured)]
        if faults_of_data is not None:
            faults += faults_of_data(attributes, data)
        raise Refusal.of_all(faults) from None


def _faults(attributes: Mapping[str, Any], *, structured: bool) -> Iterator[Refusal]:
    """Yield all that is wrong with the attributes of an event, in the order in which they are read."""
    checks: list[Callable[[], object]] = [
        lambda: check_json(attributes.get("datacontenttype") if structured else None, "datacontenttype"),
        lambda: _check_version(attributes),
        lambda: _text(attributes, "type"),
        lambda: source_of(attributes),
        lambda: _text(attributes, "id"),
        lambda: None if attributes.get("subject") is None else _text(attributes, "subject"),
    ]
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            yield refusal.without_frames()


def _check_version(attributes: Mapping[str, Any]) -> None:
    version = attributes.get("specversion")
    if version != VERSION:
        text = _text(attributes, "specversion")
        raise _refused(ReasonCode.SPECVERSION, version=VERSION, value=shown(text))


def source_of(attributes: Mapping[str, Any]) -> str:
    """Return the `source` of an event. Raises Refusal."""
    source = _text(attributes, "source")
    if _URI_REFERENCE.fullmatch(source) is None:
        raise _refused(ReasonCode.SOURCE_NOT_A_URI, value=shown(source))
    return source


def _time_or_why_not(attributes: Mapping[str, Any]) -> tuple[Timestamp | None, tuple[Reason, ...]]:
    """Return the `time` of an event. One that can't be read is none, as a missing one, and it is said why."""
    if attributes.get("time") is None:
        return None, ()
    try:
        return time_of(attributes), ()
    except Refusal as refusal:
        return None, (Reason(ReasonCode.ALTERED_TIME, field="time", reason=refusal.reason),)


def time_of(attributes: Mapping[str, Any]) -> Timestamp:
    """Return the `time` of an event that has one. Raises Refusal for one that can't be read."""
    text = _text(attributes, "time")
    try:
        time = parse(text)
    except ReasonError as exc:
        reason = exc.reason.of(field="time", value=shown(text))
        raise Refusal(DeadLetterCode.TIMESTAMP, reason) from None
    first, last = INT64_YEARS
    if not first <= time.at.year <= last:
        reason = Reason(ReasonCode.TIME_OUT_OF_YEARS, field="time", first=first, last=last, value=shown(text))
        raise Refusal(DeadLetterCode.TIMESTAMP, reason)
    return time


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ATTRIBUTE_CHARACTERS:
        raise Refusal(DeadLetterCode.ENVELOPE, _no_text(name, value))
    return value if "\x00" not in value else value.replace("\x00", "\ufffd")


def _no_text(name: str, value: object) -> Reason:
    if value is None:
        return Reason(ReasonCode.FIELD_MISSING, field=name)
    if not isinstance(value, str):
        return Reason(ReasonCode.FIELD_NOT_TEXT, field=name, got=kind_of(value))
    if not value:
        return Reason(ReasonCode.FIELD_EMPTY, field=name)
    return Reason(ReasonCode.FIELD_TOO_LONG, field=name, limit=MAX_ATTRIBUTE_CHARACTERS, value=shown(value))
