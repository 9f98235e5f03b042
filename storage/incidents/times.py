"""The time up to which data is complete: what agents have stored, of every partition, and what is added up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from storage.database import Connection
from storage.statements import SQL

#: Seconds by which the time may jump between two looks. After a longer gap, what came in it counts from its end only.
GAP_SECONDS = 120.0


class StoredUntil(NamedTuple):
    """The age of what a partition may still lack."""

    topic: str
    partition: int
    seconds: float  # since all that came was known to be stored


class DataTimes(NamedTuple):
    """Times of each type; a type that was never looked at has none."""

    as_of: dict[str, datetime]
    whole_since: dict[str, datetime]


async def set_stored_until(connection: Connection, partitions: Sequence[StoredUntil]) -> None:
    """Keep what a worker says of its partitions. Safe to repeat."""
    if partitions:
        await SQL["set_stored_until"].execute(connection, partitions)


async def take_turn(connection: Connection, every_seconds: float) -> bool:
    """Take the turn to judge until the transaction ends; False when another has it, or had it `every_seconds` ago."""
    return bool(await SQL["take_turn"].fetchval(connection, seconds=every_seconds))


async def move_times(connection: Connection, topics: Mapping[str, str]) -> DataTimes:
    """Move the times on and return them. `topics`: the type of each topic of results."""
    rows = await SQL["move_data_times"].fetch(
        connection, topic=list(topics), integration_type=list(topics.values()), gap_seconds=GAP_SECONDS
    )
    return _times(rows)


async def read_times(connection: Connection) -> DataTimes:
    """Return the times as they were moved last."""
    return _times(await SQL["read_data_times"].fetch(connection))


def _times(rows: Sequence[Mapping[str, datetime]]) -> DataTimes:
    names = [str(row["integration_type"]) for row in rows]
    return DataTimes(
        dict(zip(names, (row["as_of"] for row in rows), strict=True)),
        dict(zip(names, (row["whole_since"] for row in rows), strict=True)),
    )
