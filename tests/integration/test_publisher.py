"""One record's trouble is not another's."""

import asyncio

import pytest

from broker.errors import BrokerUnavailable
from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings

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
