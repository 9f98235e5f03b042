"""Decisions of a command, and outcomes of an answer. Pure rules, no database."""

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from admin.app import build_admin as _of_all_bodies  # noqa: F401
from agents.reprocess.dispatch import in_mode_of, retry_record
from agents.reprocess.new_items import Asked, new_items
from schemas.filter import LogFilter
from schemas.item_state import Change, ItemState, outcome
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import reasons_of
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.reprocess import Command, CommandRefusal, Mode, RetryData, read_command
from schemas.topics import Topics
from storage.reprocess.claims import QueuedItem
from storage.reprocess.writer import LockedLog

LOG = uuid.uuid4()
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def asked(integration_type: str = "price", mode: Mode = "refresh") -> Asked:
    return Asked("acme", "c1", integration_type, mode)


def log(**changes: Any) -> LockedLog:
    fields: dict[str, Any] = {
        "id": LOG,
        "affiliate": "MLB",
        "key": "SKU-1",
        "status": "error",
        "code": "c",
        "message": "m",
        "fingerprint": "f",
        "other_fingerprints": None,
        "source": "/s",
        "event_id": "e1",
        "updated_at": NOON,
        "in_flight": None,
        "reprocessed": 0,
    }
    return LockedLog(**{**fields, **changes})


@pytest.mark.parametrize(
    ("integration_type", "found", "state"),
    [
        ("price", log(), ItemState.QUEUED),
        ("tracking", log(status="warning"), ItemState.QUEUED),
        ("price", None, ItemState.NOT_FOUND),
        ("price", log(status="success"), ItemState.ALREADY_SUCCEEDED),
        ("price", log(in_flight=uuid.uuid4()), ItemState.IN_FLIGHT),
        ("orders", log(), ItemState.NOT_REPROCESSABLE),
        ("price", log(changed=True), ItemState.CHANGED_SINCE),
        ("price", log(changed=True, status="success"), ItemState.ALREADY_SUCCEEDED),
        ("price", log(affiliate="PAUSED"), ItemState.PAUSED),
        ("price", log(affiliate="PAUSED", status="success"), ItemState.ALREADY_SUCCEEDED),
        ("price", log(affiliate="PAUSED", in_flight=uuid.uuid4()), ItemState.IN_FLIGHT),
    ],
)
def test_each_entity_gets_one_verdict(integration_type: str, found: LockedLog | None, state: ItemState) -> None:
    chosen = (asked(integration_type), [LOG], {LOG: found} if found else {}, Policy(), {"PAUSED"})
    [item] = new_items(*chosen)
    assert item.state is state
    assert (item.reason is None) == (state is ItemState.QUEUED)
    [left] = new_items(*chosen, is_over=True)
    assert left.state is (ItemState.CANCELLED if state is ItemState.QUEUED else state)
    assert left.reason is not None
    assert left._replace(state=item.state, reason=item.reason) == item


def test_a_retry_with_a_field_of_a_later_version_is_read() -> None:
    fields = {
        "account": "demo",
        "affiliate": "MLB",
        "key": "SKU-1",
        "integration_type": "price",
        "mode": "refresh",
        "last_event_id": "e",
        "attempt": 1,
        "expires_at": "2026-11-24T08:30:02Z",
    }
    assert RetryData.model_validate({**fields, "later": True}) == RetryData.model_validate(fields)


def test_orders_that_are_open_for_one_affiliate_are_always_refreshed() -> None:
    policy = Policy.model_validate('{"orders": {"MLB": {"reprocessable": true}}}')
    [mlb] = new_items(asked("orders", "replay"), [LOG], {LOG: log()}, policy, ())
    [amz] = new_items(asked("orders", "replay"), [LOG], {LOG: log(affiliate="AMZ")}, policy, ())
    assert (mlb.state, mlb.mode) == (ItemState.QUEUED, "refresh")
    assert amz.state is ItemState.NOT_REPROCESSABLE


def test_an_id_that_comes_twice_counts_once_and_has_the_same_item_every_time() -> None:
    twice = new_items(asked(), [LOG, LOG], {LOG: log()}, Policy(), ())
    assert len(twice) == 1
    assert twice == new_items(asked(), [LOG], {LOG: log()}, Policy(), ())


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (("error", "f"), ("success", ""), ItemState.FIXED),
        (("error", "f"), ("warning", "g"), ItemState.FIXED),
        (("warning", "f"), ("success", ""), ItemState.FIXED),
        (("error", "f"), ("error", "f"), ItemState.SAME_ERROR),
        (("error", "f"), ("error", "g"), ItemState.DIFFERENT_ERROR),
        (("warning", "f"), ("warning", "f"), ItemState.SAME_ERROR),
        (("warning", "f"), ("error", "g"), ItemState.DIFFERENT_ERROR),
        (("error", "fg"), ("error", "gf"), ItemState.SAME_ERROR),  # their order means nothing
        (("error", "fg"), ("error", "g"), ItemState.DIFFERENT_ERROR),  # f went
        (("error", "f"), ("error", "fg"), ItemState.SAME_ERROR),  # nothing went; g came
        (("error", "fg"), ("error", "fh"), ItemState.DIFFERENT_ERROR),
    ],
)
def test_an_answer_means(before: tuple[str, str], after: tuple[str, str], state: ItemState) -> None:
    assert outcome(*before, *after) is state
    busy = ItemState.FIXED if after[0] == "success" else ItemState.BUSY
    assert outcome(*before, *after, busy=True) is busy


FAULTS = st.sets(st.sampled_from("abcdef"))


@given(FAULTS, FAULTS)
def test_what_went_stayed_and_came_are_both_sets(before: set[str], after: set[str]) -> None:
    went, stayed, came = Change.of(sorted(before), sorted(after, reverse=True))
    assert {*went, *stayed} == before
    assert {*stayed, *came} == after
    assert len(went) + len(stayed) + len(came) == len(before | after)
    assert (outcome("error", before, "error", after) is ItemState.SAME_ERROR) == (before <= after)


def test_a_retry_is_the_design_s_event() -> None:
    item_id = uuid.uuid4()
    item = QueuedItem(
        "acme", item_id, "c1", LOG, "price", "MLB", "a/b", "refresh", "e1", 2, {"ean": "789"}, traceparent=TRACE
    )
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    record = retry_record(item, Topics(), now, now.replace(minute=15))
    event = orjson.loads(record.value or b"")
    assert record.topic == "conexoes.retry.price"
    assert record.key == b"acme/MLB/a/b"
    assert record.headers == [("content-type", b"application/cloudevents+json")]
    assert event.pop("data") == {
        "account": "acme",
        "affiliate": "MLB",
        "key": "a/b",
        "integration_type": "price",
        "mode": "refresh",
        "last_event_id": "e1",
        "attempt": 2,
        "expires_at": "2026-11-24T08:15:00.000000Z",
        "aliases": {"ean": "789"},
        "busy_answers": 0,
    }
    assert event == {
        "specversion": "1.0",
        "type": "conexoes.price.retry.v1",
        "source": "/conexoes/reprocess",
        "id": str(item_id),
        "subject": "a/b",
        "time": "2026-11-24T08:00:00.000000Z",
        "datacontenttype": "application/json",
        "correlationid": "c1",
        "traceparent": TRACE,
    }


def test_a_replay_carries_the_request_digit_by_digit() -> None:
    item = QueuedItem("acme", uuid.uuid4(), "c1", LOG, "price", "MLB", "k", "replay", "e1", 1, {})
    request = '{"price": 19.90, "id": 23958446825181076828}'
    value = retry_record(item, Topics(), NOON, NOON, request).value or b""
    assert f'"request":{request}'.encode() in value
    assert b"traceparent" not in value
    assert RetryData.model_validate(orjson.loads(value)["data"]).request["price"] == 19.9


@pytest.mark.parametrize(
    ("mode", "request_", "sent"),
    [("replay", "{}", "replay"), ("replay", None, "refresh"), ("refresh", None, "refresh")],
)
def test_a_replay_without_its_request_is_a_refresh(mode: str, request_: str | None, sent: str) -> None:
    item = QueuedItem("acme", uuid.uuid4(), "c1", LOG, "price", "MLB", "k", mode, "e1", 1, {})
    assert in_mode_of(item, request_) == item._replace(mode=sent)


def event(**changes: Any) -> bytes:
    request = {
        "account": "acme",
        "integration_type": "price",
        "requested_by": "maria",
        "log_ids": [str(LOG)],
        **changes.pop("data", {}),
    }
    body = {
        "specversion": "1.0",
        "type": "conexoes.reprocess.requested.v1",
        "source": "/x",
        "id": "c1",
        "time": "2026-11-24T08:00:00Z",
        "data": {name: value for name, value in request.items() if value is not None},
        **changes,
    }
    return orjson.dumps(body)


def test_a_command_is_read() -> None:
    [one] = read_command([], event())
    assert isinstance(one, Command)
    assert (one.id, one.request.mode, one.request.log_ids) == ("c1", "refresh", [LOG])


@pytest.mark.parametrize("time", [..., None, "", "yesterday", "2026-11-24T08:00:00", "1600-01-01T00:00:00Z", 5])
def test_a_command_without_a_time_that_can_be_read_is_read(time: Any) -> None:
    body = orjson.loads(event()) | {"time": time}
    [one] = read_command([], orjson.dumps({name: value for name, value in body.items() if value is not ...}))
    assert isinstance(one, Command)
    assert (one.id, one.requested_at) == ("c1", None)


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (event(type="conexoes.price.result.v1"), "type_mismatch", "requested"),
        (event(id="a b"), "schema", "id"),
        (event(data={"integration_type": "refunds"}), "schema", "integration_type"),
        (event(data={"log_ids": []}), "schema", "log_ids"),
        (event(data={"log_ids": [str(uuid.uuid4()) for _ in range(1001)]}), "schema", "1000"),
        (event(data={"log_ids": ["x"]}), "schema", "log_ids"),
        (event(data={"log_ids": None}), "schema", "either log_ids or filter"),
        (event(data={"filter": {"status": ["error"]}}), "schema", "either log_ids or filter"),
        (event(data={"log_ids": None, "filter": {}, "as_of": "2026-11-24T08:00:00Z"}), "schema", "all=true"),
        (event(data={"pace": {"steps": []}}), "schema", "steps"),
        (event(data={"pace": {"per_second": 0}}), "schema", "per_second"),
        (event(data={"pace": {"speed": 1}}), "schema", "speed"),
        (event(data={"log_ids": None, "filter": {"status": ["error"]}}), "schema", "as_of"),
        (
            event(data={"log_ids": None, "filter": {"colour": "red"}, "as_of": "2026-11-24T08:00:00Z"}),
            "schema",
            "colour",
        ),
        (event(data={"mode": "again"}), "schema", "mode"),
        (event(data={"requested_by": ""}), "schema", "requested_by"),
        (event(data={"reason": "x" * 1001}), "schema", "reason"),
    ],
)
def test_a_bad_command_is_refused_by_name(value: bytes, code: str, words: str) -> None:
    [refusal] = read_command([], value)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert words in say(refusal.reason, "en")


def test_a_refused_command_is_known_by_its_id() -> None:
    [refusal] = read_command([], event(data={"mode": "again"}))
    assert isinstance(refusal, CommandRefusal)
    assert refusal.command_id == "c1"


@pytest.mark.parametrize(
    ("filter_", "meant"),
    [
        ({"status": "error"}, {"status": ("error",)}),
        ({"all": True}, {}),
        ({"affiliate": ["MLB"]}, {"affiliate": ("MLB",)}),
    ],
    ids=str,
)
def test_a_filter_is_the_query_parameters_as_an_object(filter_: dict[str, Any], meant: dict[str, Any]) -> None:
    [one] = read_command([], event(data={"log_ids": None, "filter": filter_, "as_of": "2026-11-24T08:00:00Z"}))
    assert isinstance(one, Command)
    assert one.request.filter is not None
    assert one.request.filter.filter == LogFilter(**meant)


def bodies() -> list[type[BaseModel]]:
    """Each body of the API that has an author."""
    pending, found = [BaseModel], []
    while pending:
        each = pending.pop()
        pending += each.__subclasses__()
        if each.__module__.startswith(("admin.", "schemas.")) and each.__name__.endswith("Request"):
            found.append(each)
    return sorted({each for each in found if "requested_by" in each.model_fields}, key=lambda each: each.__name__)


@pytest.mark.parametrize("body", bodies(), ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", ["conexoes", " Conexoes\t"])
def test_nobody_else_has_the_name_of_what_we_do_by_ourselves(body: type[BaseModel], name: str) -> None:
    def fields(author: str) -> list[Any]:
        with pytest.raises(ValidationError) as refused:
            body.model_validate({"requested_by": author, "nothing": 1})
        reserved = [each for each in reasons_of(refused.value) if each.code == ReasonCode.NAME_RESERVED]
        return [each.parameters["field"] for each in reserved]

    assert fields("conexoes of ours") == []
    assert fields(name) == ["requested_by"]
