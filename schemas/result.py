"""The result of one piece of work of a connector. Results are folded into a status log."""

import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas import envelope as cloudevents
from schemas.busy import Said, is_busy
from schemas.catalogue import IntegrationType
from schemas.fault import MAX_SHOWN_MESSAGE, Fault, faults_of, rank
from schemas.identity import log_id, result_id
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, reason_of
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
#: A result that was further ahead of PostgreSQL's clock when it came is marked: its connector's clock is off, and it
#: may win over later ones.
MARKED_AHEAD = timedelta(minutes=5)
MAX_SEQUENCE = 2**63 - 1
MAX_ERRORS = 1000
MAX_ALIASES = 50
MAX_ALIAS_CHARACTERS = 200
MAX_CODE_CHARACTERS = 200


def _printable(text: str) -> str:
    if not text.isprintable() or "\ufffd" in text:
        raise ReasonError(ReasonCode.FIELD_NOT_PRINTABLE)
    return text


ACCOUNT = re.compile(r"[a-z0-9-]{1,64}")
Account = Annotated[str, StringConstraints(pattern=f"^{ACCOUNT.pattern}$")]
Affiliate = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_printable)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
AliasName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
AliasValue = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ALIAS_CHARACTERS)]


class ResultError(BaseModel):
    """One error of a result. `code` is the marketplace's or connector's word, `message` its sentence.

    `severity` is an error unless it says `warning` or `info`; the gravest error stands for the result in a list.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    code: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE_CHARACTERS)]
    message: str
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
    operation: Annotated[str, StringConstraints(max_length=200)] | None = Field(
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

    `key` is the record's; one that names another account is refused, since grants of topics go by it.
    `now_ns` is nanoseconds since 1970. `redaction` is applied to evidence, to unknown fields of `data`, and by pattern
    to messages. Refusals have the refused event as it came.
    """
    account_of_key = _account_of(key)
    for event in cloudevents.read(headers, value):
        if isinstance(event, Refusal):
            yield event
            continue
        try:
            kept = event if redaction is None else redacted(event, redaction, _KNOWN, ResultError.model_fields)
            result = _result(integration_type, kept, account_of_key, now_ns)
        except Refusal as refusal:
            yield Refusal(refusal.code, refusal.reason, event.body if event.in_batch else None)
        else:
            yield result


def _account_of(key: bytes | None) -> str | None:
    """Return the account in a record key of the agreed form; None for any other key, which serves for ordering only."""
    parts = (key or b"").split(b"/", 2)
    return parts[0].decode("ascii", "replace") if len(parts) == 3 else None


def _result(
    integration_type: IntegrationType, event: cloudevents.Envelope, account_of_key: str | None, now_ns: int
) -> Result:
    if event.type != integration_type.result_event_type:
        raise Refusal(
            DeadLetterCode.TYPE_MISMATCH, Reason(ReasonCode.EVENT_TYPE, type=integration_type.result_event_type)
        )
    data = _validate(event.data)
    if event.subject is not None and event.subject != data.key:
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.SUBJECT_DIFFERS))
    if account_of_key is not None and account_of_key != data.account:
        raise Refusal(DeadLetterCode.ENVELOPE, Reason(ReasonCode.ACCOUNT_DIFFERS))
    if data.status not in integration_type.statuses:
        reason = Reason(
            ReasonCode.STATUS_NOT_ALLOWED, allowed=integration_type.statuses, integration_type=integration_type.name
        )
        raise Refusal(DeadLetterCode.STATUS_NOT_ALLOWED, reason)
    processed = _processed_at(data.processed_at, now_ns)
    told = data.errors or ()
    failed = data.status != "success"
    faults = faults_of(integration_type.name, data.affiliate, data.key, told, data.message) if failed else ()
    first = faults[0] if faults else None
    # An error of a success is no fault, but may say what there is to say.
    message = data.message or (first.message if first else told[0].message if told else None)
    answers = _uuid(event.correlationid)
    return Result(
        id=result_id(data.account, event.source, event.id),
        log_id=log_id(data.account, integration_type.name, data.affiliate, data.key),
        account=data.account,
        integration_type=integration_type.name,
        affiliate=data.affiliate,
        key=data.key,
        status=data.status,
        processed_at=processed.at,
        version=version(processed.nanoseconds, data.sequence, event.time.nanoseconds, event.source, event.id),
        source=event.source,
        event_id=event.id,
        operation=data.operation,
        message=message[:MAX_SHOWN_MESSAGE] if message else None,
        code=first.code if first else None,
        category=first.category if first else None,
        fingerprint=first.fingerprint if first else None,
        errors=len(told) if failed else 0,
        faults=faults,
        words=word_numbers(data.account, integration_type.name, messages) if (messages := _messages(data)) else None,
        aliases=data.aliases or {},
        correlation_id=answers,
        busy=failed and answers is not None and _is_busy(faults, data),
        body=event.body.decode(),
        extensions=event.extensions,
        structured=event.structured,
        altered=event.altered,
        in_batch=event.in_batch,
    )


def _validate(data: Any) -> ResultData:
    if not isinstance(data, dict):
        raise Refusal(DeadLetterCode.SCHEMA, Reason(ReasonCode.DATA_NOT_AN_OBJECT))
    try:
        return ResultData.__pydantic_validator__.validate_python(data)  # type: ignore[no-any-return]
    except ValidationError as exc:
        raise Refusal(*_first_error(exc)) from None


def _first_error(exc: ValidationError) -> tuple[DeadLetterCode, Reason]:
    error = exc.errors(include_url=False)[0]
    path = ".".join(str(part) for part in error["loc"])[:200]
    code = DeadLetterCode.SCHEMA
    if path == "processed_at" and error["type"] != "missing":
        code = DeadLetterCode.TIMESTAMP
    return code, reason_of(f"data.{path}", error)


def _processed_at(text: str, now_ns: int) -> Timestamp:
    field = "data.processed_at"
    try:
        processed = parse(text)
    except ReasonError as exc:
        raise Refusal(DeadLetterCode.TIMESTAMP, exc.reason.of(field=field)) from None
    if processed.nanoseconds < EARLIEST:
        raise Refusal(DeadLetterCode.TIMESTAMP, Reason(ReasonCode.TIME_TOO_EARLY, field=field, earliest="2000-01-01"))
    if processed.nanoseconds > now_ns + MAX_AHEAD_SECONDS * NANOSECONDS:
        raise Refusal(
            DeadLetterCode.TIMESTAMP, Reason(ReasonCode.TIME_AHEAD, field=field, hours=MAX_AHEAD_SECONDS // 3600)
        )
    return processed


def _is_busy(faults: Sequence[Fault], data: ResultData) -> bool:
    """Return True if the gravest faults all say that the marketplace had no time; lesser ones say nothing."""
    gravest = [Said(each.code, each.message) for each in faults if rank(each.severity) == rank(faults[0].severity)]
    return is_busy(gravest, data.message, data.response)


def _messages(data: ResultData) -> list[str]:
    """Return every message of this result, in which search finds words."""
    told = [data.message] if data.message else []
    return told + [each.message for each in data.errors] if data.errors else told


def _uuid(text: str | None) -> uuid.UUID | None:
    """Return an item id, or None for a correlation id that is not one of ours."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
