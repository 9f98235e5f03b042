"""Redaction: where values of a name are found, and what is not touched."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        f"Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature={CANARY}",
        f'Authorization: Digest username="u", response="{CANARY}"',
        f"password: a,{CANARY}; {CANARY}",
        f"password=it's-{CANARY}",
        f"password=a;{CANARY}&x=1",
        f"<cpf><number>{CANARY}</number></cpf>",
        f"<cpf>\n  <![CDATA[{CANARY}]]></cpf>",
        f"<password>a]{CANARY}</password>",
        f"<cpf><cpf>1</cpf><!-- {CANARY} --></cpf>",
        f"<cpf>{CANARY}",
        f'{{"password": "ab\\"{CANARY}", cut',
        f'{{"card_number": {{"number":"{CANARY}"}}, cut',
        f'{{"card_number":\n  ["{CANARY}", cut',
        f'{{"password":\n  "{CANARY}", cut',
        f'sent "POST /x\\r\\nAuthorization: Bearer {CANARY}"',
        f'{{"body":"a=1\\u0026password={CANARY}", cut',
        f"<x>&lt;cpf&gt;{CANARY}&lt;/cpf&gt;</x>",
        f"<x>{{&quot;password&quot;: &quot;{CANARY}&quot;}}</x>",
        f"payload=%7B%22password%22%3A%22{CANARY}%22%7D",
        f"payload=a%26password%3D{CANARY}",
        f"user[password]={CANARY}",
        f"[password] => {CANARY}",
        f'{{:a=>1, "password"=>"{CANARY}"}}',
        f'{{"p\\u0061ssword":"{CANARY}"}}',
        [{"name": "authorization", "value": CANARY}, {"key": "Card-Number", "value": [CANARY]}],
        ["Authorization", CANARY],
        f"card__number={CANARY} --password={CANARY} password_={CANARY}",
        f'{{"a":"\\ud83d","password":"{CANARY}"}}',
        "[" * 260 + f'{{"password":"{CANARY}"}}' + "]" * 260,
        "[" * 5000 + f'{{"password":"{CANARY}"}}' + "]" * 5000,
        f'{{"a":NaN,"password":"{CANARY}"}}',
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
        "my-password=1",
        "password:\r\nHost: a",
        "<cpf/><cpf></cpf><cpf a='1'> </cpf>",
        "password=&a=1",
        'password=""',
    ],
    ids=str,
)
def test_what_is_not_one_of_them_is_left_as_it_is(evidence: Any) -> None:
    assert stored(request=evidence) == stored(None, request=evidence)


def test_fields_that_are_shown_and_searched_are_left_as_they_are() -> None:
    own = Redaction(["key", "message", "code", "ean", "password"])
    errors = [{"code": "a", "message": "b", "password": CANARY}]
    fields: dict[str, Any] = {"aliases": {"ean": "789"}, "request": {"key": CANARY}, "errors": errors}
    found = json.loads(stored(own, **fields))
    assert (found["key"], found["aliases"], found["request"]) == ("SKU-1", {"ean": "789"}, {"key": REDACTED})
    assert found["errors"] == [{"code": "a", "message": "b", "password": REDACTED}]


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
        "authorization": CANARY,
    }
    [found] = read(BY_NAME["price"], [], None, json.dumps(event).encode(), time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    document = json.loads(found.body)
    assert document.pop("data")["request"] == {"password": REDACTED}
    assert document.pop("authorization") == REDACTED
    assert document == {name: value for name, value in event.items() if name not in {"data", "authorization"}}


def test_a_letter_that_is_written_as_an_escape_hides_nothing() -> None:
    event = result("e1", request={"password": CANARY})
    value = (event.value or b"").replace(b"password", b"pass\\u0077ord")
    [found] = read(BY_NAME["price"], event.headers, event.key, value, time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    assert CANARY not in found.body


def test_of_equal_names_none_is_kept() -> None:
    assert CANARY not in stored(request=f'{{"password":"{CANARY}","password":null}}')
    event = result("e1", request="HERE")
    twice = f'{{"password":"{CANARY}"}},"request":null'.encode()
    value = (event.value or b"").replace(b'"HERE"', twice)
    [found] = read(BY_NAME["price"], event.headers, event.key, value, time.time_ns(), redaction=REDACTION)
    assert isinstance(found, Result)
    assert CANARY not in found.body


@pytest.mark.parametrize("name", ["cardNumber", "card_number", "CARD-NUMBER", "cardnumber"])
@pytest.mark.parametrize("text", ["card_number={}", "<card-number>{}</card-number>", '{{"cardNumber":"{}", cut'])
def test_case_and_lines_of_names_make_no_difference(name: str, text: str) -> None:
    assert CANARY not in stored(Redaction([name]), request=text.format(CANARY))


PIECES = [
    "password",
    "cpf",
    "x",
    ":",
    "=",
    '"',
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "/",
    "&",
    "%22",
    "\n",
    " ",
    ",",
]
PIECES += ["\\u0061", "\\ud83d", "\ud83d", "\x00", "<cpf>", "</cpf>", "&lt;", "&quot;", "1", "null"]
SOUP = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(text=SOUP)
def test_no_text_ends_the_agents(text: str) -> None:
    """An exception while decoding ends the process, and the same record would end it again."""
    body = stored(request=text)
    assert json.loads(body)["key"] == "SKU-1"
    assert json.loads(stored(request={"a": [text]}))["key"] == "SKU-1"


EVIL = [
    "<cpf>",
    'password="',
    "cpf='",
    '{"password":"',
    "cpf: ",
    "<cpf><![CDATA[",
    '\\"',
    "<cpf ",
    "&lt;cpf ",
    "cpf=%22%22",
]
EVIL += [
    "<cpf></cpf>",
    "cpf\\",
    "cpf-",
    "cpf \n",
    "cpf:\n",
    "cpf=&",
    'cpf=""',
    "<cpf>\n</cpf>",
    "[",
    "<a:cpf>",
    "cpf =",
]


@pytest.mark.timeout(30)  # of a second; the square of a megabyte would not end at all
@pytest.mark.parametrize("text", EVIL)
def test_evil_text_takes_no_longer_than_its_length(text: str) -> None:
    body = stored(request=text * (900_000 // len(json.dumps(text))) + f" password={CANARY}")
    assert CANARY not in body
