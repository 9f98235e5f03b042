"""Events before they are sent: what the check says of each is what the agents make of it."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from broker.publisher import Record
from cli.main import app
from connectors.simulator.malformed import MALFORMED
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.check import check, events_in, events_of
from schemas.envelope import BATCH, MAX_BATCH_EVENTS, STRUCTURED
from schemas.event_batch import MAX_BATCH_BYTES
from schemas.json_document import MAX_DEPTH
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result, read
from schemas.topics import MAX_EVENT_BYTES
from tests.support.counted import steps
from tests.support.events import at, data, result, whole
from tests.support.json_texts import TEXTS

NOW = time.time_ns()
MANY = [("content-type", BATCH.encode())]
ONE = [("content-type", STRUCTURED.encode())]


def outcomes(text: str | bytes, of_type: str | None = None) -> list[Result | Refusal]:
    raw = text.encode() if isinstance(text, str) else text
    return [check(each, NOW) for each in events_in(raw, BY_NAME[of_type] if of_type else None)]


def codes(found: list[Result | Refusal]) -> list[str]:
    return [each.code.value if isinstance(each, Refusal) else each.event_id for each in found]


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
@pytest.mark.parametrize("status", ["success", "error", "warning", "parked"])
def test_an_event_becomes_what_the_reader_of_its_topic_makes_of_it(each: Any, status: str) -> None:
    event = result("e", each.name, status=status)
    body = json.dumps(whole(event)).encode()
    for headers, value in ((event.headers, event.value or b""), (ONE, body)):
        [unsent] = events_of(headers, value)
        [expected] = read(each, headers, None, value, NOW)
        found = check(unsent, NOW)
        assert (unsent.headers, unsent.value) == (headers, value)
        assert type(found) is type(expected)
        assert found == expected or str(found) == str(expected)


@pytest.mark.parametrize("code", MALFORMED)
def test_what_is_malformed_is_refused_with_the_code_of_its_dead_letter(code: DeadLetterCode) -> None:
    good = result()
    bad = MALFORMED[code](Record("t", good.key, good.value, good.headers))
    [unsent] = events_of(bad.headers, bad.value or b"")
    refusal = check(unsent, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code


def test_a_batch_is_taken_apart_digit_for_digit() -> None:
    exact = '{"n": 19.90, "n": 1E2, "big": 12345678901234567890123, "text": "\\u00e9\\ud800\\u0000"}'
    events = [
        json.dumps(whole(result(f"e{n}"))).replace('"data": {', f'"data": {{"request": {exact}, ') for n in (1, 2)
    ]
    unsent = events_of(MANY, f" [{events[0]} ,\n{events[1]}]".encode())
    assert [each.value.decode() for each in unsent] == events
    found = [check(each, NOW) for each in unsent]
    assert [isinstance(each, Result) and each.altered for each in found] == [True, True]


def test_every_event_of_a_batch_has_an_answer_of_its_own() -> None:
    good = whole(result("good"))
    batch = [good, {**good, "type": "conexoes.moon.result.v1"}, {**good, "data": {}}, 3, {}, [], None]
    found = outcomes(json.dumps(batch))
    assert codes(found) == ["good", "type_mismatch", "schema", "envelope", "envelope", "envelope", "envelope"]
    assert isinstance(found[1], Refusal)
    assert found[1].reason.code == ReasonCode.EVENT_TYPE_UNKNOWN
    assert found[1].reason.parameters["allowed"] == tuple(each.result_event_type for each in CATALOGUE)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", DeadLetterCode.EMPTY),
        (b"{}", DeadLetterCode.ENVELOPE),
        (b'{"a": [' + b"{}," * 1000, DeadLetterCode.ENVELOPE),
        (b"7", DeadLetterCode.ENVELOPE),
        (b'"[]"', DeadLetterCode.ENVELOPE),
        (b"x", DeadLetterCode.JSON),
        (b"[", DeadLetterCode.JSON),
        (b"[,]", DeadLetterCode.JSON),
        (b"[1,]", DeadLetterCode.JSON),
        (b"[1,,2]", DeadLetterCode.JSON),
        (b"[1}", DeadLetterCode.JSON),
        (b"[1] x", DeadLetterCode.JSON),
        (b"[1],", DeadLetterCode.JSON),
        (b'["1]', DeadLetterCode.JSON),
        (b'["1\\', DeadLetterCode.JSON),
        (b"[[1]", DeadLetterCode.JSON),
        (b"[1,", DeadLetterCode.JSON),
        (b"[\xff]", DeadLetterCode.ENCODING),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), DeadLetterCode.TOO_DEEP),
        (b"[" + b"0," * MAX_BATCH_EVENTS + b"0]", DeadLetterCode.TOO_LARGE),
        (b"[" + b"0," * (MAX_BATCH_EVENTS + 1) + b"x", DeadLetterCode.TOO_LARGE),  # what follows is not read
        (b" " * (MAX_BATCH_BYTES + 1), DeadLetterCode.TOO_LARGE),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(body: bytes, code: DeadLetterCode) -> None:
    with pytest.raises(Refusal) as refused:
        events_of(MANY, body)
    assert refused.value.code is code


@given(st.lists(TEXTS), st.sampled_from([b"", b"\n\t ", b"\xef\xbb\xbf"]))
def test_a_batch_is_cut_where_a_parser_ends_its_elements(texts: list[str], before: bytes) -> None:
    body = before + f"[ {' ,'.join(texts)}]".encode() + b"\n"
    assert [each.value.decode() for each in events_of(MANY, body)] == [each.strip(" \t\r\n") for each in texts]


def test_what_is_no_json_in_a_batch_is_that_of_its_event() -> None:
    good = json.dumps(whole(result("good")))
    for bad in ("nul", "{]", '{"a" 1}', "1 2", '"\\q"'):
        assert codes([check(each, NOW) for each in events_of(MANY, f"[{good}, {bad}]".encode())]) == ["good", "json"]


@pytest.mark.parametrize("part", [b"{},", b"[],", b'"[",', b'"\\"],",', b"1 ", b"[[{}]],"], ids=repr)
def test_a_batch_is_counted_without_reading_its_events(part: bytes) -> None:
    def reading(times: int) -> tuple[int, int]:
        body = b"[[" + part * times + b"0], 1]"
        tracemalloc.start()
        taken = steps(lambda: events_of(MANY, body))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return taken, size

    reading(1)
    (few, _), (many, size) = reading(1000), reading(2000)
    assert many < 2.1 * few
    assert size < 10 * 2000 * len(part) + 20_000


def test_a_batch_of_too_many_events_is_read_no_further() -> None:
    def reading(more: int) -> int:
        def read() -> None:
            with pytest.raises(Refusal):
                events_of(MANY, b"[" + b"{}," * (MAX_BATCH_EVENTS + more) + b"{}]")

        return steps(read)

    reading(1)
    assert reading(2000) == reading(4000)


def test_a_batch_may_be_larger_than_an_event_and_an_event_of_it_may_not() -> None:
    large = whole(result("a", request="x" * (MAX_EVENT_BYTES - 2000)))
    too_large = whole(result("b", request="x" * (MAX_EVENT_BYTES + 1)))
    assert codes([check(each, NOW) for each in events_of(MANY, json.dumps([large, large, too_large]).encode())]) == [
        "a",
        "a",
        "too_large",
    ]


def test_an_event_without_a_type_is_not_held_to_the_statuses_of_any() -> None:
    for changes, reasons in (
        ({"type": None}, [ReasonCode.FIELD_MISSING]),
        ({"type": "conexoes.moon.result.v1", "id": None}, [ReasonCode.FIELD_MISSING, ReasonCode.EVENT_TYPE_UNKNOWN]),
    ):
        [refusal] = outcomes(json.dumps(whole(result(status="warning"), **changes)))
        assert isinstance(refusal, Refusal)
        assert [each.code for each in refusal.reasons] == reasons


def test_what_explains_a_result_is_mended_and_said() -> None:
    [stored] = map(json.loads, run("--json", "-", read=json.dumps(whole(result(operation=7)))))
    assert (stored["result"]["altered"], len(stored["result"]["alterations"])) == (True, 1)
    first, second = run("-", read=json.dumps(whole(result(operation=7))))
    assert first.startswith("-:0  stored")
    assert second == f"    altered: {stored['result']['alterations'][0]}"


def test_files_of_every_shape_are_read() -> None:
    events = [whole(result(f"e{n}")) for n in range(3)]
    lines = "\n".join(map(json.dumps, events))
    for text in (
        lines,
        f"\ufeff{lines}\n\n",
        lines.replace("\n", "\r\n"),
        json.dumps(events),
        json.dumps(events, indent=1),
    ):
        assert codes(outcomes(text)) == ["e0", "e1", "e2"]
    assert codes(outcomes(json.dumps(events[0], indent=4))) == ["e0"]
    assert codes(outcomes(f"{json.dumps(events[:2])}\n{json.dumps(events[2])}\nno JSON\n")) == [
        "e0",
        "e1",
        "e2",
        "json",
    ]
    assert codes(outcomes('{"specversion": \n}')) == ["json"]
    assert codes(outcomes("[1,\n2")) == ["json"]


def test_data_alone_is_of_the_type_that_is_named() -> None:
    assert [type(each) for each in outcomes(json.dumps(data()), "price")] == [Result]
    assert codes(outcomes(json.dumps(data(status="warning")), "orders")) == ["status_not_allowed"]
    assert codes(outcomes(json.dumps(whole(result("whole"))), "orders")) == ["whole"]
    assert codes(outcomes(json.dumps(data()))) == ["envelope"]


def test_a_refusal_stays_one() -> None:
    refusal = Refusal(DeadLetterCode.JSON, Reason(ReasonCode.NO_BYTES))
    assert check(refusal, NOW) is refusal


def run(*arguments: str, read: str | None = None, status: int = 0) -> list[str]:
    ran = CliRunner().invoke(app, ["check", *arguments], input=read)
    assert ran.exit_code == status, ran.output
    return ran.stdout.splitlines()


def test_the_command_says_what_becomes_of_each_and_exits_with_one_if_any_is_refused(tmp_path: Any) -> None:
    good, bad = whole(result("good")), whole(result("bad", status="parked"))
    file = tmp_path / "events.jsonl"
    file.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n", "utf-8")
    assert run("-", read=json.dumps(good)) == ["-:0  stored   price  acme/MLB/SKU-1  error  price.minimum"]
    stored, refused = run(str(file), status=1)
    assert stored == f"{file}:0  stored   price  acme/MLB/SKU-1  error  price.minimum"
    assert refused.startswith(f"{file}:1  refused  status_not_allowed: data.status")


def test_the_command_says_what_a_source_may_not_send(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "sources.json"
    monkeypatch.setenv("CONEXOES_SOURCES", str(sources))
    event = json.dumps(whole(result("good")))
    sources.write_text(json.dumps({"/connectors/other": {}}))
    [refused] = run("-", read=event, status=1)
    assert refused.startswith("-:0  refused  not_allowed: ")
    sources.write_text(json.dumps({"/connectors/test": {"connector": "own"}}))
    assert run("-", read=event) == ["-:0  stored   price  acme/MLB/SKU-1  error  price.minimum"]


def test_the_command_as_json_is_what_a_dry_run_answers() -> None:
    stored, refused = map(json.loads, run("--json", "-", read=json.dumps([whole(result("good")), {}]), status=1))
    assert (stored["file"], stored["position"], stored["refusal"]) == ("-", 0, None)
    assert stored["result"] | {"fingerprint": ""} == {
        "id": "good",
        "source": "/connectors/test",
        "log_id": stored["result"]["log_id"],
        "integration_type": "price",
        "account": "acme",
        "affiliate": "MLB",
        "key": "SKU-1",
        "status": "error",
        "processed_at": at(0).replace("+00:00", "Z"),
        "code": "price.minimum",
        "fingerprint": "",
        "errors": 1,
        "altered": False,
        "alterations": [],
    }
    assert (refused["position"], refused["result"], refused["refusal"]["code"]) == (1, None, "envelope")


def test_the_command_refuses_what_is_no_file_and_no_type() -> None:
    run("no-such-file", status=1)
    run("-", read="", status=1)
    run("-", "--type", "moon", read="{}", status=1)
