"""Faust's Kafka transport, a batch at a time, with a watermark before every commit.

Group membership, rebalancing, agents and supervision stay Faust's. Three things are ours (decisions 0003 and 0010):

*Batches.* Faust makes four asyncio tasks for every record; here one message carries all records that one fetch
brought of one partition, so that its per-message work is per batch.

*Offsets.* Each batch says where it begins and ends (agents.kafka.fetch), and must begin where the one before it ended.
Transaction markers, aborted records and what can't be read are inside a batch; only what is lost is between two.

*The watermark.* Faust acknowledges what an agent failed on. Here no acknowledgement of Faust's counts: an offset is
committed only after `BatchConsumer.done` was called for it, which the agents do after PostgreSQL has committed.
Whatever goes wrong in between is delivered again.

It relies on insides of faust-streaming 0.15.3; tests/integration/test_transport.py fails when they change.
"""

from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import AppT, EventT

from agents.kafka.consumer import BatchConsumer
from agents.kafka.record_batch import RecordBatch


class BatchTransport(driver.Transport):
    """aiokafka with our consumer."""

    Consumer = BatchConsumer


class PassThrough(faust.Schema[Any, RecordBatch]):
    """A codec that decodes nothing: the agents decode each record, and can set a bad one aside."""

    def compile(self, app: AppT, **_kwargs: Any) -> Any:
        """Return a decoder that can't fail."""

        async def decode(message: Any, **_kwargs: Any) -> EventT[Any]:
            return app.create_event(None, message.value, {}, message)

        return decode
