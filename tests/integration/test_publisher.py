"""One record's trouble is not another's."""

import asyncio

import pytest

from broker.backoff import pauses
from broker.errors import BrokerUnavailable, RecordRefused
from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings
from broker.topics import create_topics
from schemas.topics import MAX_DEAD_LETTER_BYTES
from tests.support.agents import records
from tests.support.kafka_admin import delete_topic
from tests.support.proxy import proxied

pytestmark = pytest.mark.law


async def test_a_record_that_times_out_takes_no_other_with_it(broker_settings: BrokerSettings) -> None:
    publisher = Publisher(str(broker_settings.kafka_bootstrap_servers), timeout_seconds=2)
    good = Record(broker_settings.topics.retry("price"), b"k", b"v" * 100)
    await publisher.publish(good)
    nowhere = Record(f"{broker_settings.topic_prefix}.no-such-topic", None, b"v")
    failing = asyncio.create_task(publisher.publish(nowhere))
    rounds = 0
    while not failing.done() or not rounds:
        # At every moment some of them are on their way.
        await asyncio.gather(*(publisher.publish(good) for _ in range(200)))
        rounds += 1
    with pytest.raises(BrokerUnavailable):
        await failing
    await publisher.publish(good)
    await publisher.close()
    assert not publisher._stopping


async def test_records_that_wait_for_a_slow_start_do_not_keep_it_from_ending(broker_settings: BrokerSettings) -> None:
    """A broker that hangs, then answers slowly: whoever waited longest must not end the start for all others."""
    async with proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, _url):
        proxy.mode = "blackhole"
        publisher = Publisher(proxy.address, timeout_seconds=1)
        record = Record(broker_settings.topics.retry("price"), b"k", b"v")

        async def emit() -> None:
            for pause in pauses():
                try:
                    await publisher.publish(record)
                except BrokerUnavailable:
                    await asyncio.sleep(pause)
                else:
                    return

        emits = []
        for _ in range(200):
            emits.append(asyncio.create_task(emit()))
            await asyncio.sleep(0.01)
        proxy.delay_seconds = 0.4  # a start asks twice
        proxy.mode = "pass"
        async with asyncio.timeout(60):
            await asyncio.gather(*emits)
        await publisher.close()


async def test_records_that_are_published_together_keep_their_order_and_all_have_a_place(
    broker_settings: BrokerSettings,
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.retry("price")
    publisher = Publisher(servers)
    sent = [Record(topic, b"one key", b"%d" % n * 200, [("n", b"%d" % n)]) for n in range(1000)]
    written = await publisher.publish_all(sent)
    assert await publisher.publish_all([]) == []
    await publisher.close()
    assert [each.offset for each in written] == list(range(1000))
    assert [each.value for each in await records(servers, topic, 1000)] == [each.value for each in sent]


async def test_of_records_that_are_published_together_one_that_fails_is_told(broker_settings: BrokerSettings) -> None:
    publisher = Publisher(str(broker_settings.kafka_bootstrap_servers), timeout_seconds=2)
    good = Record(broker_settings.topics.retry("price"), b"k", b"v")
    nowhere = good._replace(topic=f"{broker_settings.topic_prefix}.no-such-topic")
    with pytest.raises(BrokerUnavailable):
        await publisher.publish_all([good, nowhere])
    with pytest.raises(RecordRefused):
        await publisher.publish_all([good, good._replace(value=b"x" * 2 * MAX_DEAD_LETTER_BYTES)])
    await publisher.publish(good)
    await publisher.close()


async def test_a_topic_is_waited_for_without_a_record(broker_settings: BrokerSettings) -> None:
    servers, missing = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.events
    await delete_topic(servers, missing)
    hasty, patient = Publisher(servers, timeout_seconds=1), Publisher(servers)
    with pytest.raises(BrokerUnavailable, match=missing):
        await hasty.wait_for_topic(missing)
    waiting = asyncio.create_task(patient.wait_for_topic(missing))
    await create_topics(servers, broker_settings)
    await waiting
    await patient.wait_for_topic(missing)
    await hasty.close()
    await patient.close()
