"""What a command decides, and what an answer means. Pure rules, no database."""

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from agents.commands import decide
from agents.dispatch import retry_record
from schemas.policy import Policy
from schemas.refusal import Refusal
from schemas.reprocess import Command, ItemState, ReprocessRequest, RetryData, outcome, read_command
from schemas.topics import Topics
from storage.reprocess_writer import LockedLog, QueuedItem

LOG = uuid.uuid4()


def command(integration_type: str = "price", *log_ids: uuid.UUID) -> Command:
    request = ReprocessRequest(
        account="acme", integration_type=integration_type, requested_by="maria", log_ids=list(log_ids) or [LOG]
    )
    return Command(id="c1", requested_at=datetime.now(UTC), request=request)


def log(**changes: Any) -> LockedLog:
    fields: dict[str, Any] = {
        "id": LOG,
        "affiliate": "MLB",
        "key": "SKU-1",
        "status": "error",
        "code": "c",
        "fingerprint": "f",
        "event_id": "e1",
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
    ],
)
def test_each_entity_gets_one_verdict(integration_type: str, found: LockedLog | None, state: ItemState) -> None:
    [item] = decide(command(integration_type), {LOG: found} if found else {}, Policy())
    assert item.state is state
    assert (item.reason is None) == (state is ItemState.QUEUED)


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


def test_policy_opens_orders_for_one_affiliate_with_its_own_mode() -> None:
    policy = Policy.model_validate('{"orders": {"MLB": {"reprocessable": true, "mode": "refresh"}}}')
    [mlb] = decide(command("orders"), {LOG: log()}, policy)
    [amz] = decide(command("orders"), {LOG: log(affiliate="AMZ")}, policy)
    assert (mlb.state, mlb.mode) == (ItemState.QUEUED, "refresh")
    assert amz.state is ItemState.NOT_REPROCESSABLE


def test_an_id_that_comes_twice_counts_once_and_has_the_same_item_every_time() -> None:
    twice = decide(command("price", LOG, LOG), {LOG: log()}, Policy())
    assert len(twice) == 1
    assert twice == decide(command("price", LOG), {LOG: log()}, Policy())


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (("error", "f"), ("success", None), ItemState.FIXED),
        (("error", "f"), ("warning", "g"), ItemState.FIXED),
        (("warning", "f"), ("success", None), ItemState.FIXED),
        (("error", "f"), ("error", "f"), ItemState.SAME_ERROR),
        (("error", "f"), ("error", "g"), ItemState.DIFFERENT_ERROR),
        (("warning", "f"), ("warning", "f"), ItemState.SAME_ERROR),
        (("warning", "f"), ("error", "g"), ItemState.DIFFERENT_ERROR),
    ],
)
def test_an_answer_means(before: tuple[str, str | None], after: tuple[str, str | None], state: ItemState) -> None:
    assert outcome(*before, *after) is state


def test_a_retry_is_the_design_s_event() -> None:
    item_id = uuid.uuid4()
    item = QueuedItem("acme", item_id, "c1", LOG, "price", "MLB", "a/b", "refresh", "e1", 2, {"ean": "789"})
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
    }


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
        (event(data={"filter": {}}), "schema", "either log_ids or filter"),
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
    assert words in refusal.reason
