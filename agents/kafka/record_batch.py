"""Batches of records, as agents are given them."""

from typing import Any, NamedTuple

from faust.types import TP

from storage.positions import Move


class RecordBatch(NamedTuple):
    """Records of one partition in the order of their offsets, as one fetch brought them."""

    tp: TP
    generation: int  # of the assignment under which it was fetched
    records: list[Any]  # aiokafka.ConsumerRecord, and agents.kafka.unreadable.Unreadable for what is none; may be empty
    bytes: int  # of memory, about
    next_offset: int  # where to go on after this batch: behind transaction markers and aborted records too
    after: int = 0  # everything before it was delivered earlier, or does not exist any more
    incarnation: str = ""  # which topic of this name it is of

    @property
    def move(self) -> Move:
        """The move of its partition that storing the batch is."""
        return Move(self.tp.topic, self.tp.partition, self.incarnation, self.after, self.next_offset)

    @property
    def times_ms(self) -> tuple[int, int] | None:
        """Times of its first and its last record that has one, in milliseconds since 1970; None when none has."""
        times = [record.timestamp for record in self.records if getattr(record, "timestamp", None) is not None]
        return (times[0], times[-1]) if times else None
