"""The client of test_clients.py on aiokafka, with the second API of the CloudEvents SDK for Python."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.integration.wire.plan import NAMES, answer_to, say, stored_events

BATCH = {"content-type": b"application/cloudevents-batch+json"}


class Client:
    """One run of a plan."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self._producers: dict[tuple[str, str], AIOKafkaProducer] = {}

    async def run(self) -> None:
        """Send all, then answer a retry of each that is not aborted."""
        for record in self.plan["records"]:
            await self._send(record, record["events"])
        say("sent")
        left = len(stored_events(self.plan))
        consumer = AIOKafkaConsumer(
            self.plan["retries"],
            bootstrap_servers=self.plan["servers"],
            group_id=self.plan["group"],
            auto_offset_reset="earliest",
        )
        await consumer.start()
        while left:
            await self._answer(await consumer.getone())
            left -= 1
        await consumer.stop()
        for producer in self._producers.values():
            await producer.stop()

    async def _producer(self, kind: str, codec: str) -> AIOKafkaProducer:
        if (kind, codec) not in self._producers:
            made = AIOKafkaProducer(
                bootstrap_servers=self.plan["servers"],
                compression_type=None if codec == "none" else codec,
                enable_idempotence=kind != "plain",
                transactional_id=f"{self.plan['group']}-{codec}" if kind == "transactional" else None,
            )
            await made.start()
            self._producers[kind, codec] = made
        return self._producers[kind, codec]

    async def _send(self, record: dict[str, Any], events: list[dict[str, Any]]) -> None:
        producer = await self._producer(record["producer"], record["codec"])
        message = encoded(record["mode"], events)
        transactional = record["producer"] == "transactional"
        if transactional:
            await producer.begin_transaction()
        await producer.send_and_wait(
            self.plan["results"], message.value, key=record["key"].encode(), headers=list(message.headers.items())
        )
        if transactional:
            await (producer.abort_transaction() if record["aborted"] else producer.commit_transaction())

    async def _answer(self, taken: ConsumerRecord) -> None:
        retry = from_kafka_event(KafkaMessage(dict(taken.headers), taken.key, taken.value))
        data: Any = retry.get_data()
        attributes = retry.get_attributes()
        say(json.dumps({name: attributes[name] for name in NAMES} | {"data": data}))
        record, answer = answer_to(self.plan, data["key"], retry.get_id())
        await self._send(record, [answer])


def encoded(mode: str, events: list[dict[str, Any]]) -> KafkaMessage:
    """Return the record of these events as their SDK writes them."""
    first = events[0]
    match mode:
        case "binary":
            return to_binary_event(_event(first))
        case "structured":
            return to_structured_event(_event(first))
        case "bytes":
            return to_structured_event(_event({**first, "data": json.dumps(first["data"]).encode()}))
        case "batch":
            values = [to_structured_event(_event(each)).value for each in events]
            return KafkaMessage(BATCH, None, b"[" + b",".join(values) + b"]")
    raise ValueError(mode)


def _event(given: dict[str, Any]) -> CloudEvent:
    attributes = {name: value for name, value in given.items() if name != "data"}
    return CloudEvent({**attributes, "time": datetime.fromisoformat(given["time"])}, given["data"])


if __name__ == "__main__":
    asyncio.run(Client(json.loads(Path(sys.argv[1]).read_text("utf-8"))).run())
