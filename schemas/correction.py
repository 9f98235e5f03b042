"""Corrections: values that a person changes in the kept request of a result, before it is sent again.

Only texts, numbers and booleans are changed, each by one of its kind, and only those that the policy names. All else of
the request stays as it came, digit for digit. The kept request is never changed.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any, Final, NamedTuple, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from schemas import json_pointer, raw_json
from schemas.json_pointer import POINTER, parts_of
from schemas.raw_json import Members, RawJson, spliced
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, kind_of
from schemas.reasons.reason import Reason, all_of
from schemas.redaction import REDACTED, Redaction
from schemas.replay import MAX_REQUEST_BYTES, is_as_it_was
from schemas.storable import is_storable

MAX_CHANGES: Final = 50
#: Characters of a value as JSON text, before and after: the ledger shows both of each item.
MAX_VALUE_CHARACTERS: Final = 4_000
MAX_POINTER_CHARACTERS: Final = 500
MAX_EVENT_ID_CHARACTERS: Final = 1000
#: Fields that are listed of one request: a pattern with `*` may name thousands.
MAX_FIELDS: Final = 200
#: Pointer of a value, or pattern of pointers.
Pointer = Annotated[str, StringConstraints(pattern=POINTER, max_length=MAX_POINTER_CHARACTERS)]


def _written(text: str) -> str:
    """Return the JSON text of one scalar: of a text without needless escapes, so that it is found; else as it is."""
    try:
        value = raw_json.load(text)
    except (ValueError, RecursionError):
        raise ReasonError(ReasonCode.CORRECTION_VALUE) from None
    if isinstance(value, list):
        raise ReasonError(ReasonCode.CORRECTION_VALUE)
    if isinstance(value, str) and not is_storable(value):
        raise ReasonError(ReasonCode.FIELD_NOT_STORABLE)
    return text_of(value)


#: JSON text of a scalar: digits of a number come through a parser of JSON otherwise than they were written.
ScalarText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_VALUE_CHARACTERS),
    AfterValidator(_written),
]


class Change(BaseModel):
    """A new value of one field of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pointer: Pointer = Field(description="JSON pointer (RFC 6901) of the field in the request, as `/items/0/quantity`")
    value: ScalarText = Field(
        description='the new value as JSON text, so that each digit stays: `"24.90"` is a number, `"\\"GTIN\\""` a '
        "text; of the kind of the kept value"
    )


class _OfField(Protocol):
    @property
    def pointer(self) -> str: ...


_Each = TypeVar("_Each", bound=_OfField)


def each_once(changes: list[_Each]) -> list[_Each]:
    """Return changes of one request. Raises ReasonError when two are of one field."""
    if len({each.pointer for each in changes}) < len(changes):
        raise ReasonError(ReasonCode.CORRECTION_TWICE)
    return changes


EventId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_EVENT_ID_CHARACTERS)]


class Correction(BaseModel):
    """Changes of the request of one log's result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_id: uuid.UUID
    event_id: EventId = Field(
        description="`event_id` of the attempt whose request it is; where the log shows another one by then, it is "
        "`changed_since`"
    )
    changes: Annotated[list[Change], Field(min_length=1, max_length=MAX_CHANGES), AfterValidator(each_once)]


class Difference(NamedTuple):
    """A field of a request before and after its correction, as JSON texts; None when they are not kept any more."""

    pointer: str
    before: str | None
    after: str | None


class KeptCorrection(NamedTuple):
    """A correction as it is stored: with the kept request it makes the corrected one again, or nothing."""

    differences: tuple[Difference, ...]  # at least one
    digest: bytes  # SHA-256 of the corrected request


class Corrected(NamedTuple):
    """A corrected request."""

    request: str  # JSON
    differences: tuple[Difference, ...]  # at least one

    @property
    def kept(self) -> KeptCorrection:
        """The correction as it is stored."""
        return KeptCorrection(self.differences, _digest(self.request))


class EditableField(NamedTuple):
    """A field of a kept request that may be changed."""

    pointer: str
    value: str | RawJson | bool | None

    @property
    def kind(self) -> str:
        """The name of its kind: one of schemas.reasons.about_fields.KINDS."""
        return _kind(self.value)


class _Rules(NamedTuple):
    """Rules that decide if a value may be changed."""

    editable: Sequence[tuple[str, ...]]  # patterns, as their parts
    redaction: Redaction | None

    def against(self, pointer: str, before: Any, after: Any) -> Reason | None:
        """Return why `before` may not become `after`; None when it may."""
        parts = parts_of(pointer)
        if not any(json_pointer.names(each, parts) for each in self.editable):
            return Reason(ReasonCode.CORRECTION_NOT_ALLOWED, pointer=pointer)
        # A null has no kind of its own.
        if isinstance(before, list) or (before is not None and _kind(before) != _kind(after)):
            return Reason(ReasonCode.CORRECTION_KIND, pointer=pointer, kind=_kind(before), got=_kind(after))
        if len(text_of(before)) > MAX_VALUE_CHARACTERS:
            return Reason(ReasonCode.FIELD_TOO_LONG, field=pointer, limit=MAX_VALUE_CHARACTERS)
        named = Members([(parts[-1], after)])
        if REDACTED in text_of(after) or (self.redaction and self.redaction.value(named) is not named):
            return Reason(ReasonCode.CORRECTION_REDACTED, pointer=pointer)
        return None


def text_of(value: Any) -> str:
    """Return a scalar, as `schemas.raw_json.load` reads it, as JSON text."""
    return raw_json.dump(value).decode()


def editable_fields(
    request: str | None, editable: Iterable[str], at_most: int | None = None
) -> list[EditableField] | Reason:
    """Return the fields of a kept request that these patterns name, the first `at_most`, or why none can be changed."""
    came = _document(request)
    if isinstance(came, Reason):
        return came
    named = json_pointer.scalars(came, [parts_of(each) for each in editable])
    fields = (
        EditableField(pointer, value)
        for pointer, value in named
        if len(pointer) <= MAX_POINTER_CHARACTERS and len(text_of(value)) <= MAX_VALUE_CHARACTERS
    )
    return list(islice(fields, at_most))


def corrected(
    request: str | None, changes: Sequence[Change], editable: Iterable[str], redaction: Redaction | None = None
) -> Corrected | Reason:
    """Return the kept request with changes, or all that is against them.

    `request` is JSON, None where none is kept; `editable` are the policy's patterns. A value that is there already
    changes nothing.
    """
    came = _document(request)
    if isinstance(came, Reason):
        return came
    rules = _Rules([parts_of(each) for each in editable], redaction)
    refused: list[Reason] = []
    differences: list[Difference] = []
    for change in changes:
        parts = parts_of(change.pointer)
        try:
            before = json_pointer.found(came, parts)
        except KeyError:
            refused.append(Reason(ReasonCode.CORRECTION_NO_FIELD, pointer=change.pointer))
            continue
        after = raw_json.load(change.value)
        if reason := rules.against(change.pointer, before, after):
            refused.append(reason)
        elif text_of(before) != change.value:
            differences.append(Difference(change.pointer, text_of(before), change.value))
    if refused:
        return all_of(refused)
    if not differences:
        return Reason(ReasonCode.CORRECTION_NOTHING)
    text = _with(str(request), came, differences)
    if len(text.encode()) > MAX_REQUEST_BYTES:
        return Reason(ReasonCode.CORRECTION_TOO_LARGE, bytes=len(text.encode()), limit=MAX_REQUEST_BYTES)
    return Corrected(text, tuple(differences))


def corrected_again(request: str | None, correction: KeptCorrection) -> str | None:
    """Return the request that was corrected before, once more, digit for digit; None when it can't be made any more.

    So it is after the retention of the kept request or of the changes, or when something was erased from them.
    """
    came = _document(request)
    if isinstance(came, Reason) or any(each.after is None for each in correction.differences):
        return None
    try:
        text = _with(str(request), came, correction.differences)
    except KeyError:
        return None
    return text if _digest(text) == correction.digest else None


def _digest(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()


def _document(request: str | None) -> Any:
    if request is None or not is_as_it_was(request):
        return Reason(ReasonCode.CORRECTION_NO_REQUEST)
    try:
        came = raw_json.load(request)
    except (ValueError, RecursionError):
        came = None
    return came if isinstance(came, list) else Reason(ReasonCode.CORRECTION_NOT_JSON)


def _with(request: str, came: Any, differences: Sequence[Difference]) -> str:
    kept = came
    for each in differences:
        kept = json_pointer.replaced(kept, parts_of(each.pointer), RawJson(str(each.after)))
    return spliced(request, came, kept)


def _kind(value: Any) -> str:
    if isinstance(value, RawJson):
        return "number"
    return "object" if isinstance(value, Members) else kind_of(value)
