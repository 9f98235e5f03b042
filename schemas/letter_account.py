"""The account of a dead letter: the one that everything in it names."""

import json
import re
from base64 import b64decode
from contextlib import suppress
from typing import Any

import orjson

from schemas import record_key
from schemas.envelope import BATCH, STRUCTURED, Headers
from schemas.json_document import BYTE_ORDER_MARK
from schemas.media_type import media_type
from schemas.result import ACCOUNT


def account_of(key: bytes | None, headers: Headers, value: bytes, *, in_batch: bool = False) -> str:
    """Return the one account that a record and its key name; "" when they name several or none.

    A record may be refused before its events are told apart, and an account's own keys see all of its text. So what may
    hold events of several accounts (a list, broken JSON) is of one only when nothing in it can be another's.
    `in_batch`: `value` is one event of a batch. The key of a batch does not speak for an event that names no account.
    """
    of_key = _claim_of_key(key)
    value = value.removeprefix(BYTE_ORDER_MARK)
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return of_key if of_key and (not value or _is_cut_event_of(of_key, headers, value)) else ""
    if record_key.text_of(key) == _entity_of(document):
        of_key = None  # a name with slashes, which begins with no account
    if isinstance(document, list):
        says = bool(document) and all(_named_by(event) for event in document)
        return _the_one(_named_as_theirs(value), of_key) if says else ""
    if _named_by(document):
        binary = _is_binary(headers)
        says = isinstance(document.get("account"), str) or not binary
        return _the_one(_named_as_theirs(value, binary=binary), of_key) if says else ""
    return of_key if of_key and not in_batch and _named_in(value) <= {of_key} else ""


def _the_one(named: set[str], of_key: str | None) -> str:
    claims = named | {of_key} if of_key else named
    return next(iter(claims)) if len(claims) == 1 else ""


def _claim_of_key(key: bytes | None) -> str | None:
    first, slash, _rest = record_key.text_of(key).partition("/")
    return _account(first) if slash else None


def _named_by(event: Any) -> set[str]:
    """The accounts that one event names: at its top, where binary mode has it, and in its `data`."""
    if not isinstance(event, dict):
        return set()
    claims = (event.get("account"), *(data.get("account") for data in _data_of(event)))
    return {account for claim in claims if (account := _account(claim))}


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object, also those whose name it has twice."""

    __slots__ = ()


_WITH_ALL_MEMBERS = json.JSONDecoder(object_pairs_hook=_Members, parse_int=str, parse_float=str)
#: Fields of `data` that tell what was sent and what came back: accounts in there are words of a marketplace.
_EXPLAINING = frozenset({"errors", "message", "request", "response"})


def _named_as_theirs(value: bytes, *, binary: bool = False) -> set[str]:
    """Every account whose event a JSON text may hold, in whatever wrapper; and `?`, where it may be anybody's.

    That is each one that is named anywhere but in what explains an event that says whose it is. `binary`: the value is
    `data` itself.
    """
    named = _named_in(value)
    if len(named) < 2 and _ANYBODY not in named:
        return named  # as nearly always
    try:
        waiting = [(_WITH_ALL_MEMBERS.decode(value.decode()), binary)]
        named = set()
        while waiting:
            each, is_data = waiting.pop()
            if isinstance(each, _Members):
                claims = {account for name, claim in each if name == "account" and (account := _account(claim))}
                named |= claims
                told = _EXPLAINING if is_data and claims else frozenset()
                waiting += [_looked_into(name, member) for name, member in each if name not in told]
            elif isinstance(each, list):
                waiting += [(member, False) for member in each]
            elif isinstance(each, str):
                named |= _named_in(each.encode())
    except (ValueError, RecursionError):
        return {_ANYBODY}
    return named


def _looked_into(name: str, member: Any) -> tuple[Any, bool]:
    """Return a member as it is read, and whether it is `data`. Raises ValueError for Base64 that holds no JSON."""
    if name == "data_base64" and isinstance(member, str):
        return _WITH_ALL_MEMBERS.decode(b64decode(member, validate=True).decode()), True
    return member, name == "data"


def _entity_of(event: Any) -> str | None:
    """The key of the entity that an event is about, where one event says it."""
    if not isinstance(event, dict):
        return None
    keys = [each["key"] for each in (event, *_data_of(event)) if isinstance(each.get("key"), str)]
    return keys[0] if len(keys) == 1 else None


def _data_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that are `data` of an event, or say that they are."""
    found = [event.get("data")]
    with suppress(ValueError, TypeError):
        found.append(orjson.loads(b64decode(event.get("data_base64") or "", validate=True)))
    return [each for each in found if isinstance(each, dict)]


def _is_binary(headers: Headers) -> bool:
    """Tell binary mode, where the value is `data` itself and a field `data` of it is the connector's own."""
    return any(name == "ce_specversion" for name, _value in headers) and not _is_cloudevents(headers, STRUCTURED)


def _is_cloudevents(headers: Headers, wanted: str) -> bool:
    values = (value or b"" for name, value in headers if name == "content-type")
    return any(media_type(value.decode("utf-8", "replace")) == wanted for value in values)


def _is_cut_event_of(account: str, headers: Headers, broken: bytes) -> bool:
    """Tell if broken JSON is the text of one event of this account: it names it, and no other.

    A batch is not: it may have lost the name of its last account.
    """
    if not broken.startswith(b"{") or _is_cloudevents(headers, BATCH) or _named_in(broken) != {account}:
        return False
    try:
        json.JSONDecoder().raw_decode(broken.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return True
    return False  # a whole event, and something after it


#: A name and a text anywhere, also in JSON inside a JSON string, where quotes have backslashes.
_NAMED = re.compile(rb'account\\*"(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*\\*"([^"\\]*)')
#: Stands for whoever may be named where we can't look.
_ANYBODY = "?"
_ASCII_ESCAPE = re.compile(rb"\\+u00([2-7][0-9a-fA-F])")


def _named_in(text: bytes) -> set[str]:
    """Every account that is named anywhere in `text`, whatever it is; and `?`, where Base64 may name any."""
    text = _ASCII_ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text)
    named = (match[1].decode("ascii", "replace") for match in _NAMED.finditer(text))
    return {each for each in named if _account(each)} | ({_ANYBODY} if b"data_base64" in text else set())


def _account(claim: object) -> str | None:
    return claim if isinstance(claim, str) and ACCOUNT.fullmatch(claim) else None
