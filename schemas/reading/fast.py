"""The fast way to read: usual events, each in one pass and without a regular expression.

It makes the result that `schemas.result` makes, or none: what it does not take is for the reader that knows all rules.
Where it needs a rule it asks that reader's own function, and remembers the answer. tests/unit/test_fast_way.py holds
the two together.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from schemas import envelope, json_document, record_key
from schemas.catalogue import IntegrationType
from schemas.characters import refused_in
from schemas.envelope import (
    INT64_YEARS,
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_BATCH_EVENTS,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    VERSION,
    Headers,
    Mode,
)
from schemas.extensions import extensions_text
from schemas.identity import BegunId, log_ids, result_ids
from schemas.json_document import value_of
from schemas.reading.shapes import EventWithResponse, UsualData, UsualEvent, WithResponse
from schemas.reasons.error import ReasonError
from schemas.redaction import Redaction
from schemas.refusal import Refusal
from schemas.result import ACCOUNT, Result, Told, answered, processed_at, told_by
from schemas.version import named, version_of

#: Limit of the answers that are remembered of each kind, and of the characters of a media type that are: connectors,
#: accounts, affiliates and spellings of a media type are few.
_REMEMBERED: Final = 1000
_LONGEST: Final = 200
_VERSION_IN_HEADER: Final = VERSION.encode()
#: Headers that no event in binary mode lacks: specversion, type, source, id.
_ALWAYS: Final = 4

_data_of: Final = Decoder(UsualData).decode
_event_of: Final = Decoder(UsualEvent).decode
_parts_of: Final = Decoder(list[Raw]).decode
_with_response: Final = Decoder(WithResponse).decode
_event_with_response: Final = Decoder(EventWithResponse).decode
#: Telling of a success that has no message.
_NOTHING: Final = Told(None, None, None, None, 0, (), None)
K = TypeVar("K")
V = TypeVar("V")


class UnusualError(Exception):
    """Says that something is not as it usually is; the reader that knows all rules says what becomes of it."""


#: Errors by which that is found: ours, those of msgspec, of text that is no UTF-8, and of the reader's own functions.
UNUSUAL: Final = (UnusualError, MsgspecError, UnicodeDecodeError, Refusal, ReasonError)


def _remember(answers: dict[K, V], asked: K, answer: V) -> V:
    if len(answers) >= _REMEMBERED:
        answers.clear()
    answers[asked] = answer
    return answer


class _Owner(NamedTuple):
    """An affiliate of an account, whose names are valid."""

    log_ids: BegunId
    result_ids: BegunId
    record_key: bytes  # up to the key


class _Type:
    """An integration type, and those who own its results."""

    def __init__(self, integration_type: IntegrationType) -> None:
        self.name = integration_type.name
        self.statuses = frozenset(integration_type.statuses)
        self._owners: dict[tuple[str, str], _Owner] = {}

    def owner_of(self, account: str, affiliate: str) -> _Owner:
        """Return the owner of these names. Raises UnusualError when one is not valid."""
        found = self._owners.get((account, affiliate))
        if found is not None:
            return found
        if ACCOUNT.fullmatch(account) is None or refused_in(affiliate) is not None:
            raise UnusualError
        begins = f"{account}/{affiliate}/".encode()
        owner = _Owner(log_ids(account, self.name, affiliate), result_ids(account), begins)
        return _remember(self._owners, (account, affiliate), owner)


class Batch(NamedTuple):
    """A usual batch: the text of each of its events."""

    parts: list[bytes]


class FastWay:
    """The fast way to read the events of some integration types, in each mode."""

    def __init__(self, types: Iterable[IntegrationType], redaction: Redaction | None) -> None:
        self._may_be_redacted = redaction.may_be_in if redaction else None
        self._types: dict[str | bytes | None, _Type] = {}
        for each in types:
            name = each.result_event_type
            self._types[name] = self._types[name.encode()] = _Type(each)
        self._modes: dict[bytes | None, Mode | None] = {}
        self._sources: dict[str | bytes, str] = {}
        self._media_types: dict[str, None] = {}

    def read(self, headers: Headers, key: bytes | None, value: bytes, now_ns: int) -> Result | Batch:
        """Return the result in a usual record, or the batch that it is.

        Raises one of UNUSUAL for any other record.
        """
        by_name = dict(headers)
        if len(by_name) != len(headers):
            raise UnusualError  # which of two headers counts is for others to know
        if json_document.text_of(value)[0] is not value:
            raise UnusualError
        content_type = by_name.get("content-type")
        mode = self._modes[content_type] if content_type in self._modes else self._mode_of(content_type)
        if mode is None and "ce_specversion" in by_name:
            return self._binary(by_name, key, value, now_ns)
        if len(by_name) > (content_type is not None) and _is_too_large(by_name):
            raise UnusualError
        return _batch(value) if mode == "batch" else self.event(key, value, now_ns)

    def event(self, key: bytes | None, value: bytes, now_ns: int, *, in_batch: bool = False) -> Result:
        """Return the result in one whole event, which may be a part of a Batch; else as `read`."""
        event = _event_of(value)
        integration_type = self._types.get(event.type)
        if (
            integration_type is None
            or event.specversion != VERSION
            or not 1 <= len(event.id) <= MAX_ATTRIBUTE_CHARACTERS
            or (event.subject is not None and event.subject != event.data.key)
        ):
            raise UnusualError
        media_type = event.datacontenttype
        if media_type is not None and media_type not in self._media_types:
            self._check_media_type(media_type)
        return self._result(
            integration_type,
            event.data,
            key,
            value,
            now_ns,
            source=self._sources.get(event.source) or self._source_of(event.source),
            event_id=event.id,
            time=event.time,
            correlationid=event.correlationid,
            extensions=None,
            structured=True,
            in_batch=in_batch,
        )

    def _binary(self, headers: Mapping[str, bytes | None], key: bytes | None, value: bytes, now_ns: int) -> Result:
        integration_type = self._types.get(headers.get("ce_type"))
        source, id_ = headers.get("ce_source"), headers.get("ce_id")
        subject, time = headers.get("ce_subject"), headers.get("ce_time")
        if integration_type is None or source is None or id_ is None or headers["ce_specversion"] != _VERSION_IN_HEADER:
            raise UnusualError
        event_id = id_.decode()
        if not 1 <= len(event_id) <= MAX_ATTRIBUTE_CHARACTERS or "\x00" in event_id:
            raise UnusualError
        data = _data_of(value)
        if subject is not None and subject != data.key.encode():
            raise UnusualError
        correlationid = extensions = None
        if len(headers) > _ALWAYS + (subject is not None) + (time is not None) + ("content-type" in headers):
            if _is_too_large(headers):
                raise UnusualError
            attributes = {
                name[3:]: text.decode() for name, text in headers.items() if text is not None and name.startswith("ce_")
            }
            if any("\x00" in name + text for name, text in attributes.items()):
                raise UnusualError
            correlationid, extensions = attributes.get("correlationid"), extensions_text(attributes)
            if extensions is not None and self._may_be_redacted and self._may_be_redacted(extensions.encode()):
                raise UnusualError
        return self._result(
            integration_type,
            data,
            key,
            value,
            now_ns,
            source=self._sources.get(source) or self._source_of(source),
            event_id=event_id,
            time=None if time is None else time.decode(),
            correlationid=correlationid,
            extensions=extensions,
            structured=False,
            in_batch=False,
        )

    def _result(
        self,
        integration_type: _Type,
        data: UsualData,
        record: bytes | None,
        value: bytes,
        now_ns: int,
        *,
        source: str,
        event_id: str,
        time: str | None,
        correlationid: str | None,
        extensions: str | None,
        structured: bool,
        in_batch: bool,
    ) -> Result:
        """Return the result of an event whose attributes are valid, if its data is too, and agrees with the rest."""
        account, affiliate, key = data.account, data.affiliate, data.key
        owner = integration_type.owner_of(account, affiliate)
        if data.status not in integration_type.statuses or refused_in(key) is not None:
            raise UnusualError
        name = key.encode()
        if (
            record is not None
            and record != owner.record_key + name
            and record_key.is_of_another(record, account, affiliate, key)
        ):
            raise UnusualError
        processed = processed_at(data.processed_at, now_ns)
        emitted = processed
        if time is not None and (time != data.processed_at or processed.at.year > INT64_YEARS[1]):
            emitted = envelope.time_of({"time": time})
        if self._may_be_redacted and self._may_be_redacted(value):
            raise UnusualError
        tells = _NOTHING
        if data.message is not None or data.errors is not None or data.status != "success":
            tells = told_by(integration_type.name, data)
        item, busy = None, False
        if correlationid is not None:
            response_of = partial(_response_in_event if structured else _response_in_data, value)
            item, busy = answered(correlationid, tells.faults, data.message, response_of)
        event = named(source, event_id)
        return Result._make(
            (
                owner.result_ids.with_last(event),
                owner.log_ids.with_last(name),
                account,
                integration_type.name,
                affiliate,
                key,
                data.status,
                processed.at,
                version_of(processed.nanoseconds, data.sequence, emitted.nanoseconds, event),
                source,
                event_id,
                data.operation,
                *tells,
                data.aliases or {},
                item,
                busy,
                value.decode(),
                extensions,
                structured,
                False,
                None,
                in_batch,
            )
        )

    def _mode_of(self, content_type: bytes | None) -> Mode | None:
        if content_type is None:
            return _remember(self._modes, None, envelope.mode_of({}))
        if len(content_type) > _LONGEST:
            raise UnusualError
        return _remember(self._modes, content_type, envelope.mode_of({"content-type": content_type.decode()}))

    def _source_of(self, written: str | bytes) -> str:
        source = written if isinstance(written, str) else written.decode()
        if envelope.source_of({"source": source}) != source:
            raise UnusualError
        return _remember(self._sources, written, source)

    def _check_media_type(self, written: str) -> None:
        if len(written) > _LONGEST:
            raise UnusualError
        envelope.check_json(written, "datacontenttype")
        _remember(self._media_types, written, None)


def _batch(value: bytes) -> Batch:
    found = _parts_of(value)
    if len(found) > MAX_BATCH_EVENTS:
        raise UnusualError
    value.decode()  # msgspec looks at no text that it passes over, and one of another event refuses them all
    return Batch([bytes(each) for each in found])


def _is_too_large(headers: Mapping[str, bytes | None]) -> bool:
    size = sum(map(len, headers)) + sum(map(len, filter(None, headers.values())))
    return len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES


def _response_in_data(value: bytes) -> Any:
    return value_of(bytes(_with_response(value).response))


def _response_in_event(value: bytes) -> Any:
    return value_of(bytes(_event_with_response(value).data.response))
