"""The promises to connector teams, on a real Kafka."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event

from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings
from broker.topics import create_topics
from conexoes_connector import Answer, Connector, InvalidResultError, Retry, serve_retries
from schemas.catalogue import BY_NAME
from schemas.json_document import dump
from schemas.reprocess import RetryData
from schemas.result import Result, read
from schemas.timestamp import to_text
from tests.support.agents import committed_by, records
from tests.support.kafka_admin import delete_topic
from tests.support.waiting import eventually


@asynccontextmanager
async def connector_of(broker: BrokerSettings) -> AsyncIterator[Connector]:
    async with Connector(
        str(broker.kafka_bootstrap_servers), source="/connectors/test", topic_prefix=broker.topic_prefix
    ) as connector:
        yield connector


async def send_retry(
    broker: BrokerSettings,
    *,
    affiliate: str = "MLB",
    key: str = "SKU-1",
    minutes: int = 15,
    item: str | None = None,
    busy_answers: int = 0,
) -> str:
    """A retry as the agents send it. Returns its id, which is a new one unless `item` is given."""
    item = item or str(uuid.uuid4())
    data = RetryData(
        account="acme",
        affiliate=affiliate,
        key=key,
        integration_type="price",
        mode="refresh",
        last_event_id="e1",
        attempt=1,
        busy_answers=busy_answers,
        expires_at=to_text(datetime.now(UTC) + timedelta(minutes=minutes)),
    )
    event = data.event(item, "c1", to_text(datetime.now(UTC)))
    publisher = Publisher(str(broker.kafka_bootstrap_servers))
    await publisher.publish(Record(broker.topics.retry("price"), f"acme/{affiliate}/{key}".encode(), dump(event)))
    await publisher.close()
    return item


@asynccontextmanager
async def serving(broker: BrokerSettings, connector: Connector, handler: Any, **options: Any) -> AsyncIterator[None]:
    """A service of price retries, stopped in order."""
    stop = asyncio.Event()
    given = {"affiliates": {"MLB"}, "group": f"{broker.topic_prefix}-connector", **options}
    task = asyncio.create_task(serve_retries(connector, {"price": handler}, stop=stop, **given))
    try:
        yield
    finally:
        stop.set()
        await task


def read_back(record: Any) -> Result:
    [one] = read(BY_NAME["price"], record.headers, record.key, record.value, int(datetime.now(UTC).timestamp() * 1e9))
    assert isinstance(one, Result), one
    return one


async def test_an_emitted_result_is_a_cloudevent_that_we_and_the_library_read(broker_settings: BrokerSettings) -> None:
    async with connector_of(broker_settings) as connector:
        await connector.emit(
            "price", account="acme", affiliate="MLB", key="a/b é", status="error", message="não", event_id="e1"
        )
    [record] = await records(connector.servers, broker_settings.topics.results("price"), 1)
    assert record.key == "acme/MLB/a/b é".encode()
    ours = read_back(record)
    theirs = from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value))
    assert (ours.event_id, ours.key, ours.message) == ("e1", "a/b é", "não")
    data: Any = theirs.get_data()
    assert (theirs.get_id(), theirs.get_source(), data["key"]) == ("e1", "/connectors/test", "a/b é")


async def test_a_mistake_is_an_error_at_the_connector_with_the_field_named(broker_settings: BrokerSettings) -> None:
    good: dict[str, Any] = {"account": "acme", "affiliate": "MLB", "key": "SKU-1", "status": "error"}
    async with connector_of(broker_settings) as connector:
        for bad, words in (
            ({"account": "ACME"}, "data.account"),
            ({"status": "done"}, "success, warning, error"),
            ({"key": "x" * 201}, "200"),
            ({"processed_at": "yesterday"}, "processed_at"),
            ({"sequence": -1}, "data.sequence"),
        ):
            with pytest.raises(InvalidResultError, match=words):
                await connector.emit("price", **{**good, **bad})
        with pytest.raises(InvalidResultError, match="orders, products"):
            await connector.emit("refunds", **good)


async def test_a_retry_is_handled_and_answered_with_its_correlation(broker_settings: BrokerSettings) -> None:
    seen: list[Retry] = []

    async def handler(retry: Retry) -> Answer:
        seen.append(retry)
        return Answer(status="success", response={"status": 200})

    async with connector_of(broker_settings) as connector, serving(broker_settings, connector, handler):
        item = await send_retry(broker_settings)
        [answer] = await records(connector.servers, broker_settings.topics.results("price"), 1)
    assert [(retry.id, retry.command_id, retry.data.mode, retry.expired) for retry in seen] == [
        (item, "c1", "refresh", False)
    ]
    result = read_back(answer)
    assert (str(result.correlation_id), result.status, result.key) == (item, "success", "SKU-1")


async def test_a_retry_topic_that_is_made_anew_is_read_within_a_minute(broker_settings: BrokerSettings) -> None:
    """Retries that nobody reads are silent, and open the breaker of their marketplace."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.retry("price")
    seen: list[str] = []

    async def handler(retry: Retry) -> None:
        seen.append(retry.data.key)

    async def read_all(keys: set[str]) -> bool:
        return keys <= set(seen)

    async with connector_of(broker_settings) as connector, serving(broker_settings, connector, handler):
        for number in range(30):
            await send_retry(broker_settings, key=f"OLD-{number}")
        await eventually(lambda: read_all({f"OLD-{number}" for number in range(30)}))
        await delete_topic(servers, topic)
        await asyncio.sleep(4)
        await create_topics(servers, broker_settings)
        for number in range(6):
            await send_retry(broker_settings, key=f"NEW-{number}")
        await eventually(lambda: read_all({f"NEW-{number}" for number in range(6)}))


async def test_a_retry_that_was_busy_is_done_again_and_one_that_comes_twice_is_not(
    broker_settings: BrokerSettings,
) -> None:
    seen: list[int] = []

    async def handler(retry: Retry) -> Answer:
        seen.append(retry.data.busy_answers)
        return Answer(status="success")

    async with connector_of(broker_settings) as connector, serving(broker_settings, connector, handler):
        item = await send_retry(broker_settings)
        for busy_answers in (0, 1, 1, 2):
            await send_retry(broker_settings, item=item, busy_answers=busy_answers)
        answers = await records(connector.servers, broker_settings.topics.results("price"), 3)
    assert seen == [0, 1, 2]
    assert {str(read_back(each).correlation_id) for each in answers} == {item}


async def test_a_handler_that_fails_is_an_answer_and_not_silence(broker_settings: BrokerSettings) -> None:
    async def handler(_retry: Retry) -> Answer:
        raise KeyError("price_table")

    async with connector_of(broker_settings) as connector, serving(broker_settings, connector, handler):
        item = await send_retry(broker_settings)
        [answer] = await records(connector.servers, broker_settings.topics.results("price"), 1)
    result = read_back(answer)
    assert (str(result.correlation_id), result.status, result.code) == (item, "error", "connector.exception")
    assert "price_table" in json.loads(result.body)["errors"][0]["message"]


async def test_retries_of_other_affiliates_are_left_to_others_and_committed(broker_settings: BrokerSettings) -> None:
    seen: list[str] = []

    async def handler(retry: Retry) -> None:
        seen.append(retry.data.affiliate)

    topic = broker_settings.topics.retry("price")
    async with connector_of(broker_settings) as connector, serving(broker_settings, connector, handler):
        for affiliate in ("AMZ", "MLB", "AMZ"):
            await send_retry(broker_settings, affiliate=affiliate)

        async def all_committed() -> bool:
            return await committed_by(f"{broker_settings.topic_prefix}-connector", broker_settings, topic) == 3

        await eventually(all_committed)
    assert seen == ["MLB"]


async def test_a_connector_killed_before_its_commit_gets_the_retry_again_with_the_same_id(
    broker_settings: BrokerSettings,
) -> None:
    ids: list[str] = []
    working = asyncio.Event()

    async def hang(retry: Retry) -> None:
        ids.append(retry.id)
        working.set()
        await asyncio.Event().wait()

    async def note(retry: Retry) -> None:
        ids.append(retry.id)

    async with connector_of(broker_settings) as connector:
        group = f"{broker_settings.topic_prefix}-connector"
        task = asyncio.create_task(
            serve_retries(connector, {"price": hang}, affiliates=None, group=group, stop=asyncio.Event())
        )
        await send_retry(broker_settings)
        await asyncio.wait_for(working.wait(), 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with serving(broker_settings, connector, note, affiliates=None):

            async def again() -> bool:
                return len(ids) == 2

            await eventually(again)
    assert ids[0] == ids[1]
