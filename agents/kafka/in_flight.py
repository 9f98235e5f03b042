"""The limit of what is delivered and not done."""

import asyncio

#: Memory of records that are fetched and not stored yet, over all partitions of a process (agents.kafka.weight); what
#: is read of them takes as much again. The rest waits in the broker.
MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024


class InFlight:
    """Counts what the agents have and have not finished, and tells when there is room for more."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.empty = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        """Forget all: it belonged to an assignment that is over."""
        self.batches = self.bytes = 0
        self.room.set()
        self.empty.set()

    def add(self, size: int) -> None:
        """Count a batch of `size` bytes that is delivered."""
        self.batches += 1
        self.bytes += size
        self.empty.clear()
        if self.bytes >= MAX_IN_FLIGHT_BYTES:
            self.room.clear()

    def remove(self, size: int) -> None:
        """Count a batch of `size` bytes that is done."""
        self.batches -= 1
        self.bytes -= size
        if self.bytes < MAX_IN_FLIGHT_BYTES:
            self.room.set()
        if self.batches == 0:
            self.empty.set()
