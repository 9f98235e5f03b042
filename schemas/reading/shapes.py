"""Shapes of the usual event, which msgspec reads in one pass.

Each shape takes less than the reader does (`schemas.result`), and nothing that it does not take: text where text is
meant, within the same limits. Members that have no field here are passed over, valid JSON or not taken at all.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from schemas.explanation import (
    MAX_ALIAS_CHARACTERS,
    MAX_ALIAS_NAME_CHARACTERS,
    MAX_ALIASES,
    MAX_CODE_CHARACTERS,
    MAX_ERRORS,
    MAX_OPERATION_CHARACTERS,
)
from schemas.result import MAX_AFFILIATE_CHARACTERS, MAX_KEY_CHARACTERS, MAX_SEQUENCE

_AliasName = Annotated[str, Meta(min_length=1, max_length=MAX_ALIAS_NAME_CHARACTERS)]
_AliasValue = Annotated[str, Meta(min_length=1, max_length=MAX_ALIAS_CHARACTERS)]


class UsualError(Struct, gc=False):
    """One error of a usual result: a `schemas.fault.ToldError`."""

    code: Annotated[str, Meta(max_length=MAX_CODE_CHARACTERS)] | None = None
    message: str | None = None
    severity: str | None = None
    category: str | None = None
    field: str | None = None


class UsualData(Struct, gc=False):
    """The `data` of a usual result, without its evidence. Texts of a name are looked at by who reads it."""

    account: str
    affiliate: Annotated[str, Meta(min_length=1, max_length=MAX_AFFILIATE_CHARACTERS)]
    key: Annotated[str, Meta(min_length=1, max_length=MAX_KEY_CHARACTERS)]
    status: str
    processed_at: str
    sequence: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)] | None = None
    operation: Annotated[str, Meta(max_length=MAX_OPERATION_CHARACTERS)] | None = None
    message: str | None = None
    errors: Annotated[list[UsualError], Meta(max_length=MAX_ERRORS)] | None = None
    aliases: Annotated[dict[_AliasName, _AliasValue], Meta(max_length=MAX_ALIASES)] | None = None


class UsualEvent(Struct, gc=False):
    """A usual event in structured mode, or of a batch. One in base64 is none."""

    specversion: str
    type: str
    source: str
    id: str
    data: UsualData
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    correlationid: str | None = None
    data_base64: None = None


class WithResponse(Struct, gc=False):
    """The answer in the evidence of `data`, as its text."""

    response: Raw = Raw(b"null")


class EventWithResponse(Struct, gc=False):
    """Event in structured mode, with no more of its data than that."""

    data: WithResponse
