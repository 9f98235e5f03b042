"""Page tokens: keyset cursors that are bound to one list.

A token is no secret and no permission: a caller who alters one so that it still decodes only moves within a list that
they may read anyway.
"""

import base64
import binascii
import hashlib
import uuid
from datetime import datetime, timedelta

import orjson

from api.problems import ProblemError, invalid
from schemas.reasons.code import ReasonCode
from schemas.timestamp import EPOCH, microseconds

_VERSION = 1
_BINDING_BYTES = 12
_MICROSECOND = timedelta(microseconds=1)
_MAX_NUMBER = 2**63 - 1  # PostgreSQL's bigint


def encode(list_: str, place: tuple[datetime | int, str]) -> str:
    """Encode the page after `place` in the list that `list_` describes in full. A time is stored as its number."""
    at, row = place
    number = at if isinstance(at, int) else microseconds(at)
    content = orjson.dumps([_VERSION, _binding(list_), number, row])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(list_: str, token: str) -> tuple[int, str]:
    """Return the place where the page before ended: a number, and a row.

    400 for a token of another list, account or filter, and for what is no token.
    """
    try:
        content = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True))
        version, binding, number, row = content
    except (binascii.Error, ValueError, TypeError) as exc:
        raise _refused() from exc
    if version != _VERSION or binding != _binding(list_) or not isinstance(row, str) or "\x00" in row:
        raise _refused()
    if type(number) is not int or not -_MAX_NUMBER <= number <= _MAX_NUMBER:
        raise _refused()
    return number, row


def time_of(place: tuple[int, str]) -> datetime:
    """Return the time of a cursor in a list in order of time. 400 for a token without a time."""
    try:
        return EPOCH + place[0] * _MICROSECOND
    except OverflowError as exc:
        raise _refused() from exc


def uuid_of(place: tuple[object, str]) -> uuid.UUID:
    """Return the row of a cursor in a list of UUIDs. 400 for a token without one."""
    try:
        return uuid.UUID(place[1])
    except ValueError as exc:
        raise _refused() from exc


def id_of(place: tuple[object, str]) -> int:
    """Return the row of a cursor in a list of rows that are numbered. 400 for a token without a number."""
    if not (place[1].isascii() and place[1].isdecimal() and len(place[1]) < len(str(_MAX_NUMBER))):
        raise _refused()
    return int(place[1])


def _binding(list_: str) -> str:
    return hashlib.blake2b(list_.encode("utf-8", "surrogatepass"), digest_size=_BINDING_BYTES).hexdigest()


def _refused() -> ProblemError:
    return invalid("query.page_token", ReasonCode.NOT_OF_THIS_LIST, 400)
