"""The contents of a dead letter."""

import json
import re
import time
from base64 import b64decode, b64encode
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.kafka.record_batch import RecordBatch
from agents.results.ingest import decode
from schemas.catalogue import BY_NAME
from schemas.dead_letter import DeadLetter
from schemas.envelope import BATCH, MAX_BATCH_EVENTS, STRUCTURED
from schemas.reading.reader import ResultsReader
from tests.support.events import SOURCE, at, data

TOPIC = "conexoes.results.price"


def record(value: bytes, key: bytes | None = None, headers: Any = ()) -> ConsumerRecord:
    headers = (("content-type", BATCH.encode()), *headers)
    return ConsumerRecord(TOPIC, 0, 5, 0, 0, key, value, None, len(key or b""), len(value), headers)


def letters(*records: ConsumerRecord) -> list[DeadLetter]:
    batch = RecordBatch((TOPIC, 0), 0, list(records), 0, 6)  # type: ignore[arg-type]
    return decode(ResultsReader([BY_NAME["price"]]), batch, time.time_ns()).refused


def event(number: int, **changes: Any) -> str:
    """One event of a batch, of about a kilobyte."""
    attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "id": f"e{number}"}
    body = data(key=f"SKU-{number}", message="x" * 300, **changes)
    return json.dumps({**attributes, "time": at(0), "data": body})


@pytest.mark.parametrize("changes", [{"status": "no-status"}, {"account": "Not An Account"}], ids=["status", "schema"])
def test_a_batch_of_bad_events_is_stored_about_once(changes: dict[str, str]) -> None:
    texts = [event(n, **changes) for n in range(MAX_BATCH_EVENTS)]
    value = f"[{', '.join(texts)}]".encode()
    large = [("big", b"h" * 60_000)]
    found = letters(record(value, b"acme/MLB/SKU-0", large))
    assert [each.value for each in found] == [text.encode() for text in texts]
    assert [each.position for each in found] == list(range(MAX_BATCH_EVENTS))
    stored = sum(
        len(each.value) + len(each.key or b"") + sum(len(v or b"") for _n, v in each.headers) for each in found
    )
    assert stored <= len(value) + 1024 * MAX_BATCH_EVENTS


def test_an_event_of_a_batch_keeps_small_headers_and_its_account() -> None:
    bad = event(1, status="no-status")
    [letter] = letters(record(f"[{event(0)}, {bad}]".encode(), b"acme/MLB/SKU-0"))
    assert letter.account == "acme"
    assert letter.key == b"acme/MLB/SKU-0"
    assert ("content-type", BATCH.encode()) in letter.headers
    assert dict(letter.header_items())["x-dead-letter-position"] == b"1"
    assert letter.value == bad.encode()


# Whose a dead letter is -------------------------------------------------------------------------

SECRET = "BRAVOSECRET cpf 123.456.789-09"
BINARY = (("ce_specversion", b"1.0"),)
AS_BATCH = (("content-type", BATCH.encode()),)
MODES: list[Any] = [(), BINARY, AS_BATCH, (*BINARY, *AS_BATCH), (("content-type", STRUCTURED.encode()),)]


def of(account: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    """One event of a batch, of this account, with a secret of it before the account is named."""
    attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "id": f"e{number}"}
    message = SECRET if account == "bravo" else "ours"
    return {"data": {"message": message, "account": account, **changes}, **attributes, "time": at(0)}


def account_of(value: bytes, headers: Any = (), key: bytes | None = b"acme/M/k") -> str:
    found = ConsumerRecord(TOPIC, 0, 5, 0, 0, key, value, None, len(key or b""), len(value), tuple(headers))
    [letter] = letters_of(found)
    return letter.account


def letters_of(found: ConsumerRecord) -> list[DeadLetter]:
    batch = RecordBatch((TOPIC, 0), 0, [found], 0, 6)  # type: ignore[arg-type]
    return decode(ResultsReader([BY_NAME["price"]]), batch, time.time_ns()).refused


def test_a_batch_of_several_accounts_that_was_cut_off_is_nobodys() -> None:
    value = json.dumps([of("acme"), of("bravo")]).encode()
    assert account_of(value[:-1], AS_BATCH) == ""


def test_a_batch_of_several_accounts_that_is_too_long_is_nobodys() -> None:
    value = json.dumps([of("acme"), of("bravo")] * 501).encode()
    assert account_of(value, AS_BATCH) == ""


def test_a_batch_of_several_accounts_without_its_content_type_is_nobodys() -> None:
    value = json.dumps([of("acme"), of("bravo")]).encode()
    assert account_of(value) == ""


def test_a_field_of_binary_data_that_is_called_data_does_not_say_whose_it_is() -> None:
    value = json.dumps({"account": "bravo", "data": {"account": "acme"}, "message": SECRET}).encode()
    assert account_of(value, BINARY, key=None) == ""
    assert account_of(value, BINARY) == ""
    assert account_of(json.dumps({"data": {"account": "acme"}}).encode(), BINARY, key=None) == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {"account": "acme"}}, {"data": {"message": "SECRET", "acc',
        '{"data": {"account": "acme"}}\n{"data": {"message": "SECRET"',
        '{"request": {"account": "bravo"}, "account": "ac',
        '{"data": {"message": "SECRET", "acc',
        '{"request": {"acc\\u006funt": "br\\u0061vo"}, "acco',
        '{"data": "{\\"account\\": \\"bravo\\", \\"message\\": \\"SECRET\\"}"}',
        '{"data": "{\\"account\\": \\"bravo\\", \\"mess',
        '"{\\"account\\": \\"bravo\\"}"',
        '[{"data": {"account": "acme"}}, {"data": {"message": "SECRET"}}]',
        '[{"data": {"account": "acme"}}, "SECRET"]',
        '["acme", [{"account": "bravo"}]]',
        '{"account": "acme", "data": {"account": "bravo"}}',
        '{"account": "acme", "events": [{"data": {"account": "bravo"}}]}',
        '{"data": {"account": "bravo"}, "data": {"account": "acme"}}',
        '[{"data": {"account": "acme"}, "data": {"account": "bravo"}}]',
        '{"account": "acme", "data": {"request": {"account": "bravo"}}}',
        '{"account": "acme", "data": "{\\"account\\":\\n\\"bravo\\"}"}',
        'et": "SECRET"}}, {"data": {"account": "acme"}}]',
        "\ufeff" + '[{"account": "acme"}, {"account": "bra',
    ],
)
def test_the_account_of_the_key_is_not_shown_what_may_be_anothers(text: str) -> None:
    assert account_of(text.encode()) == ""
    assert account_of(text.encode("utf-16")) == ""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"data": {"account": "acme", "message": "cut of', "acme/M/k"),
        ('{"message": "no account at all"}', "acme/M/k"),
        ('[{"data": {"account": "acme"}}, {"data": {"account": "acme"}}]', "acme/M/k"),
        ('[{"data": {"account": "acme"}}]', None),
        ('{"data": {"account": "acme", "request": {"account": "their-word"}}}', "acme/M/k"),
    ],
)
def test_what_can_only_be_of_one_account_is_listed_to_it(text: str, key: str | None) -> None:
    assert account_of(text.encode(), key=key and key.encode()) == "acme"  # type: ignore[arg-type]


def test_an_event_of_a_batch_that_names_no_account_is_nobodys() -> None:
    value = json.dumps([of("acme"), {**of("bravo"), "data": {"message": SECRET}}]).encode()
    found = ConsumerRecord(TOPIC, 0, 5, 0, 0, b"acme/M/k", value, None, 8, len(value), AS_BATCH)
    assert [each.account for each in letters_of(found) if SECRET.encode() in each.value] == [""]


@given(
    accounts=st.lists(st.sampled_from(["acme", "bravo", "carlos"]), min_size=1, max_size=5),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    mode=st.sampled_from(MODES),
    key=st.sampled_from([None, b"acme/M/k", b"k", b"carlos/M/k"]),
    shape=st.tuples(st.booleans(), st.booleans()),
)
def test_no_other_account_reads_a_batch_wherever_it_is_cut(
    accounts: list[str], cut: tuple[float, float], mode: Any, key: bytes | None, shape: tuple[bool, bool]
) -> None:
    """Over batches of several accounts, cut at both ends: what holds bravo's secret is bravo's, or nobody's."""
    lines, escaped = shape
    events = [json.dumps(of(account, number)) for number, account in enumerate(accounts)]
    text = "\n".join(events) if lines else f"[{', '.join(events)}]"
    value = (json.dumps(text) if escaped else text).encode()
    start, end = sorted(round(part * len(value)) for part in cut)
    for part in (value, value[:end], value[start:], value[start:end]):
        found = ConsumerRecord(TOPIC, 0, 5, 0, 0, key, part, None, len(key or b""), len(part), mode)
        for letter in letters_of(found):
            if SECRET.encode() in letter.value:
                assert letter.account in {"", "bravo"}


# Of events in wrappers of any shape --------------------------------------------------------------


class Twice(list[tuple[str, Any]]):
    """An object of JSON that may have a name twice."""


def written(value: Any) -> str:
    """JSON of a value, with every member of its objects."""
    if isinstance(value, Twice):
        return "{" + ", ".join(f"{json.dumps(name)}: {written(each)}" for name, each in value) + "}"
    if isinstance(value, dict):
        return written(Twice(value.items()))
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return json.dumps(value)


def an_event(account: str, way: str) -> Any:
    """An event of an account, in one of the ways that producers write it."""
    attributes = {name: value for name, value in of(account).items() if name != "data"}
    event_data = {"message": SECRET if account == "bravo" else "ours", "account": account}
    match way:
        case "bare":
            return event_data
        case "base64":
            return {**attributes, "data_base64": b64encode(json.dumps(event_data).encode()).decode()}
        case "text":
            return {**attributes, "data": json.dumps(event_data, indent=1)}
        case "text in text":
            return json.dumps(json.dumps({**attributes, "data": event_data}))
    return {**attributes, "data": event_data}


WAYS = ["structured", "bare", "base64", "text", "text in text"]
NAMES = st.sampled_from(["events", "data", "request", "items", "account", "payload", "message"])


def wrapped(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and objects of several, also of one name twice, with the account of some event beside it or not."""
    members = st.lists(st.tuples(NAMES, inside), min_size=1, max_size=3)
    beside = st.sampled_from([[], [("account", "acme")], [("account", "bravo")], [("account", 7)]])
    return st.lists(inside, min_size=1, max_size=3) | st.builds(lambda own, more: Twice([*own, *more]), beside, members)


@given(
    shape=st.recursive(
        st.builds(an_event, st.sampled_from(["acme", "bravo"]), st.sampled_from(WAYS)), wrapped, max_leaves=5
    ),
    mode=st.sampled_from([(), AS_BATCH, (("content-type", STRUCTURED.encode()),)]),
    key=st.sampled_from([None, b"acme/M/k", b"k"]),
)
def test_no_other_account_reads_an_event_in_any_wrapper(shape: Any, mode: Any, key: bytes | None) -> None:
    """Give the secret of bravo to nobody else, but for what an event of acme tells of its own request."""
    assume(not has_evidence(shape))
    value = written(shape).encode()
    found = ConsumerRecord(TOPIC, 0, 5, 0, 0, key, value, None, len(key or b""), len(value), mode)
    for letter in letters_of(found):
        readable = letter.value.decode() + "".join(in_base64_of(letter.value))
        if SECRET in readable:
            assert letter.account in {"", "bravo"}
        if SECRET in readable and "ours" in readable:
            assert letter.account == ""


def has_evidence(shape: Any) -> bool:
    """Tell if an account is named in the request or message of some `data` that says whose it is itself."""
    if isinstance(shape, Twice):
        own = any(
            isinstance(each, Twice)
            and any(inner == "account" and isinstance(value, str) for inner, value in each)
            and any(inner in {"request", "message"} for inner, _value in each)
            for name, each in shape
            if name == "data"
        )
        return own or any(has_evidence(each) for _name, each in shape)
    return isinstance(shape, list) and any(has_evidence(each) for each in shape)


def in_base64_of(value: bytes) -> list[str]:
    return [b64decode(each).decode() for each in re.findall(rb'"data_base64": \\*"([^"\\]+)', value)]


@given(st.sampled_from(["request", "response", "message", "errors"]), st.sampled_from(WAYS))
def test_what_explains_one_event_may_name_anybody(field: str, way: str) -> None:
    event_data = {"account": "acme", field: [an_event("their-word", way)]}
    assert account_of(written({"data": event_data}).encode()) == "acme"
    assert account_of(written(event_data).encode(), BINARY) == "acme"


# Of the shapes of record keys and data ----------------------------------------------------------


def in_base64(**fields: Any) -> bytes:
    text = json.dumps({"message": SECRET, **fields}).encode()
    attributes = {name: value for name, value in of("acme").items() if name != "data"}
    return json.dumps({**attributes, "data_base64": b64encode(text).decode()}).encode()


@pytest.mark.parametrize(
    ("key", "account"),
    [
        (b"acme/M/k", "acme"),
        (b'"acme/M/k"', "acme"),
        (b"\0\0\0\0\7acme/M/k", "acme"),
        (b"/connectors/mlb/k", ""),
    ],
)
def test_a_record_key_says_whose_it_is_however_it_is_written(key: bytes, account: str) -> None:
    assert account_of(b'{"message": "no account"}', key=key) == account


def test_a_record_key_that_is_the_entitys_own_says_nothing() -> None:
    assert account_of(json.dumps(of("acme", key="12/34/56", status="no")).encode(), key=b"12/34/56") == "acme"
    assert account_of(json.dumps(of("acme", key="other/34/57", status="no")).encode(), key=b"other/34/56") == ""


def test_what_is_in_base64_is_looked_into() -> None:
    assert account_of(in_base64(account="acme", status="no")) == "acme"
    assert account_of(in_base64(account="bravo", status="no")) == ""
    assert account_of(in_base64(account="bravo", status="no"), key=None) == "bravo"
    assert account_of(in_base64(), key=b"acme/M/k") == ""  # what it is of is not said


def test_what_is_in_base64_of_a_broken_event_may_be_anyones() -> None:
    whole = json.dumps({"account": "acme", "data_base64": b64encode(b'{"account": "bravo"}').decode()}).encode()
    assert account_of(whole[:-1]) == ""
    assert account_of(whole[:-1].replace(b"data_base64", b"data_b\\u0061se64")) == ""


@pytest.mark.parametrize(
    "content_type", [b'"application/cloudevents-batch+json"', b"Application/CloudEvents-Batch+JSON"]
)
def test_a_batch_is_one_however_its_content_type_is_written(content_type: bytes) -> None:
    value = json.dumps([of("acme"), of("bravo")]).encode()
    assert account_of(value[:-1], (("content-type", content_type),)) == ""
