"""One record's trouble is not another's."""

import asyncio
from urllib.parse import urlsplit

import pytest

from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings
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
    async with proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, url):
        proxy.mode = "blackhole"
        publisher = Publisher(urlsplit(url).netloc.rpartition("@")[2], timeout_seconds=1)
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
