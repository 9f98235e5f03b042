"""What named values are found in, and what is left alone."""

import json
import time
from typing import Any

import pytest

from schemas.catalogue import BY_NAME
from schemas.redaction import REDACTED, Redaction
from schemas.result import Result, read
from tests.support.events import result

CANARY = "hunter2-canary"
NAMES = ("password", "card_number", "Authorization", "cpf")
REDACTION = Redaction(NAMES)


def stored(redaction: Redaction | None = REDACTION, **fields: Any) -> str:
    """The body of a result with these fields."""
    event = result("e1", **fields)
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns(), redaction=redaction)
    assert isinstance(found, Result), found
    return found.body


@pytest.mark.parametrize(
    "evidence",
    [
        {"password": CANARY},
        {"a": [{"b": {"Card-Number": CANARY, "cardNumber": [CANARY, {"x": CANARY}]}}]},
        {"headers": {"AUTHORIZATION": f"Bearer {CANARY}"}},
        json.dumps({"password": CANARY, "n": 1.10}),
        json.dumps([{"cpf": {"number": CANARY}}]),
        json.dumps({"inner": json.dumps({"password": CANARY})}),
        f"POST /x\r\nAuthorization: Bearer {CANARY}\r\nHost: a",
        f"user=a&password={CANARY}&x=1",
        f"<order><cpf>{CANARY}</cpf><ns:cpf a='1'>{CANARY}</ns:cpf></order>",
        f"<cpf><![CDATA[{CANARY}]]></cpf>",
        f'<login password="{CANARY}" other="1"/>',
        f"<login password='{CANARY}'/>",
        f'{{"password": "{CANARY}", cut in the mid',
        f'it said {{\\"password\\": \\"{CANARY}\\"}}',
        f"{{'cpf': '{CANARY}'}}",
    ],
    ids=str,
)
@pytest.mark.parametrize("field", ["request", "response", "of_the_connectors_own"])
def test_a_named_value_is_not_in_what_is_stored(field: str, evidence: Any) -> None:
    body = stored(**{field: evidence})
    assert CANARY in stored(None, **{field: evidence})
    assert CANARY not in body
    assert REDACTED in body
    assert json.loads(body)["account"] == "acme"


@pytest.mark.parametrize(
    "evidence",
    [
        {"passwords": CANARY, "my_password": CANARY, "password_hint": CANARY},
        {"password": None},
        {"note": "the password is wrong"},
        "the cpf is invalid",
        "password:",
        "<passwords>x</passwords>",
        "mycpf=1",
    ],
    ids=str,
)
def test_what_is_not_one_of_them_is_left_as_it_is(evidence: Any) -> None:
    assert stored(request=evidence) == stored(None, request=evidence)


def test_fields_that_are_shown_and_searched_are_left_as_they_are() -> None:
    own = Redaction(["key", "message", "code", "ean", "password"])
    fields: dict[str, Any] = {"aliases": {"ean": "789"}, "request": {"key": CANARY}}
    found = json.loads(stored(own, **fields))
    assert (found["key"], found["aliases"], found["request"]) == ("SKU-1", {"ean": "789"}, {"key": REDACTED})
    assert found["errors"] == json.loads(stored(None, **fields))["errors"]


def test_numbers_keep_their_digits() -> None:
    event = result("e1", request={"password": CANARY, "price": "PRICE"})
    value = (event.value or b"").replace(b'"PRICE"', b"12345678901234567890123.10")
    [found] = read(BY_NAME["price"], event.headers, event.key, value, time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    assert f'"request":{{"password":"{REDACTED}","price":12345678901234567890123.10}}' in found.body


def test_a_structured_event_keeps_its_attributes() -> None:
    data = json.loads(result("e1", request={"password": CANARY}).value or b"")
    event = {
        "specversion": "1.0",
        "type": "conexoes.price.result.v1",
        "source": "/password",
        "id": "password=1",
        "time": data["processed_at"],
        "data": data,
    }
    [found] = read(BY_NAME["price"], [], None, json.dumps(event).encode(), time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    document = json.loads(found.body)
    assert document.pop("data")["request"] == {"password": REDACTED}
    assert document == {name: value for name, value in event.items() if name != "data"}


def test_a_letter_that_is_written_as_an_escape_hides_nothing() -> None:
    event = result("e1", request={"password": CANARY})
    value = (event.value or b"").replace(b"password", b"pass\\u0077ord")
    [found] = read(BY_NAME["price"], event.headers, event.key, value, time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    assert CANARY not in found.body


@pytest.mark.parametrize("text", ["<cpf>", 'password="', "cpf='", '{"password":"', "cpf: ", "<cpf><![CDATA[", '\\"'])
def test_evil_text_takes_no_longer_than_its_length(text: str) -> None:
    """Each of them once took the square of its length, or would if it could: a megabyte would not end at all."""
    stored(request=text * (900_000 // len(json.dumps(text))) + "password")
