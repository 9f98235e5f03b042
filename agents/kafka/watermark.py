"""The watermark: how far each partition is stored, and so how far it may be committed."""

from collections.abc import Iterable, Mapping

from faust.types import TP

from agents.kafka.record_batch import RecordBatch


class Watermark:
    """The offset up to which each partition is stored. No offset beyond it is ever committed."""

    def __init__(self) -> None:
        self.generation = 0
        self._next_offsets: dict[TP, int] = {}

    def new_generation(self, revoked: Iterable[TP]) -> None:
        """Start over for a new assignment: what was fetched under the old one proves nothing about it."""
        self.generation += 1
        for tp in revoked:
            self.forget(tp)

    def forget(self, tp: TP) -> None:
        """Start over for one partition: its offsets are others now."""
        self._next_offsets.pop(tp, None)

    def move(self, batch: RecordBatch) -> bool:
        """Record that `batch` and all before it is stored. False, and no effect, when its assignment is over."""
        if batch.generation != self.generation:
            return False
        # Never move back: a batch that is delivered again after a seek was stored before, with all before it.
        self._next_offsets[batch.tp] = max(batch.next_offset, self._next_offsets.get(batch.tp, 0))
        return True

    def stored(self) -> dict[TP, int]:
        """The next offset of each partition of which something was stored."""
        return dict(self._next_offsets)

    def committable(self, committed: Mapping[TP, int | None]) -> dict[TP, int]:
        """Offsets that are stored and not yet committed."""
        return {tp: offset for tp, offset in self._next_offsets.items() if offset > (committed.get(tp) or 0)}
