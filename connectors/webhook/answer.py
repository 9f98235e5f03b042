"""Reads the answer of a webhook's target. Pure: status and body in, an answer to the retry out."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from conexoes_connector.retry import Answer
from connectors.foreign_json import read_json
from schemas.raw_json import RawJson
from schemas.topics import MAX_EVENT_BYTES

#: Fields that an answer may have. The entity is that of the retry, whatever the target says.
_FIELDS: Final = tuple(each.name for each in fields(Answer))
#: Fields that are texts. All else is given on as it came, digit for digit.
_TEXTS: Final = frozenset({"status", "message", "operation", "processed_at"})
_SHOWN_CHARACTERS: Final = 2000

#: Code of an answer of more bytes than a result may have.
TOO_LARGE: Final = "webhook.answer_too_large"


def read_answer(status: int, body: bytes | None) -> Answer | None:
    """Return the answer that a 2xx has in its body: the data of a result, or a whole CloudEvent.

    None when the target took the retry and answers later: 202, or a body without a result. `body` is None when it was
    too large: what it says is not known, and nobody is to wait for it.
    """
    if status == 202:
        return None
    if body is None:
        return Answer(
            status="error",
            message="The webhook's answer is too large.",
            errors=[{"code": TOO_LARGE, "message": f"more than {MAX_EVENT_BYTES} bytes with HTTP status {status}"}],
        )
    data = _data_of(body)
    if "status" not in data:
        return None
    return Answer(**{name: _value(name, data[name]) for name in _FIELDS if name in data})


def refused(status: int, body: bytes | None) -> Answer:
    """Return the answer for a target that did not take the retry, and says so by its HTTP status."""
    text = (body or b"").decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
    return Answer(
        status="error",
        message=f"The webhook answered {status}.",
        errors=[{"code": f"webhook.http_{status}", "message": text or f"HTTP status {status}"}],
        response={"status": status, "body": text},
    )


def not_reached(code: str, why: str) -> Answer:
    """Return the answer for a target that gave none."""
    return Answer(
        status="error",
        message="The webhook could not be reached.",
        errors=[{"code": code, "message": why}],
    )


def not_tried(failure: Answer) -> Answer:
    """Return the answer for a target that is left alone after `failure`, of which only code and status are told.

    The rest of it was about another retry, perhaps of another account.
    """
    [error] = failure.errors if isinstance(failure.errors, list) else [{}]
    response = failure.response
    return Answer(
        status="error",
        message="The webhook was not tried, because its last tries failed.",
        errors=[{"code": error.get("code"), "message": "not tried"}],
        response={"status": response["status"]} if isinstance(response, dict) else None,
    )


def _value(name: str, value: RawJson) -> Any:
    if name in _TEXTS:
        return value.said
    return None if value.text == "null" else value


def _data_of(body: bytes) -> Mapping[str, RawJson]:
    """Return the fields of a result; none for a body that has no result."""
    document = read_json(body)
    found = document.fields if document else {}
    if "specversion" not in found:
        return found
    return found["data"].fields if "data" in found else {}
