"""The fate of a batch that an agent has taken: the watermark moves past it, or it is read again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from agents.kafka.record_batch import RecordBatch
from storage.errors import PositionLost


class Delivery(NamedTuple):
    """The consumer, as an agent sees it."""

    done: Callable[[RecordBatch], None]  # lets the watermark move past a batch
    current: Callable[[RecordBatch], bool]  # False for a batch of an earlier assignment: it is delivered again as it is
    begin_again: Callable[[], None]  # has everything delivered again that the database has lost

    async def settle(self, batches: Sequence[RecordBatch], store: Callable[[], Awaitable[None]]) -> bool:
        """Call `store`, and let the watermark move past `batches`, in their order.

        Returns False when the database lacks what comes before them: then all of it is delivered again. Every other
        error of `store` passes through, and the watermark stays.
        """
        try:
            await store()
        except PositionLost:
            if any(self.current(each) for each in batches):
                self.begin_again()
            return False
        for each in batches:
            self.done(each)
            each.records.clear()  # Faust keeps the last batch of a topic until the next one comes
        return True
