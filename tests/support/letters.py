"""Dead letters as ingest makes them of records."""

import itertools
import time
from collections.abc import Iterable

from aiokafka.structs import ConsumerRecord

from agents.kafka.record_batch import RecordBatch
from agents.results.ingest import decode
from schemas.catalogue import BY_NAME
from schemas.dead_letter import DeadLetter
from schemas.reading.reader import ResultsReader
from schemas.sources import Allowed, Sources
from schemas.topics import Topics
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from tests.support.events import SOURCE, Event

#: Rights by which SOURCE may say nothing of MLB.
OTHER_SOURCES = Sources.model_validate({SOURCE: {"affiliates": ["AMZ"]}})
_OFFSETS = itertools.count()


def refused(events: Iterable[Event], sources: Sources | None = None) -> list[DeadLetter]:
    """Return the dead letters that ingest makes of records; valid ones are none, unless `sources` forbid them."""
    letters = []
    for event in events:
        topic = Topics().results(event.integration_type)
        record = ConsumerRecord(
            topic, 0, next(_OFFSETS), 0, 0, event.key, event.value, None, 0, 0, tuple(event.headers)
        )
        batch = RecordBatch((topic, 0), 0, [record], 0, 1)  # type: ignore[arg-type]
        allowed = None if sources is None else Allowed(sources, None)
        reader = ResultsReader([BY_NAME[event.integration_type]])
        letters += decode(reader, batch, time.time_ns(), allowed=allowed).refused
    return letters


async def insert_refused(writer: Database, events: Iterable[Event], sources: Sources | None = None) -> list[DeadLetter]:
    """Store the dead letters that ingest makes of records."""
    letters = refused(events, sources)
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, letters)
    return letters
