"""Page tokens: keyset cursors that are bound to one list.

A token is no secret and no permission: a caller who alters one so that it still decodes only moves within a list that
they may read anyway.
"""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from api.problems import ProblemError, invalid
from schemas.reasons.code import ReasonCode
from schemas.timestamp import EPOCH, microseconds

_VERSION = 1
#: Version of a token with more than its place.
_VERSION_WITH_MORE = 2
_BINDING_BYTES = 12
_MICROSECOND = timedelta(microseconds=1)
_MAX_NUMBER = 2**63 - 1  # PostgreSQL's bigint


def encode(list_: str, place: tuple[datetime | int, str], more: Sequence[str | int | None] | None = None) -> str:
    """Encode the page after `place` in the list that `list_` describes in full. A time is stored as its number.

    `more`: what the place says beside its time and row, in a list that has more.
    """
    at, row = place
    number = at if isinstance(at, int) else microseconds(at)
    content = [_VERSION if more is None else _VERSION_WITH_MORE, _binding(list_), number, row]
    if more is not None:
        content.append(list(more))
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


def decode(list_: str, token: str) -> tuple[int, str]:
    """Return the place where the page before ended: a number, and a row.

    400 for a token of another list, account or filter, and for what is no token.
    """
    number, row, more = decode_with_more(list_, token)
    if more is not None:
        raise refused()
    return number, row


def decode_with_more(list_: str, token: str) -> tuple[int, str, list[Any] | None]:
    """Return the place as `decode` does, and what else it says; None for a token without more.

    What else it says may be anything that its caller has put into the token.
    """
    try:
        content = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True))
        version, binding, number, row, *more = content
    except (binascii.Error, ValueError, TypeError) as exc:
        raise refused() from exc
    if version != (_VERSION_WITH_MORE if more else _VERSION) or binding != _binding(list_):
        raise refused()
    if not isinstance(row, str) or "\x00" in row or not is_number(number):
        raise refused()
    if not more:
        return number, row, None
    if len(more) != 1 or not isinstance(more[0], list):
        raise refused()
    return number, row, more[0]


def is_number(value: object) -> bool:
    """Return True for a whole number that PostgreSQL can hold."""
    return type(value) is int and -_MAX_NUMBER <= value <= _MAX_NUMBER


def time_of(place: tuple[int, str]) -> datetime:
    """Return the time of a cursor in a list in order of time. 400 for a token without a time."""
    try:
        return EPOCH + place[0] * _MICROSECOND
    except OverflowError as exc:
        raise refused() from exc


def uuid_of(place: tuple[object, str]) -> uuid.UUID:
    """Return the row of a cursor in a list of UUIDs. 400 for a token without one."""
    try:
        return uuid.UUID(place[1])
    except ValueError as exc:
        raise refused() from exc


def id_of(place: tuple[object, str]) -> int:
    """Return the row of a cursor in a list of rows that are numbered. 400 for a token without a number."""
    if not (place[1].isascii() and place[1].isdecimal() and len(place[1]) < len(str(_MAX_NUMBER))):
        raise refused()
    return int(place[1])


def _binding(list_: str) -> str:
    return hashlib.blake2b(list_.encode("utf-8", "surrogatepass"), digest_size=_BINDING_BYTES).hexdigest()


def refused() -> ProblemError:
    """A 400 for a token that is not of the list."""
    return invalid("query.page_token", ReasonCode.NOT_OF_THIS_LIST, 400)
