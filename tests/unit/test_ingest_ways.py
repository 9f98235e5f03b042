"""The count of events by the way that they were read, as ingest keeps it."""

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from agents.kafka.delivery import Delivery
from agents.kafka.record_batch import RecordBatch
from agents.metrics import READ
from tests.support.apart import ingest_apart
from tests.support.events import Event, result


def _record(event: Event) -> ConsumerRecord:
    return ConsumerRecord("t", 0, 0, 0, 0, event.key, event.value, None, 0, 0, tuple(event.headers))


async def test_events_are_counted_by_the_way_that_they_were_read() -> None:
    ingest = ingest_apart(Delivery(lambda _batch: None, lambda _batch: True, lambda: None))
    before = [READ.labels("price", way)._value.get() for way in ("fast", "full")]
    events = [result("e1"), result("e2"), result("e3", operation=5), result(account="ACME"), Event(None, None, [])]
    batch = RecordBatch(TP("t", 0), 1, [_record(each) for each in events], 1000, 5)
    decoded = await ingest._decode(batch)
    assert (len(decoded.accepted), len(decoded.refused), decoded.tombstones) == (3, 1, 1)
    after = [READ.labels("price", way)._value.get() for way in ("fast", "full")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 2]
