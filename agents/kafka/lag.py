"""Tells how far behind each partition of this process is, on /metrics and to whoever judges what is missing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from faust.types import TP

from agents.kafka.consumer import BatchConsumer
from agents.kafka.record_batch import RecordBatch
from agents.metrics import LAG, OLDEST_WAITING, STORED_UNTIL
from agents.process.clock import host_seconds


class _Look(NamedTuple):
    """The last look at a partition, by both clocks in seconds since 1970."""

    by_host: float
    at: float


class Lag:
    """The partitions of the current assignment, and no others."""

    def __init__(self) -> None:
        self._shown: set[TP] = set()
        self._stored_ms: dict[TP, int] = {}
        self._whole_at: dict[TP, float] = {}  # when all of a partition was stored last
        self._looks: dict[TP, _Look] = {}
        self._asked_at = 0.0

    def stored(self, batch: RecordBatch) -> None:
        """Show the time of `batch`, all of which is stored, until its partition is another process's."""
        if (times := batch.times_ms) is not None:
            self._shown.add(batch.tp)
            self._stored_ms[batch.tp] = times[1]
            STORED_UNTIL.labels(*_labels(batch.tp)).set(times[1] / 1000)

    def measure(self, consumer: BatchConsumer) -> None:
        """Compare what is stored with the ends of the partitions, as of their last fetches."""
        assigned = set(consumer.assignment())
        for tp in self._shown - assigned:
            self._stored_ms.pop(tp, None)
            for metric in (LAG, STORED_UNTIL, OLDEST_WAITING):
                _forget(metric, tp)
        self._shown = assigned
        # What waits in the broker, unfetched, is no older than what was stored last.
        oldest_ms = {**self._stored_ms, **consumer.oldest_waiting_ms()}
        for tp, waiting in consumer.waiting().items():
            LAG.labels(*_labels(tp)).set(waiting)
            if waiting and tp in oldest_ms:
                OLDEST_WAITING.labels(*_labels(tp)).set(oldest_ms[tp] / 1000)
            else:
                _forget(OLDEST_WAITING, tp)

    def ages(
        self, consumer: BatchConsumer, now: float, host_now: Callable[[], float] = host_seconds
    ) -> dict[TP, float]:
        """Return how many seconds ago all that each partition had was stored: what may be missing is as old at most.

        While records wait, that is the age of the oldest; while they can't be read, behind an open transaction or since
        Kafka is away, that of the last time when none waited. A partition of which neither is known is left out.
        `now`: by PostgreSQL's clock, in seconds since 1970.
        """
        found, oldest, whole = {}, consumer.oldest_waiting_ms(), consumer.whole()
        self._look({tp: by_host for tp, (by_host, _is_whole) in whole.items()}, now, host_now())
        for tp in self._whole_at.keys() - whole.keys():
            del self._whole_at[tp]
        for tp, (_by_host, is_whole) in whole.items():
            looked_at = self._looks[tp].at
            if is_whole:
                self._whole_at[tp] = looked_at
            known = [self._whole_at[tp]] if tp in self._whole_at else []
            if not is_whole and (waiting := oldest.get(tp, self._stored_ms.get(tp))) is not None:
                known.append(min(waiting / 1000, looked_at))
            if known:
                found[tp] = max(0.0, now - max(known))
        return found

    def _look(self, looks: Mapping[TP, float], now: float, host_now: float) -> None:
        """Reckon PostgreSQL's time of each look when it is first heard of: a host's clock may be off, and be set.

        A look that is new was since we asked last, whatever that clock says.
        """
        known, self._looks = self._looks, {}
        for tp, by_host in looks.items():
            last = known.get(tp)
            if last is None or last.by_host != by_host:
                earliest = 0.0 if last is None else self._asked_at
                last = _Look(by_host, min(now, max(earliest, now - (host_now - by_host))))
            self._looks[tp] = last
        self._asked_at = now


def _labels(tp: TP) -> tuple[str, str]:
    return tp.topic, str(tp.partition)


def _forget(metric: Any, tp: TP) -> None:
    with suppress(KeyError):  # nothing of it was shown
        metric.remove(*_labels(tp))
