"""Reader of CloudEvents 1.0 in a Kafka record, in each of the modes of the Kafka protocol binding.

This is our own reader. The `cloudevents` library's costs as much per event as everything else that ingest does to one
(docs/decisions/0004). Tests compare the two; the SDK writes with the library.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from schemas import json_document, raw_json
from schemas.extensions import extensions_text, traceparent_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.timestamp import Timestamp, parse

Headers = Sequence[tuple[str, bytes | None]]

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024  # names and values of a record together
MAX_ATTRIBUTE_CHARACTERS = 2048  # of `id` and `source`
MAX_BATCH_EVENTS = 1000  # in one application/cloudevents-batch+json value

#: Attributes that are read, and `data`; others are kept with a structured event.
KNOWN = frozenset(
    {"specversion", "type", "source", "id", "subject", "time", "datacontenttype", "correlationid", "data"}
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_CLOUDEVENTS = "application/cloudevents"
#: RFC 3986 forbids these everywhere in a URI-reference; the rest is left to the connector.
_URI_REFERENCE = re.compile(r'[^\s\x00-\x20\x7f<>"{}|\\^`]+')
_JSON_MEDIA_TYPE = re.compile(r"(?i)(?:application|text)/(?:[\w.!#$&^-]+\+)?json\s*(?:;.*)?")


class Envelope(NamedTuple):
    """The context of one event, and its data."""

    type: str
    source: str
    id: str
    subject: str | None
    time: Timestamp
    correlationid: str | None  # the item_id, in an answer to a retry
    data: Any  # not validated
    body: bytes  # JSON text that holds `data`: the data itself, or the whole event when `structured`
    structured: bool
    altered: bool  # as in json_document
    traceparent: str | None = None  # W3C Trace Context; None also for one that isn't valid
    in_batch: bool = False  # `body` is a part of the record's value
    extensions: str | None = None  # JSON object of the extensions that `body` does not hold


def read(headers: Headers, value: bytes) -> Iterator[Envelope | Refusal]:
    """Yield the events of one record, in order: one, or up to MAX_BATCH_EVENTS when it is a JSON batch.

    A refused event is yielded, not raised, so that its neighbours in a batch are kept. When headers have the same
    name, the last one counts.
    """
    try:
        by_name = _check_headers(headers)
        document = json_document.load(value)
        mode = _mode(by_name, document.value)
        if mode == "batch":
            yield from _read_batch(document)
        elif mode == "structured":
            yield _structured(document.value, document.text, altered=document.altered)
        else:
            yield _binary(by_name, document)
    except Refusal as refusal:
        yield refusal


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


def _mode(headers: Mapping[str, str], value: Any) -> str:
    content_type = headers.get("content-type")
    if content_type is not None:
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == BATCH:
            return "batch"
        if media_type == STRUCTURED:
            return "structured"
        if media_type.startswith(_CLOUDEVENTS):
            raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.CONTENT_TYPE_UNKNOWN, allowed=(STRUCTURED, BATCH)))
    if "ce_specversion" in headers:
        return "binary"
    if content_type is None and isinstance(value, dict) and "specversion" in value:
        return "structured"
    raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.NOT_A_CLOUDEVENT, structured=STRUCTURED))


def _read_batch(document: json_document.Document) -> Iterator[Envelope | Refusal]:
    events = document.value
    if not isinstance(events, list):
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.BATCH_NOT_A_LIST, batch=BATCH))
    if len(events) > MAX_BATCH_EVENTS:
        raise Refusal(
            DeadLetterCode.TOO_LARGE, Reason(ReasonCode.BATCH_TOO_LARGE, events=len(events), limit=MAX_BATCH_EVENTS)
        )
    # Cut from the text, not written again from the values: those have lost the digits of numbers over 64 bits.
    texts = raw_json.elements(document.text.decode())
    for position, (event, text) in enumerate(zip(events, texts, strict=True)):
        body = text.encode()
        try:
            yield _structured(event, body, altered=document.altered)._replace(in_batch=True)
        except Refusal as refusal:
            reason = Reason(ReasonCode.IN_BATCH, position=position, reason=refusal.reason)
            yield Refusal(refusal.code, reason, body)


def _structured(event: Any, body: bytes, *, altered: bool) -> Envelope:
    if not isinstance(event, dict):
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.EVENT_NOT_AN_OBJECT))
    if "data_base64" in event:
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.DATA_BASE64))
    _check_json(event.get("datacontenttype"), "datacontenttype")
    return _envelope(event, event.get("data"), body, structured=True, altered=altered)


def _binary(headers: Mapping[str, str], document: json_document.Document) -> Envelope:
    _check_json(headers.get("content-type"), "content-type")
    attributes = {name[3:]: value for name, value in headers.items() if name.startswith("ce_")}
    return _envelope(attributes, document.value, document.text, structured=False, altered=document.altered)


def _check_json(content_type: object, field: str) -> None:
    if content_type is None:
        return
    if not isinstance(content_type, str) or _JSON_MEDIA_TYPE.fullmatch(content_type) is None:
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.NOT_A_JSON_MEDIA_TYPE, field=field))


def _envelope(attributes: Mapping[str, Any], data: Any, body: bytes, *, structured: bool, altered: bool) -> Envelope:
    version = attributes.get("specversion")
    if version != "1.0":
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.SPECVERSION, version="1.0"))
    event_type = _text(attributes, "type")
    source = _text(attributes, "source")
    if _URI_REFERENCE.fullmatch(source) is None:
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.SOURCE_NOT_A_URI))
    event_id = _text(attributes, "id")
    time_text = _text(attributes, "time")
    try:
        time = parse(time_text)
    except ReasonError as exc:
        raise Refusal(DeadLetterCode.TIMESTAMP, exc.reason.of(field="time")) from None
    first, last = _INT64_YEARS
    if not first <= time.at.year <= last:
        reason = Reason(ReasonCode.TIME_OUT_OF_YEARS, field="time", first=first, last=last)
        raise Refusal(DeadLetterCode.TIMESTAMP, reason)
    return Envelope(
        event_type,
        source,
        event_id,
        _optional_text(attributes, "subject"),
        time,
        _optional_text(attributes, "correlationid"),
        data,
        body,
        structured,
        altered,
        traceparent_of(attributes.get("traceparent")),
        extensions=None if structured else extensions_text(attributes),
    )


_INT64_YEARS = (1700, 2200)  # nanoseconds since 1970 in 64 bits reach from 1677 to 2262


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ATTRIBUTE_CHARACTERS:
        reason = Reason(ReasonCode.ATTRIBUTE_LENGTH, field=name, limit=MAX_ATTRIBUTE_CHARACTERS)
        raise Refusal(DeadLetterCode.ENVELOPE, reason)
    return value if "\x00" not in value else value.replace("\x00", "\ufffd")


def _optional_text(attributes: Mapping[str, Any], name: str) -> str | None:
    return None if attributes.get(name) is None else _text(attributes, name)
