"""The client of test_clients.py on librdkafka, with the first API of the CloudEvents SDK for Python."""

import json
import sys
from pathlib import Path
from typing import Any

from cloudevents.v1.http import CloudEvent
from cloudevents.v1.kafka import KafkaMessage, from_structured, to_binary, to_structured
from confluent_kafka import Consumer, KafkaException, Message, Producer

from tests.integration.wire.plan import NAMES, answer_to, say, stored_events

BATCH = {"content-type": b"application/cloudevents-batch+json"}


class Client:
    """One run of a plan."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self._producers: dict[tuple[str, str], Producer] = {}

    def run(self) -> None:
        """Send all, then answer a retry of each that is not aborted."""
        for record in self.plan["records"]:
            self._send(record, record["events"])
        say("sent")
        left = len(stored_events(self.plan))
        options = {"group.id": self.plan["group"], "auto.offset.reset": "earliest"}
        consumer = Consumer({"bootstrap.servers": self.plan["servers"], **options})
        consumer.subscribe([self.plan["retries"]])
        while left:
            message = consumer.poll(1)
            if message is not None:
                if message.error():
                    raise KafkaException(message.error())
                self._answer(message)
                left -= 1
        consumer.close()

    def _producer(self, kind: str, codec: str) -> Producer:
        if (kind, codec) not in self._producers:
            options: dict[str, Any] = {"bootstrap.servers": self.plan["servers"], "compression.type": codec}
            options["enable.idempotence"] = kind != "plain"
            if kind == "transactional":
                options["transactional.id"] = f"{self.plan['group']}-{codec}"
            made = Producer(options)
            if kind == "transactional":
                made.init_transactions()
            self._producers[kind, codec] = made
        return self._producers[kind, codec]

    def _send(self, record: dict[str, Any], events: list[dict[str, Any]]) -> None:
        producer = self._producer(record["producer"], record["codec"])
        message = encoded(record["mode"], events)
        transactional = record["producer"] == "transactional"
        if transactional:
            producer.begin_transaction()
        producer.produce(self.plan["results"], message.value, key=record["key"], headers=list(message.headers.items()))
        if not transactional:
            assert producer.flush(30) == 0
        elif record["aborted"]:
            producer.flush(30)
            producer.abort_transaction()
        else:
            producer.commit_transaction()

    def _answer(self, message: Message) -> None:
        headers: Any = message.headers()
        retry = from_structured(KafkaMessage(dict(headers), message.key(), message.value() or b""))
        data: Any = retry.get_data()
        say(json.dumps({name: retry[name] for name in NAMES} | {"data": data}))
        record, answer = answer_to(self.plan, data["key"], retry["id"])
        self._send(record, [answer])


def encoded(mode: str, events: list[dict[str, Any]]) -> KafkaMessage:
    """Return the record of these events as their SDK writes them."""
    first = events[0]
    match mode:
        case "binary":
            return to_binary(_event(first))
        case "structured":
            return to_structured(_without_content_type(first))
        case "json":
            # This API gives the record the content-type of the data.
            return to_structured(_event(first))
        case "bytes":
            return to_structured(_event({**first, "data": json.dumps(first["data"]).encode()}))
        case "batch":
            values = [to_structured(_event(each)).value for each in events]
            texts = [value.decode() if isinstance(value, bytes) else value for value in values]
            return KafkaMessage(BATCH, None, f"[{','.join(texts)}]".encode())
    raise ValueError(mode)


def _event(given: dict[str, Any]) -> CloudEvent:
    return CloudEvent({name: value for name, value in given.items() if name != "data"}, given["data"])


def _without_content_type(given: dict[str, Any]) -> CloudEvent:
    return _event({name: value for name, value in given.items() if name != "datacontenttype"})


if __name__ == "__main__":
    Client(json.loads(Path(sys.argv[1]).read_text("utf-8"))).run()
