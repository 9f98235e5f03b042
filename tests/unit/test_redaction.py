"""Redaction: where values of a name are found, and what is not touched."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.settings import AgentSettings
from schemas.catalogue import BY_NAME
from schemas.raw_json import Members, load
from schemas.redaction import DEFAULT, PRESET, REDACTED, Redaction
from schemas.refusal import Refusal
from schemas.result import Result, read
from schemas.value_patterns import KINDS
from tests.support.events import at, result

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
    assert found.body == value.decode().replace(CANARY, REDACTED)


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
EVIL += ["bearer ", "bearer+", "basic ", "eyJa-", "eyJ.", "4111 1111 1111 ", "4", "529.982.", "eyJ" * 9 + "."]
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
    body = stored(
        Redaction([*NAMES, DEFAULT]), request=text * (900_000 // len(json.dumps(text))) + f" password={CANARY}"
    )
    assert CANARY not in body


def preset(**fields: Any) -> str:
    return stored(Redaction([DEFAULT]), **fields)


def spellings(name: str) -> list[str]:
    """The ways in which programs write a name of several words."""
    words = name.split("-")
    camel = words[0] + "".join(word.title() for word in words[1:])
    return [name, "_".join(words), camel, camel[0].upper() + camel[1:], name.upper(), "_".join(words).upper()]


@pytest.mark.parametrize("name", [each for each in PRESET if not each.startswith("value:")])
def test_a_name_of_the_preset_is_found_however_it_is_spelled(name: str) -> None:
    for spelled in spellings(name):
        assert CANARY not in preset(request={"a": [{spelled: CANARY}]}), spelled
        assert CANARY not in preset(response=f"x={{\n{spelled}: {CANARY}\n}}"), spelled
        assert CANARY not in preset(mine={"headers": [{"name": spelled, "value": CANARY}]}), spelled


JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
#: Values of each kind, as they are written; none is anybody's.
SECRETS = {
    "bearer": ["Bearer APP_USR-1234-abc", "bearer abc123", "BEARER+a1b2c3", "Bearer%20abc123"],
    "basic": ["Basic dXNlcjpwYXNz", "basic  dXNlcjpwYXNzd29yZA=="],
    "jwt": [JWT],
    "card": [
        *("4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "3782 822463 10005"),
        *("6062826786276634", "6362970000457013", "30569309025904", "2223003122003222"),
    ],
    "cpf": ["52998224725", "529.982.247-25", "529982247-25", "123.456.789-09"],
}
#: Text that looks like it and is none.
HARMLESS = [
    *(
        "Bearer authentication is needed",
        "bearer token",
        "basic information is missing",
        "Basic 2024",
        "eyJ",
        "eyJ.a.b",
    ),
    *("4111111111111112", "2000006513422342", "7891234567895", "1234567890123456", "5299822472", "529982247251"),
    *("52998224726", "111.111.111-11", "00000000000", "11987654320", "192.168.100.200", "2026-11-28 08:15:02"),
    *("0a4111111111111111", "a52998224725", "52998224725b", "550e8400-e29b-41d4-a716-446655440000"),
]
AROUND = ["{}", "x {} y", "({}).", "id:{};", "ação {}", "\n{}\t", '"{}"', "\\n{}", "%22{}%22", "\u00ed {}"]


def test_each_kind_has_its_values() -> None:
    assert set(SECRETS) == set(KINDS)


@pytest.mark.parametrize("around", AROUND, ids=repr)
@pytest.mark.parametrize("secret", [each for given in SECRETS.values() for each in given])
def test_a_secret_value_is_found_wherever_it_stands(secret: str, around: str) -> None:
    value = secret.split(maxsplit=1)[-1] if secret.lower().startswith(("b",)) and " " in secret else secret
    text = around.format(secret)
    for fields in (
        {"request": [text]},
        {"response": text},
        {"mine": {"a": json.dumps({"b": text})}},
        {"message": text},
        {"errors": [{"code": "a", "message": text}]},
    ):
        body = preset(**fields)
        assert value not in json.dumps(json.loads(body), ensure_ascii=False), fields
        assert REDACTED in body
    assert json.loads(preset(operation=text, key="K"))["operation"] == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    for fields in ({"request": f"a {text} b"}, {"message": f"a {text} b"}, {"response": {"a": text}}):
        assert preset(**fields) == stored(None, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_left_out_by_its_name(kind: str) -> None:
    for secret in SECRETS[kind]:
        assert secret in stored(Redaction([DEFAULT, f"-value:{kind}"]), message=f"a {secret}")
        assert secret not in stored(Redaction([f"value:{kind}"]), message=f"a {secret}")


def test_a_number_without_quotes_is_found_too() -> None:
    assert json.loads(preset(request={"a": 52998224725, "b": 4111111111111111, "c": 7891234567895}))["request"] == {
        "a": REDACTED,
        "b": REDACTED,
        "c": 7891234567895,
    }


def test_what_an_entity_is_found_by_stays_in_its_messages() -> None:
    fields: dict[str, Any] = {"message": "52998224725 of 4111111111111111", "aliases": {"order": "4111111111111111"}}
    body = json.loads(preset(key="52998224725", **fields))
    assert (body["key"], body["aliases"], body["message"]) == ("52998224725", fields["aliases"], fields["message"])


def test_the_message_that_is_shown_and_grouped_is_the_redacted_one() -> None:
    for field in (
        {"message": "CPF 529.982.247-25 is blocked"},
        {"message": None, "errors": [{"code": "a", "message": "CPF 529.982.247-25 is blocked"}]},
    ):
        event = result("e1", **field)
        [found] = read(
            BY_NAME["price"],
            event.headers,
            event.key,
            event.value or b"",
            time.time_ns(),
            redaction=Redaction([DEFAULT]),
        )
        assert isinstance(found, Result)
        assert found.message == f"CPF {REDACTED} is blocked"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], set()),
        ([DEFAULT], {"password", "cpf"}),
        ([DEFAULT, "mine"], {"password", "cpf", "mine"}),
        ([DEFAULT, "-pass_word"], {"cpf"}),
        (["mine"], {"mine"}),
        (["-password", DEFAULT], {"password", "cpf"}),
    ],
)
def test_the_list_begins_with_the_preset_and_can_be_changed_or_emptied(rules: list[str], found: set[str]) -> None:
    rule = Redaction(rules)
    assert bool(rule) is bool(found)
    came = Members((name, CANARY) for name in ("password", "cpf", "mine", "price"))
    assert {name for name, value in rule.fields(came) if value == REDACTED} == found
    assert AgentSettings().redact == (DEFAULT,)


def test_a_refusal_of_a_batch_keeps_what_came() -> None:
    event = json.loads(result("e1").value or b"") | {"status": "no such", "request": {"password": CANARY}}
    batch = [
        {
            "specversion": "1.0",
            "type": "conexoes.price.result.v1",
            "source": "/s",
            "id": "1",
            "time": at(0),
            "data": event,
        }
    ]
    headers = [("content-type", b"application/cloudevents-batch+json")]
    [found] = read(
        BY_NAME["price"], headers, None, json.dumps(batch).encode(), time.time_ns(), redaction=Redaction([DEFAULT])
    )
    assert isinstance(found, Refusal)
    assert CANARY.encode() in (found.part or b"")


LETTERS = st.text(alphabet="abcdefnrtuXYZ0189 .-_/\\%+:=\"'é", max_size=30)


@given(before=LETTERS, after=LETTERS, secret=st.sampled_from([each for given in SECRETS.values() for each in given]))
def test_the_quick_look_misses_nothing_that_the_exact_search_finds(before: str, after: str, secret: str) -> None:
    rules = Redaction([DEFAULT])
    for text in (before + secret + after, before + "password" + after):
        for value in ({"a": text}, {"b": [json.dumps(text)]}):
            came = load(json.dumps(value))
            if rules.fields(came) is not came:
                assert rules.may_be_in(json.dumps(value).encode())
                assert rules.may_be_in(json.dumps(value, ensure_ascii=False).encode())
