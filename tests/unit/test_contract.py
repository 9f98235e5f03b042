"""The contract documents are those of the code, say what the code does, and their examples are true."""

import asyncio
import base64
import copy
import json
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.app import build_app
from agents.kafka.letter_topic import LetterTopic
from agents.reprocess.dispatch import retry_record
from agents.results.source_counts import SourceCounts
from broker.publisher import Publisher
from broker.security import PLAINTEXT
from cli.documents.__main__ import ROOT, documents, stale
from cli.documents.json_schemas import json_schemas
from conexoes_connector.retry import read_retry
from schemas.catalogue import BY_NAME, CATALOGUE, IntegrationType
from schemas.dead_letter import DeadLetter
from schemas.envelope import STRUCTURED
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import Command, ReprocessRequest, RetryData, read_command
from schemas.result import ResultData, read
from schemas.shown.command import ReprocessCommand, ReprocessItem
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.shown.log import StatusLog
from schemas.topics import Topics
from storage.clock import ServerClock
from storage.database import Database
from storage.reprocess.claims import QueuedItem
from storage.settings import StorageSettings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW_NS = int(NOON.timestamp()) * 1_000_000_000
STRUCTURED_HEADERS = [("content-type", STRUCTURED.encode())]

MADE = documents()
SCHEMAS = json_schemas()
ASYNCAPI = json.loads(MADE[ROOT / "docs" / "contract" / "asyncapi.json"])
MESSAGES: dict[str, Any] = ASYNCAPI["components"]["messages"]


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_a_document_is_what_the_code_makes(path: Path) -> None:
    assert path.read_text("utf-8") == MADE[path], "run `make documents`"


def test_a_schema_that_nothing_makes_any_more_is_stale() -> None:
    problem = ROOT / "docs" / "contract" / "json-schema" / "problem.json"
    assert problem in stale({path: text for path, text in MADE.items() if path != problem})
    assert problem not in stale(MADE)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_says_what_it_is_and_its_examples_are_valid(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:conexoes:schema:{name}:v1"
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]
    for example in schema["examples"]:
        Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize(
    "model", [ResultData, ReprocessRequest, RetryData, StatusLog, ReprocessCommand, ReprocessItem, ShownDeadLetter]
)
def test_examples_of_models_are_valid(model: Any) -> None:
    schema = model.model_json_schema()
    for example in schema["examples"]:
        model.model_validate_json(json.dumps(example))
        Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_the_examples_of_a_type_are_read_as_what_they_are(each: IntegrationType) -> None:
    (result,) = read(each, STRUCTURED_HEADERS, None, _bytes(SCHEMAS[f"{each.name}-result"]), NOW_NS)
    assert not isinstance(result, Refusal)
    retry = read_retry(_bytes(SCHEMAS[f"{each.name}-retry"]))
    assert (retry.data.integration_type, retry.data.key) == (each.name, result.key)
    assert uuid.UUID(retry.id) == result.correlation_id


def test_the_example_of_a_command_is_read_as_one() -> None:
    (command,) = read_command(STRUCTURED_HEADERS, _bytes(SCHEMAS["reprocess-requested"]))
    assert isinstance(command, Command)


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_a_type_has_its_own_statuses_and_event_types(each: IntegrationType) -> None:
    properties = SCHEMAS[f"{each.name}-result"]["properties"]
    assert properties["type"] == {"const": each.result_event_type}
    assert properties["data"]["properties"]["status"]["enum"] == list(each.statuses)
    assert SCHEMAS[f"{each.name}-retry"]["properties"]["type"] == {"const": each.retry_event_type}


def _bytes(schema: Any) -> bytes:
    return json.dumps(schema["examples"][0]).encode()


Change = Callable[[dict[str, Any]], Any]


def _data(**fields: Any) -> Change:
    """Fields of `data`; with another key, the subject goes, since it must be the key."""

    def change(event: dict[str, Any]) -> None:
        event["data"].update(fields)
        if "key" in fields:
            del event["subject"]

    return change


def _event(**attributes: Any) -> Change:
    return lambda event: event.update(attributes)


def _without(name: str) -> Change:
    return lambda event: event.pop(name)


ACCEPTED_RESULTS: dict[str, Change] = {
    "as it is": _data(),
    "key of digits": _data(key="00123"),
    "key with signs": _data(key="a/b&c+d"),
    "key in Cyrillic": _data(key="PG-2404С1"),
    "key beyond the first plane": _data(key="😀"),
    "longest key": _data(key="x" * 200),
    "longest affiliate": _data(affiliate="x" * 64),
    "nine fraction digits": _data(processed_at="2026-11-24T08:00:00.123456789-03:00"),
    "a space for the T": _data(processed_at="2026-11-24 08:00:00Z"),
    "no sequence": _data(sequence=None),
    "sequence 0": _data(sequence=0),
    "a field that nobody knows": _data(colour="green"),
    "no subject": _without("subject"),
    "no correlation": _without("correlationid"),
    "no time": _without("time"),
    "no-break space in the key": _data(key="a\u00a0b"),
    "zero-width space in the key": _data(key="a\u200bb"),
    "joiner in the key": _data(key="👩\u200d🔧"),
    "an error without a code": _data(errors=[{"message": "x"}]),
    "an error without a message": _data(errors=[{"code": "x", "message": None}]),
    "an extension": _event(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    "a relative source": _event(source="connectors/x?y=1#z"),
    "evidence of any kind": _data(request=[1, {"a": None}], response="<xml/>"),
    "no errors": _data(errors=[]),
}
REFUSED_RESULTS: dict[str, Change] = {
    "account in capitals": _data(account="Demo"),
    "account too long": _data(account="x" * 65),
    "no affiliate": _data(affiliate=""),
    "affiliate too long": _data(affiliate="x" * 65),
    "no key": _data(key=""),
    "key too long": _data(key="x" * 201),
    "key as a number": _data(key=123),
    "tab in the key": _data(key="a\tb"),
    "a bidi control in the key": _data(key="a\u202eb"),
    "a line separator in the key": _data(key="a\u2028b"),
    "replacement character in the key": _data(key="a\ufffdb"),
    "a status of another type": _data(status="unknown"),
    "no offset": _data(processed_at="2026-11-24T08:00:00"),
    "ten fraction digits": _data(processed_at="2026-11-24T08:00:00.1234567891Z"),
    "seconds since 1970": _data(processed_at=1_795_000_000),
    "negative sequence": _data(sequence=-1),
    "sequence over 64 bits": _data(sequence=2**63),
    "sequence as text": _data(sequence="1"),
    "data that is no object": _event(data=[]),
    "another version": _event(specversion="0.3"),
    "another type": _event(type="conexoes.orders.result.v1"),
    "a source with a space": _event(source="my connector"),
    "source too long": _event(source="x" * 2049),
    "an empty id": _event(id=""),
    "id too long": _event(id="x" * 2049),
    "data in base64 too": _event(data_base64="e30="),
}
#: Events that a connector should not send, and that are read all the same.
READ_ALL_THE_SAME: dict[str, Change] = {
    "operation too long": _data(operation="x" * 201),
    "a code too long": _data(errors=[{"code": "x" * 201}]),
    "an error as text": _data(errors=["x"]),
    "too many errors": _data(errors=[{"code": "x", "message": "x"}] * 1001),
    "too many aliases": _data(aliases={str(number): "x" for number in range(51)}),
    "an empty alias": _data(aliases={"ean": ""}),
    "an alias as a number": _data(aliases={"ean": 789}),
    "a message as a number": _data(message=7),
    "data in base64": lambda event: event.update(
        data=None, data_base64=base64.b64encode(json.dumps(event["data"]).encode()).decode()
    ),
    "a correlation that is too long": _event(correlationid="x" * 2049),
    "time without an offset": _event(time="2026-11-24T08:00:00"),
    "time as a number": _event(time=1_795_000_000),
}
COMMAND_DATA = {"account": "demo", "integration_type": "price", "requested_by": "x"}
BY_FILTER = {"filter": {"status": ["error"]}, "as_of": "2026-11-24T12:00:00Z"}
ACCEPTED_COMMANDS: dict[str, Change] = {
    "as it is": _data(),
    "by filter": _event(data=COMMAND_DATA | BY_FILTER),
    "longest id": _event(id="x" * 128),
    "no reason": _data(reason=None),
    "no time": _without("time"),
}
REFUSED_COMMANDS: dict[str, Change] = {
    "id too long": _event(id="x" * 129),
    "id with a space": _event(id="a b"),
    "neither way": _event(data=COMMAND_DATA),
    "both ways": _data(**BY_FILTER),
    "a filter without as_of": _event(data=COMMAND_DATA | {"filter": {}}),
    "as_of without an offset": _event(data=COMMAND_DATA | BY_FILTER | {"as_of": "2026-11-24T12:00:00"}),
    "no log": _data(log_ids=[]),
    "too many logs": _data(log_ids=[str(uuid.UUID(int=number)) for number in range(1001)]),
    "another integration type": _data(integration_type="no-such-type"),
    "another mode": _data(mode="again"),
    "a field that nobody knows": _data(colour="green"),
    "an unknown filter": _event(data=COMMAND_DATA | BY_FILTER | {"filter": {"colour": "green"}}),
    "a status that no type has": _event(data=COMMAND_DATA | BY_FILTER | {"filter": {"status": ["fine"]}}),
    "data in base64": _event(data_base64="e30="),
}


def _both(name: str, change: Change, reader: Callable[[bytes], Any]) -> tuple[bool, bool]:
    """Tell if the schema, and if the code, accepts the example after `change`."""
    event = copy.deepcopy(SCHEMAS[name]["examples"][0])
    change(event)
    taken = not isinstance(reader(json.dumps(event).encode()), Refusal)
    return Draft202012Validator(SCHEMAS[name]).is_valid(event), taken


def _read_result(value: bytes) -> Any:
    return next(iter(read(BY_NAME["price"], STRUCTURED_HEADERS, None, value, NOW_NS)))


def _read_command(value: bytes) -> Any:
    return read_command(STRUCTURED_HEADERS, value)[0]


@pytest.mark.parametrize("change", ACCEPTED_RESULTS.values(), ids=ACCEPTED_RESULTS)
def test_schema_and_code_accept_the_same_results(change: Change) -> None:
    assert _both("price-result", change, _read_result) == (True, True)


@pytest.mark.parametrize("change", REFUSED_RESULTS.values(), ids=REFUSED_RESULTS)
def test_schema_and_code_refuse_the_same_results(change: Change) -> None:
    assert _both("price-result", change, _read_result) == (False, False)


@pytest.mark.parametrize("change", READ_ALL_THE_SAME.values(), ids=READ_ALL_THE_SAME)
def test_code_reads_more_than_the_schema_says_to_send(change: Change) -> None:
    assert _both("price-result", change, _read_result) == (False, True)


@pytest.mark.parametrize("change", ACCEPTED_COMMANDS.values(), ids=ACCEPTED_COMMANDS)
def test_schema_and_code_accept_the_same_commands(change: Change) -> None:
    assert _both("reprocess-requested", change, _read_command) == (True, True)


@pytest.mark.parametrize("change", REFUSED_COMMANDS.values(), ids=REFUSED_COMMANDS)
def test_schema_and_code_refuse_the_same_commands(change: Change) -> None:
    assert _both("reprocess-requested", change, _read_command) == (False, False)


# AsyncAPI: whether the document is one is for docs/contract/validate.mjs; here, whether it is true.


def test_every_topic_is_a_channel_that_is_received_or_sent() -> None:
    actions = {each["channel"]["$ref"].rpartition("/")[2]: each["action"] for each in ASYNCAPI["operations"].values()}
    said = {channel["address"]: actions[name] for name, channel in ASYNCAPI["channels"].items()}
    topics = Topics()
    received = {topics.commands, *(topics.results(each.name) for each in CATALOGUE)}
    assert said == {name: "receive" if name in received else "send" for name, _size in topics.all()}


def _valid(part: str, message: dict[str, Any], value: Any) -> bool:
    # Beside the components, since the `$ref`s begin at the root of the document.
    return Draft202012Validator(message[part] | {"components": ASYNCAPI["components"]}).is_valid(value)


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_of_messages_are_valid(name: str) -> None:
    message = MESSAGES[name]
    assert message["examples"]
    for example in message["examples"]:
        assert _valid("headers", message, example["headers"])
        assert _valid("payload", message, example["payload"])


@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
def test_a_result_is_read_as_documented_in_each_mode(mode: str) -> None:
    example = MESSAGES[f"price-result-{mode}"]["examples"][0]
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    value = json.dumps(example["payload"]).encode()
    for each in read(BY_NAME["price"], headers, b"demo/MLB/SKU-00123", value, NOW_NS):
        assert not isinstance(each, Refusal)


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_a_retry_is_sent_as_documented(each: IntegrationType) -> None:
    item = QueuedItem(
        id=uuid.UUID(int=1),
        log_id=uuid.UUID(int=2),
        account="demo",
        affiliate="MLB",
        key="00123",
        integration_type=each.name,
        mode="replay",
        command_id="c-1",
        last_event_id="e-1",
        attempt=2,
        aliases={},
    )
    record = retry_record(item, Topics(), NOON, NOON)
    message = MESSAGES[f"{each.name}-retry"]
    assert _valid("headers", message, {name: value.decode() for name, value in record.headers})
    assert _valid("payload", message, json.loads(record.value or b""))
    assert record.topic == ASYNCAPI["channels"][f"{each.name}-retry"]["address"]


def test_a_dead_letter_has_the_headers_that_are_documented() -> None:
    refusal = Refusal(DeadLetterCode.JSON, own_words("no JSON"))
    letter = DeadLetter("demo", refusal, "conexoes.results.price", 0, 7, 0, None, [("a", b"b")], b"{")
    headers = {name: value.decode() for name, value in letter.header_items()}
    assert _valid("headers", MESSAGES["dead-letter"], headers)
    assert set(MESSAGES["dead-letter"]["headers"]["required"]) == set(headers) - {"a"}
    of_a_batch = letter._replace(refusal=Refusal(DeadLetterCode.SCHEMA, own_words("no"), b"{}"), position=12)
    headers = {name: value.decode() for name, value in of_a_batch.header_items()}
    assert headers["x-dead-letter-position"] == "12"
    assert _valid("headers", MESSAGES["dead-letter"], headers)


def test_the_consumer_group_is_the_one_of_the_agents(tmp_path: Path) -> None:
    database, publisher = Database("postgresql://nowhere", "writer", StorageSettings()), Publisher("nowhere:1")
    app = build_app(
        servers="nowhere:1",
        security=PLAINTEXT,
        topics=Topics(),
        database=database,
        letter_topic=LetterTopic(Topics().dead_letter, publisher),
        policy=Policy(),
        redaction=None,
        sources=None,
        source_counts=SourceCounts(database),
        clock=ServerClock(database),
        recorded=lambda: None,
        worker_id="w",
        data_dir=tmp_path,
        max_batch_bytes=1 << 26,
        stopping=asyncio.Event(),
    )
    received = [each for each in ASYNCAPI["operations"].values() if each["action"] == "receive"]
    assert {each["bindings"]["kafka"]["groupId"]["enum"][0] for each in received} == {app.conf.id}


def _committed() -> Iterator[Path]:
    private = {"node_modules", "__pycache__"}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in private and not name.startswith(".")]
        yield from (Path(folder, name) for name in files)


def test_no_registry_is_named() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "maven" + ".org", "maven" + ".apache.org"]
    for path in _committed():
        text = path.read_bytes().decode("utf-8", "replace")
        assert not [host for host in hosts if host in text], path


def test_the_npm_lock_says_what_and_not_where() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if "integrity" not in each]
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text("utf-8").splitlines()
