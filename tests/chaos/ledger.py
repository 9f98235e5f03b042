"""Ledger of what Kafka has acknowledged, as little of it as a comparison needs."""

import hashlib
import time
from collections import Counter

from connectors.simulator.plan import SimulatedRecord
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from schemas.topics import MAX_RECORD_BYTES

#: A dead letter by its content: code, and a digest of its key and value.
Letter = tuple[str, bytes]


class Ledger:
    """Results by id, and what must have been refused."""

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.refused: Counter[Letter] = Counter()
        #: Record batches that may have been written or not: at most so many more dead letters.
        self.doubtful: Counter[Letter] = Counter()
        self.records = 0
        #: The next offset of each partition, of this Kafka.
        self.ends: dict[tuple[str, int], int] = {}

    def add(self, made: SimulatedRecord) -> None:
        """Note a record that is on its way and will be acknowledged."""
        self.records += 1
        record = made.record
        if made.refused is not None:
            self.refused[letter(made.refused, record.key, record.value)] += 1
            return
        for event in read(
            BY_NAME[made.integration_type], record.headers, record.key, record.value or b"", time.time_ns()
        ):
            assert isinstance(event, Result), event
            self.results[event.id] = event._replace(body="", message=None, aliases={})

    def placed(self, topic: str, partition: int, offset: int) -> None:
        place = topic, partition
        self.ends[place] = max(self.ends.get(place, 0), offset + 1)


def letter(code: str, key: bytes | None, value: bytes | None) -> Letter:
    """A dead letter as the table has it: a value is cut where a topic's limit is."""
    digest = hashlib.sha256(b"\x00".join((key or b"", (value or b"")[:MAX_RECORD_BYTES]))).digest()
    return str(code), digest


def batch_letter(code: str, raw: bytes) -> Letter:
    """Dead letter of a whole record batch, without what the broker writes into its head."""
    return letter(code, None, raw[HEAD_BYTES:MAX_RECORD_BYTES])


#: Bytes of a record batch before its records.
HEAD_BYTES = 61
