"""The result of one piece of work of a connector. Results are folded into a status log."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas import envelope as cloudevents
from schemas import record_key
from schemas.busy import Said, is_busy
from schemas.catalogue import IntegrationType
from schemas.characters import named, refused_in
from schemas.explanation import (
    EXPLAINING,
    MAX_ALIAS_CHARACTERS,
    MAX_ALIAS_NAME_CHARACTERS,
    MAX_ALIASES,
    MAX_CODE_CHARACTERS,
    MAX_ERRORS,
    MAX_OPERATION_CHARACTERS,
)
from schemas.fault import MAX_SHOWN_MESSAGE, Fault, ToldError, faults_of, rank
from schemas.identity import log_id, result_id
from schemas.mended_event import alterations_text, mended_event
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, reason_of, shown
from schemas.reasons.reason import Reason
from schemas.redacted_event import redacted
from schemas.redaction import Redaction
from schemas.refusal import DeadLetterCode, Refusal
from schemas.search.words import word_numbers
from schemas.timestamp import NANOSECONDS, Timestamp, parse
from schemas.version import version

#: Results processed before this are refused: no store has older ones, so the date must be a mistake.
EARLIEST = 946_684_800 * NANOSECONDS  # 2000-01-01T00:00:00Z
#: Limit for how far the clock of a connector may be ahead of ours.
MAX_AHEAD_SECONDS = 3600
_MAX_AHEAD = MAX_AHEAD_SECONDS * NANOSECONDS
#: A result that was further ahead of PostgreSQL's clock when it came is marked: its connector's clock is off, and it
#: may win over later ones.
MARKED_AHEAD = timedelta(minutes=5)
MAX_SEQUENCE = 2**63 - 1
#: The greatest whole number up to which a number with a fraction, `12.0`, is surely the one that was meant.
_MAX_EXACT = 2**53
MAX_AFFILIATE_CHARACTERS = 64
MAX_KEY_CHARACTERS = 200


def _visible(text: str) -> str:
    at = refused_in(text)
    if at is not None:
        raise ReasonError(ReasonCode.FIELD_CHARACTER, character=named(text[at]), position=at)
    return text


ACCOUNT = re.compile(r"[a-z0-9-]{1,64}")
Account = Annotated[str, StringConstraints(pattern=f"^{ACCOUNT.pattern}$")]
Affiliate = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_AFFILIATE_CHARACTERS), AfterValidator(_visible)
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=MAX_KEY_CHARACTERS), AfterValidator(_visible)]
AliasName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ALIAS_NAME_CHARACTERS)]
AliasValue = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ALIAS_CHARACTERS)]


class ResultError(BaseModel):
    """One error of a result. `code` is the marketplace's or connector's word, `message` its sentence; empty is none.

    `severity` is an error unless it says `warning` or `info`; the gravest error stands for the result in a list.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    code: Annotated[str, StringConstraints(max_length=MAX_CODE_CHARACTERS)] | None = None
    message: str | None = None
    severity: str | None = None
    category: str | None = None
    field: str | None = None


class ResultData(BaseModel):
    """`data` of a result event. Unknown fields are kept with the attempt, not here."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        title="Result data",
        json_schema_extra={
            "additionalProperties": True,
            "examples": [
                {
                    "account": "demo",
                    "affiliate": "MLB",
                    "key": "SKU-00123",
                    "status": "error",
                    "processed_at": "2026-11-24T08:15:02.123456789Z",
                    "operation": "update-price",
                    "message": "The price 10.00 is below the minimum of this category",
                    "errors": [{"code": "price.below_minimum", "message": "Below the minimum", "field": "price"}],
                    "request": {"price": 10.0},
                    "aliases": {"ean": "7891234567895"},
                }
            ],
        },
    )

    account: Account = Field(description="VTEX account of the store")
    affiliate: Affiliate = Field(description="the marketplace; case is kept")
    key: Key = Field(description="order number, SKU code or order code; kept exactly")
    status: str = Field(description="one of the statuses of the integration type")
    processed_at: str = Field(
        description="when the connector did the work: RFC 3339 with offset, at most 9 fraction digits, "
        "from 2000-01-01 to one hour ahead",
        json_schema_extra={"format": "date-time"},
    )
    sequence: Annotated[int, Field(ge=0, le=MAX_SEQUENCE)] | None = Field(
        default=None, description="the source's own version; decides between results of the same processed_at"
    )
    operation: Annotated[str, StringConstraints(max_length=MAX_OPERATION_CHARACTERS)] | None = Field(
        default=None, description="what was tried"
    )
    message: str | None = Field(default=None, description="text for a person")
    errors: Annotated[list[ResultError], Field(max_length=MAX_ERRORS)] | None = Field(
        default=None, description="all of them, in any order: each one counts"
    )
    request: Any = Field(default=None, description="evidence: what was sent")
    response: Any = Field(default=None, description="evidence: what came back")
    aliases: Annotated[dict[AliasName, AliasValue], Field(max_length=MAX_ALIASES)] | None = Field(
        default=None, description="other names of the entity"
    )


#: Fields that are shown in lists, searched and grouped; evidence is not.
_KNOWN = frozenset(ResultData.model_fields) - {"request", "response"}


class Result(NamedTuple):
    """A valid result, ready to be stored; a field has the name of its column."""

    id: str  # schemas.identity.result_id
    log_id: str
    account: str
    integration_type: str
    affiliate: str
    key: str
    status: str
    processed_at: datetime
    version: bytes  # schemas.version: of two results of an entity the greater one is shown
    source: str
    event_id: str
    operation: str | None
    message: str | None  # its own, else that of the first fault; cut to MAX_SHOWN_MESSAGE
    code: str | None  # of the first fault, as are category and fingerprint
    category: str | None
    fingerprint: str | None  # None on success
    errors: int  # that it lists; 0 on success
    faults: tuple[Fault, ...]  # gravest first; none on success, and one at least on any other status
    words: tuple[int, ...] | None  # of its message and of each error's: schemas.search.words
    aliases: dict[str, str]
    correlation_id: uuid.UUID | None  # the item that it answers
    busy: bool  # it is an answer, and says that the marketplace had no time
    body: str
    extensions: str | None  # JSON object of the CloudEvents extensions that `body` does not hold
    structured: bool
    altered: bool
    alterations: str | None  # what was done to read it, a JSON list of reasons; None: nothing
    in_batch: bool  # `body` is a part of the record's value

    @property
    def fingerprints(self) -> list[str]:
        """Fingerprints of all its faults, each once."""
        return list(dict.fromkeys(each.fingerprint for each in self.faults))


def read(
    integration_type: IntegrationType,
    headers: cloudevents.Headers,
    key: bytes | None,
    value: bytes,
    now_ns: int,
    *,
    redaction: Redaction | None = None,
) -> Iterator[Result | Refusal]:
    """Yield the results in one record of the results topic of a type, in order; an invalid one as a Refusal.

    Strict about what a result is: account, affiliate, key, status, processed_at, sequence, and by which attributes its
    event is known. What explains it is read as well as it can be (`schemas.explanation`), a `time` that can't be read
    is as none, and both are marked as `altered`.
    `key` is the record's: the same entity of another account is refused, since grants of topics go by it.
    `now_ns` is nanoseconds since 1970. `redaction` is applied to evidence, to unknown fields of `data`, and by pattern
    to messages. A Refusal has every fault of its event, and of a batch the refused event as it came.
    """
    return read_each(lambda _type: integration_type, headers, key, value, now_ns, redaction=redaction)


def read_each(
    type_of: Callable[[object], IntegrationType],
    headers: cloudevents.Headers,
    key: bytes | None,
    value: bytes,
    now_ns: int,
    *,
    redaction: Redaction | None = None,
) -> Iterator[Result | Refusal]:
    """Yield what `read` does, each event as one of the integration type that `type_of` its event type."""
    rules = _Rules(type_of, key, now_ns, redaction)
    return map(rules.outcome_of, cloudevents.read(headers, value, rules.faults_of))


def read_part(
    type_of: Callable[[object], IntegrationType],
    key: bytes | None,
    part: bytes,
    position: int,
    now_ns: int,
    *,
    redaction: Redaction | None = None,
) -> Result | Refusal:
    """Return what `read_each` yields of the event at `position` of a batch, given the text of that event alone.

    The batch must be one of which nothing else is to be refused: `schemas.envelope.read_part`.
    """
    rules = _Rules(type_of, key, now_ns, redaction)
    return rules.outcome_of(cloudevents.read_part(part, position, rules.faults_of))


class _Rules(NamedTuple):
    """The rules by which the events of one record are read."""

    type_of: Callable[[object], IntegrationType]
    key: bytes | None
    now_ns: int
    redaction: Redaction | None

    def faults_of(self, attributes: Mapping[str, Any], data: Any) -> list[Refusal]:
        return _faults(self.type_of(attributes.get("type")), self.key, self.now_ns, attributes, data)

    def outcome_of(self, event: cloudevents.Envelope | Refusal) -> Result | Refusal:
        if isinstance(event, Refusal):
            return event
        try:
            kept = event
            if self.redaction is not None:
                kept = redacted(event, self.redaction, _KNOWN, ResultError.model_fields)
            return _result(self.type_of(event.type), kept, self.key, self.now_ns)
        except Refusal as refusal:
            return Refusal(refusal.code, refusal.reason, event.part)


def _result(
    integration_type: IntegrationType, event: cloudevents.Envelope, record: bytes | None, now_ns: int
) -> Result:
    """Make the result of an event; `record` is the key of its record. Raises Refusal with every fault."""
    event, data, mended = _validate(event)
    done = (*event.done, *mended)
    if data is None or not _agrees(integration_type, event, data, record):
        raise _refusal(integration_type, event, record, now_ns)
    try:
        processed = processed_at(data.processed_at, now_ns)
    except ReasonError:
        raise _refusal(integration_type, event, record, now_ns) from None
    emitted = event.time or processed
    tells = told_by(integration_type.name, data)
    item, busy = answered(event.correlationid, tells.faults, data.message, lambda: data.response)
    return Result(
        id=result_id(data.account, event.source, event.id),
        log_id=log_id(data.account, integration_type.name, data.affiliate, data.key),
        account=data.account,
        integration_type=integration_type.name,
        affiliate=data.affiliate,
        key=data.key,
        status=data.status,
        processed_at=processed.at,
        version=version(processed.nanoseconds, data.sequence, emitted.nanoseconds, event.source, event.id),
        source=event.source,
        event_id=event.id,
        operation=data.operation,
        message=tells.message,
        code=tells.code,
        category=tells.category,
        fingerprint=tells.fingerprint,
        errors=tells.errors,
        faults=tells.faults,
        words=tells.words,
        aliases=data.aliases or {},
        correlation_id=item,
        busy=busy,
        body=event.body.decode(),
        extensions=event.extensions,
        structured=event.structured,
        altered=event.altered or bool(done),
        alterations=alterations_text(event, done) if done or event.altered else None,
        in_batch=event.part is not None,
    )


class ToldData(Protocol):
    """The `data` of a valid result, as far as it says what there was to say."""

    @property
    def account(self) -> str: ...
    @property
    def affiliate(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def message(self) -> str | None: ...
    @property
    def errors(self) -> Sequence[ToldError] | None: ...


class Told(NamedTuple):
    """Fields of a result that tell of its work, in their order there."""

    message: str | None
    code: str | None
    category: str | None
    fingerprint: str | None
    errors: int
    faults: tuple[Fault, ...]
    words: tuple[int, ...] | None


def told_by(integration_type: str, data: ToldData) -> Told:
    """Return what the data of a valid result tells."""
    message, told = data.message, data.errors or ()
    messages = _messages(message, told)
    words = word_numbers(data.account, integration_type, messages) if messages else None
    if data.status != "success":
        faults = faults_of(integration_type, data.affiliate, data.key, told, message)
        code, category, _severity, of_first, fingerprint = faults[0]
        return Told(_shown(message or of_first), code, category, fingerprint, len(told), faults, words)
    # An error of a success is no fault, but may say what there is to say.
    return Told(_shown(message or (told[0].message if told else None)), None, None, None, 0, (), words)


def _shown(message: str | None) -> str | None:
    return message[:MAX_SHOWN_MESSAGE] if message else None


def answered(
    correlationid: str | None, faults: Sequence[Fault], message: str | None, response_of: Callable[[], Any]
) -> tuple[uuid.UUID | None, bool]:
    """Return the item that a result answers, and if it says that the marketplace had no time.

    `response_of` returns the answer in its evidence, and is called only for a failed answer to an item.
    """
    item = _uuid(correlationid) if correlationid else None
    return item, item is not None and bool(faults) and _is_busy(faults, message, response_of())


#: Function that validates `data`. Raises ValidationError.
_data_of: Callable[[Any], ResultData] = ResultData.__pydantic_validator__.validate_python


def _validate(event: cloudevents.Envelope) -> tuple[cloudevents.Envelope, ResultData | None, tuple[Reason, ...]]:
    """Return an event with its data, and what was done to read it; None for data that can't be read.

    The usual event is read once. Only where something is wrong is it looked at what.
    """
    try:
        return event, _data_of(event.data), ()
    except ValidationError:
        pass
    if isinstance(event.data, dict):
        mended, done = mended_event(event)
        try:
            return mended, _data_of(_with_whole_sequence(mended.data)), done
        except ValidationError:
            pass
    return event, None, ()


def _with_whole_sequence(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` with `12` for a `sequence` of `12.0`, which is the same number."""
    sequence = data.get("sequence")
    if isinstance(sequence, float) and sequence.is_integer() and abs(sequence) <= _MAX_EXACT:
        return {**data, "sequence": int(sequence)}
    return data


def _agrees(
    integration_type: IntegrationType, event: cloudevents.Envelope, data: ResultData, record: bytes | None
) -> bool:
    """Tell if all that says what an event is about says the same."""
    return (
        event.type == integration_type.result_event_type
        and (event.subject is None or event.subject == data.key)
        and data.status in integration_type.statuses
        and not record_key.is_of_another(record, data.account, data.affiliate, data.key)
    )


def _refusal(
    integration_type: IntegrationType, event: cloudevents.Envelope, record: bytes | None, now_ns: int
) -> Refusal:
    attributes = {"type": event.type, "subject": event.subject}
    return Refusal.of_all(_faults(integration_type, record, now_ns, attributes, event.data))


def _faults(
    integration_type: IntegrationType, record: bytes | None, now_ns: int, attributes: Mapping[str, Any], data: Any
) -> list[Refusal]:
    """Return all that is wrong with the data of an event, and where it does not agree with what is around it."""
    found: list[Refusal] = []
    event_type, subject = attributes.get("type"), attributes.get("subject")
    is_typed = isinstance(event_type, str) and event_type != ""
    if is_typed and event_type != integration_type.result_event_type:
        reason = Reason(ReasonCode.EVENT_TYPE, type=integration_type.result_event_type, value=shown(event_type))
        found.append(Refusal(DeadLetterCode.TYPE_MISMATCH, reason))
    if data is cloudevents.UNREAD:
        return found
    if not isinstance(data, dict):
        missing = Reason(ReasonCode.FIELD_MISSING, field="data")
        reason = missing if data is None else Reason(ReasonCode.DATA_NOT_AN_OBJECT)
        return [*found, Refusal(DeadLetterCode.SCHEMA, reason)]
    wrong = dict(_wrong_fields(data))
    found += wrong.values()
    if isinstance(subject, str) and subject and not {"key"} & wrong.keys() and subject != data["key"]:
        found.append(Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.SUBJECT_DIFFERS, value=shown(subject))))
    if not wrong.keys() & {"account", "affiliate", "key"}:
        names = data["account"], data["affiliate"], data["key"]
        if record_key.is_of_another(record, *names):
            reason = Reason(ReasonCode.ACCOUNT_DIFFERS, value=shown(record_key.text_of(record)))
            found.append(Refusal(DeadLetterCode.ENVELOPE, reason))
    if not found or found[0].code is not DeadLetterCode.TYPE_MISMATCH:  # else they are another type's
        found += _wrong_status(integration_type, data) if "status" not in wrong else ()
    if "processed_at" not in wrong:
        try:
            processed_at(data["processed_at"], now_ns)
        except ReasonError as exc:
            reason = exc.reason.of(field="data.processed_at", value=shown(data["processed_at"]))
            found.append(Refusal(DeadLetterCode.TIMESTAMP, reason))
    return found


def _wrong_fields(data: dict[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """Yield the fields that say what a result is and are wrong, each with why."""
    try:
        _data_of(_with_whole_sequence(data))
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            name = str(error["loc"][0])
            if name in EXPLAINING:
                continue
            reason, value = reason_of(f"data.{name}", error), error["input"]
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                reason = reason.of(value=shown(value))
            is_time = name == "processed_at" and error["type"] != "missing"
            yield name, Refusal(DeadLetterCode.TIMESTAMP if is_time else DeadLetterCode.SCHEMA, reason)


def _wrong_status(integration_type: IntegrationType, data: Mapping[str, Any]) -> Iterator[Refusal]:
    if data["status"] not in integration_type.statuses:
        reason = Reason(
            ReasonCode.STATUS_NOT_ALLOWED,
            allowed=integration_type.statuses,
            integration_type=integration_type.name,
            value=shown(data["status"]),
        )
        yield Refusal(DeadLetterCode.STATUS_NOT_ALLOWED, reason)


def processed_at(text: str, now_ns: int) -> Timestamp:
    """Read the time of a result that comes at `now_ns`, nanoseconds since 1970. Raises ReasonError."""
    processed = parse(text)
    if processed.nanoseconds < EARLIEST:
        raise ReasonError(ReasonCode.TIME_TOO_EARLY, earliest="2000-01-01")
    if processed.nanoseconds > now_ns + _MAX_AHEAD:
        raise ReasonError(ReasonCode.TIME_AHEAD, hours=MAX_AHEAD_SECONDS // 3600)
    return processed


def _is_busy(faults: Sequence[Fault], message: str | None, response: Any) -> bool:
    """Return True if the gravest faults all say that the marketplace had no time; lesser ones say nothing."""
    first = rank(faults[0].severity)
    gravest = [Said(each.code, each.message, each.category) for each in faults if rank(each.severity) == first]
    return is_busy(gravest, message, response)


def _messages(message: str | None, told: Sequence[ToldError]) -> list[str]:
    """Return every message of a result, in which search finds words: its own, and those of its errors."""
    messages = [message] if message else []
    return messages + [each.message for each in told if each.message] if told else messages


def _uuid(text: str) -> uuid.UUID | None:
    """Return an item id, or None for a correlation id that is not one of ours."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
