"""An explanation never refuses its result: it is read as well as it can be, kept as it came, and marked."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import explanation
from schemas.catalogue import BY_NAME, LANGUAGES
from schemas.explanation import EXPLAINING, MAX_ALTERATIONS, MAX_ENTRIES, mend
from schemas.json_document import load
from schemas.mended_event import AS_IT_CAME
from schemas.raw_json import RawJson
from schemas.reasons.reason import from_document
from schemas.reasons.say import say
from schemas.redaction import REDACTED, Redaction
from schemas.result import Result, ResultData, read
from tests.support.counted import steps
from tests.support.events import SOURCE, at, data, raw

NOW = time.time_ns()
ERROR = {"code": "c", "message": "m"}
OF_EACH, CUT = "data.errors[]", "characters were read"


def read_text(text: str, *, structured: bool = False, redaction: Redaction | None = None) -> Result:
    """Read a result whose `data` is this text; `structured`: within a whole event."""
    headers = raw(b"").headers
    if structured:
        attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "id": "e1"}
        text = f'{json.dumps({**attributes, "time": at(0)})[:-1]}, "data": {text}}}'
        headers = []
    [found] = read(BY_NAME["price"], headers, None, text.encode(), NOW, redaction=redaction)
    assert isinstance(found, Result), found
    return found


def read_with(**fields: Any) -> Result:
    return read_text(json.dumps({**data(), **fields}))


def done_to(found: Result) -> list[str]:
    return [say(from_document(each), "en") for each in json.loads(found.alterations or "[]")]


def data_of(found: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(found.body)
    return document["data"] if found.structured else document


@pytest.mark.parametrize(
    ("field", "came", "read_as", "done"),
    [
        ("message", 7, "7", "data.message: a number was read as text"),
        ("message", True, "true", "data.message: true or false was read as text"),
        ("message", {"en": "no", "n": 1.50}, '{"en": "no", "n": 1.5}', "data.message: an object was read as text"),
        ("message", ["a", None, 2], "a, 2", "data.message: a list was read as one text"),
        ("message", [], "", "data.message: a list was read as one text"),
        ("operation", 5, "5", "data.operation: a number was read as text"),
        ("operation", "o" * 201, "o" * 200, "data.operation: only the first 200 characters were read"),
        ("aliases", {"a": None, "ean": "7"}, {"ean": "7"}, "data.aliases.a: null was left out"),
        ("aliases", {"a": ""}, {}, "data.aliases.a: text was left out"),
        ("aliases", {"a": {"b": 1}}, {}, "data.aliases.a: an object was left out"),
        ("aliases", {"a": 2000008765432109}, {"a": "2000008765432109"}, "data.aliases.a: a number was read as text"),
        ("aliases", {"a": ["1", "2"]}, {"a": "1, 2"}, "data.aliases.a: a list was read as one text"),
        ("aliases", {"a": "9" * 201}, {"a": "9" * 200}, "data.aliases.a: only the first 200 characters were read"),
        ("aliases", {"": "x"}, {}, "data.aliases.: text was left out"),
        ("aliases", {"n" * 65: "x"}, {}, f"data.aliases.{'n' * 64}: text was left out"),
        ("aliases", ["x"], None, "data.aliases: a list was left out"),
        ("aliases", "x", None, "data.aliases: text was left out"),
        ("errors", "bad", [{"message": "bad"}], "data.errors: text was read as an error"),
        ("errors", "", [], "data.errors: text was left out"),
        ("errors", 500, [{"message": "500"}], "data.errors: a number was read as an error"),
        ("errors", ERROR, [ERROR], "data.errors: an object was read as an error"),
        (
            "errors",
            {"title": ["too long", "bad"], "price": "low"},
            [
                {"field": "title", "message": "too long"},
                {"field": "title", "message": "bad"},
                {"field": "price", "message": "low"},
            ],
            "data.errors: an object was read as an error",
        ),
        ("errors", ["a", ERROR], [{"message": "a"}, ERROR], "data.errors[]: text was read as an error"),
        ("errors", [["a", "b"]], [{"message": "a, b"}], "data.errors[]: a list was read as an error"),
        ("errors", [None, ERROR], [ERROR], "data.errors[]: null was left out"),
        ("errors", [{"code": 4, "own": 1}], [{"code": "4", "own": 1}], f"{OF_EACH}.code: a number was read as text"),
        (
            "errors",
            [{"code": "c" * 201}],
            [{"code": "c" * 200}],
            f"{OF_EACH}.code: only the first 200 {CUT}",
        ),
        ("errors", [{"field": ["a", "b"]}], [{"field": "a.b"}], f"{OF_EACH}.field: a list was read as one text"),
        (
            "errors",
            [{"message": {"a": 1}}],
            [{"message": '{"a": 1}'}],
            f"{OF_EACH}.message: an object was read as text",
        ),
        ("errors", [ERROR] * 1001, [ERROR] * 1000, "data.errors: 1000 of 1001 were read"),
    ],
    ids=str,
)
def test_what_explains_a_result_is_read_as_well_as_it_can_be(field: str, came: Any, read_as: Any, done: str) -> None:
    found = read_with(**{field: came})
    assert done_to(found) == [done]
    assert found.altered
    assert data_of(found)[field] == read_as
    assert data_of(found)[AS_IT_CAME] == {field: came}
    if field == "aliases":
        assert found.aliases == (read_as or {})
    if field == "errors":
        assert found.errors == len(read_as)


@pytest.mark.parametrize(
    "fields",
    [
        {"errors": None},
        {"errors": []},
        {"errors": [{}]},
        {"errors": [{"code": None, "message": "bad"}]},
        {"errors": [{"code": "", "message": ""}]},
        {"errors": [{"code": "x"}]},
        {"errors": [{"message": "x", "severity": None, "category": None, "field": None}]},
        {"aliases": None},
        {"aliases": {}},
        {"message": None},
        {"message": ""},
        {"operation": None},
        {"request": None, "response": [1, {"a": None}]},
    ],
    ids=str,
)
def test_what_says_nothing_is_no_mistake(fields: dict[str, Any]) -> None:
    found = read_with(**fields)
    assert (found.altered, found.alterations) == (False, None)
    assert AS_IT_CAME not in data_of(found)


def test_more_aliases_than_fifty_are_the_first_fifty() -> None:
    found = read_with(aliases={f"n{number}": "v" for number in range(51)})
    assert list(found.aliases) == [f"n{number}" for number in range(50)]
    assert done_to(found) == ["data.aliases: 50 of 51 were read"]


def test_of_too_many_errors_the_gravest_are_read() -> None:
    warnings = [{"code": f"w{number}", "message": "m", "severity": "warning"} for number in range(1000)]
    found = read_with(errors=[*warnings, {"code": "fatal", "message": "m"}])
    assert (found.code, found.errors) == ("fatal", 1000)
    assert read_with(errors=[*[None] * 5000, {"code": "fatal"}]).code == "fatal"


#: Values of a field with any number of entries, of which each is to be looked at.
_MANY: dict[str, Callable[[int], Any]] = {
    "numbers": lambda times: [1] * times,
    "nothing": lambda times: [None] * times,
    "empty objects": lambda times: [{}] * times,
    "objects": lambda times: [{"code": {"a": []}, "severity": "info"}] * times,
    "names": lambda times: {f"n{number}": number for number in range(times)},
    "names of objects": lambda times: {f"n{number}": {"code": 1} for number in range(times)},
    "messages of a name": lambda times: {"title": [1] * times},
    "one of many names": lambda times: [{"code": 1, **{f"n{number}": number for number in range(times)}}],
    "many of some names": lambda times: [{"code": 1, **dict.fromkeys("abcdefgh", 1)}] * times,
    "lists": lambda times: [{"message": [1] * 10}] * times,
    "one list": lambda times: [{"message": [1] * times}],
}


@pytest.mark.parametrize("kind", _MANY)
@pytest.mark.parametrize("field", sorted(EXPLAINING))
def test_entries_beyond_a_limit_take_no_steps(field: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation, "MAX_ENTRIES", 100)
    monkeypatch.setattr(explanation, "_MAX_LISTED", 50)

    def reading(times: int) -> int:
        fields = {field: RawJson(json.dumps(_MANY[kind](times)))}
        mend(fields)  # what is made once is made
        return steps(lambda: mend(fields))

    assert reading(2000) == pytest.approx(reading(1000), rel=0.02)


def test_what_is_not_read_is_said_and_kept() -> None:
    came = [*["low"] * MAX_ENTRIES, "last"]
    found = read_with(message=came)
    assert done_to(found) == [
        "data.message: a list was read as one text",
        f"data.message: {MAX_ENTRIES} of {len(came)} were read",
    ]
    assert data_of(found)[AS_IT_CAME] == {"message": came}


def test_the_same_thing_done_many_times_is_said_once_and_many_things_are_not_all() -> None:
    assert done_to(read_with(errors=[{"code": number} for number in range(1000)])) == [
        "data.errors[].code: a number was read as text"
    ]
    assert len(done_to(read_with(aliases={f"n{number}": 1 for number in range(50)}))) == MAX_ALTERATIONS


@pytest.mark.parametrize("structured", [False, True])
def test_what_came_is_kept_digit_for_digit_and_so_is_all_around_it(*, structured: bool) -> None:
    odd = '{ "b" :1, "total":12345678901234567890.10, "b":2}'
    fields = '"request": {"p":19.90 ,"p":1E2}, "aliases": {"ean": 7.890}, "message": ' + odd
    text = json.dumps({name: value for name, value in data().items() if name != "message"})[:-1] + f", {fields}}}"
    found = read_text(text, structured=structured)
    assert '{"p":19.90 ,"p":1E2}' in found.body
    assert odd in found.body
    assert found.aliases == {"ean": "7.890"}
    assert found.message == odd
    assert load(found.body.encode()).text == found.body.encode()


texts = st.text(st.characters(codec="utf-8"), max_size=70)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=300),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)
errors = st.lists(
    json_values
    | st.dictionaries(
        st.sampled_from(["code", "message", "severity", "category", "field", "own"]), json_values, max_size=5
    ),
    max_size=4,
)
explaining = st.fixed_dictionaries(
    {},
    optional={
        "operation": json_values,
        "message": json_values,
        "errors": json_values | errors,
        "aliases": json_values | st.dictionaries(texts, json_values, max_size=4),
        "request": json_values,
        "response": json_values,
    },
)


@given(fields=explaining, structured=st.booleans(), redaction=st.sampled_from([None, Redaction(["preset"])]))
def test_nothing_that_explains_a_result_refuses_it(
    *,
    fields: dict[str, Any],
    structured: bool,
    redaction: Redaction | None,
) -> None:
    found = read_text(json.dumps({**data(), **fields}), structured=structured, redaction=redaction)
    plain = read_text(json.dumps(data()))
    assert (found.id, found.log_id, found.version, found.status) == (
        plain.id,
        plain.log_id,
        plain.version,
        plain.status,
    )
    kept = data_of(found)
    ResultData.model_validate({name: kept[name] for name in kept if name not in {"request", "response"}})
    assert set(kept.get(AS_IT_CAME, {})) <= EXPLAINING
    for each in json.loads(found.alterations or "[]"):
        assert all(say(from_document(each), language) for language in LANGUAGES)
    # Once read, it needs no reading again.
    again = read_text(json.dumps(kept), redaction=redaction)
    assert again.alterations is None
    assert (again.message, again.faults, again.aliases) == (found.message, found.faults, found.aliases)


@pytest.mark.parametrize(
    "fields",
    [
        {"message": {"password": "hunter2"}},
        {"message": ["password=hunter2"]},
        {"errors": {"password": "hunter2", "code": "c"}},
        {"errors": [{"message": {"password": "hunter2"}}]},
        {"aliases": {"login": {"password": "hunter2"}}},
        {"aliases": [{"password": "hunter2"}]},
        {"operation": {"password": "hunter2"}},
    ],
    ids=str,
)
def test_secrets_are_taken_out_of_what_is_altered_and_of_what_came(fields: dict[str, Any]) -> None:
    found = read_text(json.dumps({**data(), **fields}), redaction=Redaction(["preset"]))
    assert "hunter2" not in found.body
    assert "hunter2" not in f"{found.message} {found.faults}"
    assert REDACTED in found.body


@pytest.mark.parametrize(("came", "sequence"), [("12.0", 12), ("0.0", 0), ("1e3", 1000)])
def test_a_whole_number_is_one_however_it_is_written(came: str, sequence: int) -> None:
    found = read_text(json.dumps(data())[:-1] + f', "sequence": {came}}}')
    assert found.version == read_with(sequence=sequence).version
    assert not found.altered


def test_replaced_characters_are_said() -> None:
    assert done_to(read_with(message="a\x00")) == ["characters that can't be stored were replaced by U+FFFD"]
    assert done_to(read_with(message="a\x00", operation=1))[1:] == ["data.operation: a number was read as text"]
