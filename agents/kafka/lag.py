"""Shows on /metrics how far behind each partition of this process is."""

from contextlib import suppress
from typing import Any

from faust.types import TP

from agents.kafka.transport import BatchConsumer, RecordBatch
from agents.metrics import LAG, STORED_UNTIL


class Lag:
    """The partitions of the current assignment, and no others."""

    def __init__(self) -> None:
        self._shown: set[TP] = set()

    def stored(self, batch: RecordBatch) -> None:
        """Show the time of `batch`, all of which is stored."""
        times = [record.timestamp for record in batch.records if getattr(record, "timestamp", None) is not None]
        if times:
            STORED_UNTIL.labels(*_labels(batch.tp)).set(times[-1] / 1000)

    def measure(self, consumer: BatchConsumer) -> None:
        """Compare what is stored with the ends of the partitions, as of their last fetches."""
        assigned = set(consumer.assignment())
        for tp in self._shown - assigned:
            for metric in (LAG, STORED_UNTIL):
                _forget(metric, tp)
        self._shown = assigned
        for tp, waiting in consumer.waiting().items():
            LAG.labels(*_labels(tp)).set(waiting)


def _labels(tp: TP) -> tuple[str, str]:
    return tp.topic, str(tp.partition)


def _forget(metric: Any, tp: TP) -> None:
    with suppress(KeyError):  # nothing of it was shown
        metric.remove(*_labels(tp))
