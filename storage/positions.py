"""Positions: the offset up to which each partition of Kafka is stored, kept in the same database as its records."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Connection
from storage.errors import PositionLost
from storage.statements import SQL


class Begin(NamedTuple):
    """A partition that a worker begins to read."""

    topic: str
    partition: int
    incarnation: str  # Kafka's id of the topic
    earliest: int  # the first offset that Kafka still has
    anew: bool  # its offsets have begun again, whatever its incarnation


class Move(NamedTuple):
    """Offsets of a partition that one transaction stores."""

    topic: str
    partition: int
    incarnation: str  # as it began
    after: int  # all records before it were stored by earlier transactions
    next_offset: int  # all records before it are stored when this one commits


class Reached(NamedTuple):
    """The offset up to which a worker has stored a partition."""

    topic: str
    partition: int
    incarnation: str  # as it began
    next_offset: int


async def begin_positions(connection: Connection, partitions: Sequence[Begin]) -> dict[tuple[str, int], int]:
    """Return the offset before which all records are stored, by topic and partition.

    For a partition that this database does not know, or that has begun again since, that is its earliest offset. Raises
    StorageUnavailable.
    """
    rows = await SQL["begin_positions"].fetch(connection, partitions)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def move_positions(connection: Connection, moves: Sequence[Move]) -> None:
    """Record the offsets that the caller's transaction stores. Safe to repeat.

    Raises PositionLost when this database lacks earlier records: it was restored from a backup, or replaced by a
    standby that lagged; maybe by so much that it knows the topic as another, of which it has stored more. Raises
    StorageUnavailable.
    """
    if moves and await SQL["move_positions"].fetchval(connection, moves) < len(moves):
        raise PositionLost("the database has lost what was stored of these partitions")


async def has_lost(connection: Connection, partitions: Sequence[Reached]) -> bool:
    """Tell if this database has stored less of any partition than was stored before. Raises StorageUnavailable."""
    return bool(await SQL["has_lost_positions"].fetchval(connection, partitions))
