"""Every named limit of what comes in: at it, and one beyond. Numbers stand here as the contract has them."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.playbook_file import PlaybookFile
from schemas import envelope, json_document, letter_account, redaction, summary, topics
from schemas.catalogue import BY_NAME
from schemas.dead_letter import DeadLetter
from schemas.envelope import Envelope
from schemas.filter import LogFilter
from schemas.group import GroupDecision, GroupNotes
from schemas.playbook import BadPlaybookError, InEveryLanguage, WrittenEntry
from schemas.policy import RuleChange
from schemas.reasons.reason import own_words
from schemas.reasons.say import say
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import ReprocessRequest, RetryData, read_command
from schemas.result import Result, ResultData, read
from schemas.sources import SourceRule
from schemas.steps import Pace

NOON = "2026-11-24T12:00:00Z"
ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
TEXTS = {"pt": "a", "en": "a", "es": "a"}

ENTRY = {"code": "c", "who": "seller", "cause": TEXTS, "what_to_do": TEXTS}
ERROR = {"code": "c", "message": "m"}
RESULT = {"account": "a", "affiliate": "M", "key": "k", "status": "error", "processed_at": NOON}
REQUEST = {"account": "a", "integration_type": "price", "requested_by": "me", "log_ids": [ID]}
DECISION = {"account": "a", "integration_type": "price", "state": "open", "set_by": "me"}
NOTES = {"account": "a", "integration_type": "price", "noted_by": "me", "note": "n"}
RETRY = {
    "account": "a",
    "affiliate": "M",
    "key": "k",
    "integration_type": "price",
    "mode": "refresh",
    "last_event_id": "e",
    "attempt": 1,
    "expires_at": NOON,
}
#: Other fields that each model needs besides the one under test.
BASE: dict[type[BaseModel], dict[str, Any]] = {
    ResultData: RESULT,
    ReprocessRequest: REQUEST,
    RetryData: RETRY,
    GroupDecision: DECISION,
    GroupNotes: NOTES,
    WrittenEntry: ENTRY,
    InEveryLanguage: TEXTS,
    LogFilter: {},
    Pace: {},
    RuleChange: {},
    SourceRule: {},
}


def text(length: int) -> str:
    return "a" * length


def aliases(count: int) -> dict[str, str]:
    return {f"name-{number}": "value" for number in range(count)}


def link(length: int) -> str:
    return "https://" + text(length - 8)


#: Model, field, how a value of a size is made, the least and the greatest size; None where there is none.
LIMITS: list[tuple[type[BaseModel], str, Callable[[int], Any], int | None, int | None]] = [
    (ResultData, "account", text, 1, 64),
    (ResultData, "affiliate", text, 1, 64),
    (ResultData, "key", text, 1, 200),
    (ResultData, "sequence", int, 0, 9_223_372_036_854_775_807),
    (ResultData, "operation", text, 0, 200),
    (ResultData, "errors", lambda count: [ERROR] * count, 0, 1000),
    (ResultData, "errors", lambda length: [{**ERROR, "code": text(length)}], 0, 200),
    (ResultData, "aliases", aliases, 0, 50),
    (ResultData, "aliases", lambda length: {text(length): "value"}, 1, 64),
    (ResultData, "aliases", lambda length: {"name": text(length)}, 1, 200),
    (ReprocessRequest, "requested_by", text, 1, 200),
    (ReprocessRequest, "reason", text, 0, 1000),
    (ReprocessRequest, "log_ids", lambda count: [ID] * count, 1, 1000),
    (RetryData, "attempt", int, 1, None),
    (GroupDecision, "set_by", text, 1, 200),
    (GroupDecision, "note", text, 0, 1000),
    (GroupNotes, "noted_by", text, 1, 200),
    (GroupNotes, "owner", text, 1, 200),
    (GroupNotes, "tags", lambda count: ["t"] * count, 0, 8),
    (GroupNotes, "tags", lambda length: [text(length)], 1, 30),
    (GroupNotes, "ticket", link, 9, 1000),
    (GroupNotes, "note", text, 1, 1000),
    (WrittenEntry, "code", text, 1, 200),
    (WrittenEntry, "link", link, 9, 2000),
    (InEveryLanguage, "pt", text, 1, 2000),
    (LogFilter, "status", lambda count: ["error"] * count, 0, 50),
    (LogFilter, "affiliate", lambda count: ["MLB"] * count, 0, 50),
    (LogFilter, "q", text, 1, 16_000),
    (LogFilter, "code", text, 1, 200),
    (LogFilter, "fingerprint", text, 16, 16),
    (Pace, "steps", lambda count: [1] * count, 1, 20),
    (Pace, "steps", lambda size: [size], 1, 100_000),
    (Pace, "per_second", int, 1, 10_000),
    (Pace, "fixed_share", int, 1, 1),
    (SourceRule, "accounts", lambda count: [f"a{number}" for number in range(count)], 1, None),
    (SourceRule, "affiliates", lambda count: [f"a{number}" for number in range(count)], 1, None),
    (RuleChange, "reason", text, 1, 1000),
    (RuleChange, "deadline_seconds", int, 1, 604_800),
    (RuleChange, "per_second", int, 1, 10_000),
    (RuleChange, "reason_required_above", int, 0, None),
]


def taken(model: type[BaseModel], field: str, value: Any) -> bool:
    """Return True when `value` is accepted. Raises ValueError when another field than `field` is refused."""
    try:
        model.model_validate({**BASE[model], field: value})
    except ValidationError as exc:
        if {str(each["loc"][0]) for each in exc.errors()} != {field}:
            raise ValueError("another field is refused") from exc
        return False
    return True


@pytest.mark.parametrize(("model", "field", "made", "least", "most"), LIMITS)
def test_a_field_is_taken_at_its_limit_and_not_one_beyond(
    model: type[BaseModel], field: str, made: Callable[[int], Any], least: int | None, most: int | None
) -> None:
    if least is not None:
        assert taken(model, field, made(least))
        assert (least == 0 and made(0) != 0) or not taken(model, field, made(least - 1))
    if most is not None:
        assert taken(model, field, made(most))
        assert not taken(model, field, made(most + 1))


@pytest.mark.parametrize(("model", "field"), [(Pace, "per_second"), (Pace, "fixed_share"), (RuleChange, "per_second")])
def test_a_rate_or_share_may_be_as_small_as_one_likes_but_not_nothing(model: type[BaseModel], field: str) -> None:
    assert taken(model, field, 0.001)
    assert not taken(model, field, 0)
    assert not taken(model, field, -0.001)


def test_half_a_share_is_one() -> None:
    assert Pace(fixed_share=0.5).fixed_share == 0.5
    assert Pace().fixed_share == 0.8


@pytest.mark.parametrize("length", [1, 64])
def test_a_name_to_redact_has_up_to_64_characters(length: int) -> None:
    names = TypeAdapter[str](redaction.Rule)
    for good in (text(length), f"-{text(length)}", "value:cpf", "-value:card"):
        assert names.validate_python(good) == good
    for bad in ("", text(65), "-", "--a", "_a", "a b", "value:", "value:rg"):
        with pytest.raises(ValidationError):
            names.validate_python(bad)


def test_sizes_of_records() -> None:
    """Limits of brokers: a record may have twice the size of an event, a dead letter 64 KiB more."""
    assert topics.MAX_EVENT_BYTES == 1_048_576
    assert dict(topics.Topics(prefix="x").all()) == {
        **{name: 2_097_152 for each in BY_NAME for name in (f"x.results.{each}", f"x.retry.{each}")},
        "x.reprocess.commands": 2_097_152,
        "x.events": 2_097_152,
        "x.dead-letter": 2_162_688,
    }


def test_a_summary_names_a_thousand_codes() -> None:
    assert summary.MAX_CODES == 1000
    assert "the 1000 most frequent" in str(summary.LogSummary.model_fields["by_code"].description)


def one(headers: envelope.Headers, value: bytes) -> Envelope | Refusal:
    [found] = envelope.read(headers, value)
    return found


def attributes(**changes: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "t", "source": "/s", "id": "i", "time": NOON, "data": {}, **changes}


def event(**changes: Any) -> bytes:
    return json.dumps(attributes(**changes)).encode()


def too_large(found: Envelope | Refusal) -> bool:
    return isinstance(found, Refusal) and found.code is DeadLetterCode.TOO_LARGE


def test_a_record_has_up_to_a_hundred_headers() -> None:
    assert isinstance(one([("x", b"")] * 100, event()), Envelope)
    assert too_large(one([("x", b"")] * 101, event()))


def test_its_headers_have_up_to_64_kibibytes_with_their_names() -> None:
    assert isinstance(one([("ab", bytes(65_536 - 5)), ("cde", b"")], event()), Envelope)
    assert too_large(one([("ab", bytes(65_536 - 5)), ("cde", b"1")], event()))
    assert too_large(one([("abcd", bytes(65_536 - 5)), ("cd", b"")], event()))


@pytest.mark.parametrize("name", ["id", "type", "source", "subject"])
def test_an_attribute_has_up_to_2048_characters(name: str) -> None:
    assert isinstance(one([], event(**{name: text(1)})), Envelope)
    assert isinstance(one([], event(**{name: text(2048)})), Envelope)
    for bad in (text(2049), "", 5):
        found = one([], event(**{name: bad}))
        assert isinstance(found, Refusal)
        assert name in say(found.reason, "en")


def test_a_batch_has_up_to_a_thousand_events() -> None:
    headers = [("content-type", envelope.BATCH.encode())]
    assert len(list(envelope.read(headers, orjson.dumps([attributes()] * 1000)))) == 1000
    assert too_large(one(headers, orjson.dumps([attributes()] * 1001)))


@pytest.mark.parametrize(("year", "taken_"), [("1699", False), ("1700", True), ("2200", True), ("2201", False)])
def test_a_time_is_of_the_years_1700_to_2200(year: str, *, taken_: bool) -> None:
    read_event = one([], event(time=f"{year}-06-01T00:00:00Z"))
    assert isinstance(read_event, Envelope)
    assert (read_event.time is not None) is taken_


def test_a_value_has_up_to_a_mebibyte() -> None:
    assert json_document.load(b'"' + b"a" * 1_048_574 + b'"').value == "a" * 1_048_574
    with pytest.raises(Refusal, match="1048577 bytes; the limit is 1048576"):
        json_document.load(b'"' + b"a" * 1_048_575 + b'"')


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("around", ["{}", '[{},"\\"[{[",{}]', "[" + "[],{}," * 100 + "{}]"])
def test_a_value_is_nested_up_to_64_levels(opening: str, closing: str, around: str) -> None:
    """Also where many more brackets stand beside each other, or in a string."""
    deepest = 64 - (1 if around == "{}" else 2)
    fits = opening * deepest + around + closing * deepest
    assert json_document.load(fits.encode()).value == json.loads(fits)
    with pytest.raises(Refusal, match="more than 64 levels") as refused:
        json_document.load((opening + fits + closing).encode())
    assert refused.value.code is DeadLetterCode.TOO_DEEP


NOW = 1_800_000_000 * 10**9


def result(**changes: Any) -> Result | Refusal:
    body = event(type="conexoes.price.result.v1", data={**RESULT, **changes})
    [found] = read(BY_NAME["price"], [], None, body, NOW)
    return found


@pytest.mark.parametrize(
    ("processed_at", "accepted"),
    [
        ("1999-12-31T23:59:59.999999999Z", False),
        ("2000-01-01T00:00:00Z", True),
        ("2027-01-15T09:00:00Z", True),
        ("2027-01-15T09:00:00.000000001Z", False),
    ],
)
def test_work_was_done_between_2000_and_an_hour_ahead(processed_at: str, *, accepted: bool) -> None:
    assert datetime.fromtimestamp(NOW / 10**9, UTC).isoformat() == "2027-01-15T08:00:00+00:00"
    found = result(processed_at=processed_at)
    assert isinstance(found, Result) is accepted
    assert accepted or (isinstance(found, Refusal) and found.code is DeadLetterCode.TIMESTAMP)


@pytest.mark.parametrize("length", [1, 4095, 4096, 4097])
def test_a_list_shows_4096_characters_of_a_message(length: int) -> None:
    found = result(message=text(length))
    assert isinstance(found, Result)
    assert found.message == text(min(length, 4096))


class Record:
    """A Kafka record with the attributes that a dead letter needs."""

    topic, partition, offset, timestamp = "t", 3, 7, 0

    def __init__(self, value: bytes, key: bytes | None, headers: envelope.Headers) -> None:
        self.value, self.key, self.headers = value, key, headers


@pytest.mark.parametrize(
    ("key", "headers", "kept"),
    [
        (b"k" * 1024, (), True),
        (b"k" * 1025, (), False),
        (None, (("ab", b"v" * 1022),), True),
        (None, (("ab", b"v" * 1023),), False),
        (b"kk", (("ab", b"v" * 1000), ("ab", None), ("ab", b"v" * 16)), True),
        (b"kk", (("ab", b"v" * 1000), ("ab", None), ("ab", b"v" * 17)), False),
    ],
)
def test_an_event_of_a_batch_keeps_a_kibibyte_of_its_record(
    key: bytes | None, headers: envelope.Headers, *, kept: bool
) -> None:
    refusal = Refusal(DeadLetterCode.JSON, own_words("bad"), b"part")
    found = DeadLetter.of(Record(b"whole", key, headers), 2, refusal)
    assert (found.key, found.headers) == ((key, headers) if kept else (None, ()))
    assert found.value == b"part"
    alone = DeadLetter.of(Record(b"whole", key, headers), 0, Refusal(DeadLetterCode.JSON, own_words("bad")))
    assert (alone.key, alone.headers, alone.value) == (key, headers, b"whole")


def test_a_dead_letter_keeps_two_mebibytes() -> None:
    found = DeadLetter.of(Record(b"v" * 2_097_153, None, ()), 0, Refusal(DeadLetterCode.TOO_LARGE, own_words("large")))
    assert found.value == b"v" * 2_097_152


def test_a_dead_letter_says_where_it_was() -> None:
    of_batch = DeadLetter.of(
        Record(b"", None, (("x-dead-letter-code", b"1"),)), 2, Refusal(DeadLetterCode.JSON, own_words("é"), b"x")
    )
    assert of_batch.header_items() == [
        ("original-x-dead-letter-code", b"1"),
        ("x-dead-letter-code", b"json"),
        ("x-dead-letter-reason", "é".encode()),
        ("x-dead-letter-topic", b"t"),
        ("x-dead-letter-partition", b"3"),
        ("x-dead-letter-offset", b"7"),
        ("x-dead-letter-position", b"2"),
    ]
    alone = DeadLetter.of(Record(b"", None, (("x", None),)), 0, Refusal(DeadLetterCode.JSON, own_words("bad")))
    assert alone.header_items()[0] == ("x", b"")
    assert "x-dead-letter-position" not in dict(alone.header_items())
    assert len({alone.id, of_batch.id}) == 2
    assert uuid.UUID(alone.id)


@pytest.mark.parametrize(
    ("key", "value", "account"),
    [
        (b"acme/MLB/1", b"", "acme"),
        (b"acme", b"", ""),
        (None, b'{"data": {"account": "acme"}}', "acme"),
        (None, b'{"account": "acme"}', "acme"),
        (None, b'{"account": "ACME"}', ""),
        (None, b'{"account": 5}', ""),
        (None, b'{"data": []}', ""),
        (None, b"[]", ""),
        (b"acme/x", b'{"account": "acme"}', "acme"),
        (b"acme/x", b'{"account": "other"}', ""),
        (b"acme/x", b'{"account": "NONE"}', "acme"),
        (b"\xff/x", b'{"account": "acme"}', "acme"),
    ],
)
def test_a_dead_letter_is_of_the_account_that_it_claims_to_be(key: bytes | None, value: bytes, account: str) -> None:
    assert letter_account.account_of(key, (), value) == account


def test_a_fault_names_its_field_by_200_characters() -> None:
    """A field's name may be a caller's own, and as long as an event."""
    command = event(type="conexoes.reprocess.requested.v1", data={**REQUEST, "filter": {text(300): 1}})
    [refused] = read_command([], command)
    assert isinstance(refused, Refusal)
    assert refused.reason.parameters["field"] == f"data.filter.{text(188)}"


def test_a_playbook_has_up_to_four_mebibytes(tmp_path: Path) -> None:
    file = tmp_path / "playbook.toml"
    file.write_bytes(b"#" * 4_194_304)
    assert len(PlaybookFile(file)()) == 0
    file.write_bytes(b"#" * 4_194_305)
    with pytest.raises(BadPlaybookError, match="more than 4194304 bytes"):
        PlaybookFile(file)
