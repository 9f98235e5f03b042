"""How far each partition of Kafka is stored, kept beside what is stored."""

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
    anew: bool  # its offsets have begun anew, whatever its incarnation


class Move(NamedTuple):
    """What one transaction stores of a partition."""

    topic: str
    partition: int
    after: int  # everything before it was stored by earlier transactions
    next_offset: int  # everything before it is stored when this one commits


async def begin_positions(connection: Connection, partitions: Sequence[Begin]) -> dict[tuple[str, int], int]:
    """The offset before which everything is stored, by topic and partition.

    Of a partition that this database does not know, or that has begun anew since, that is its earliest. Raises
    StorageUnavailable.
    """
    rows = await SQL["begin_positions"].fetch(connection, partitions)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def move_positions(connection: Connection, moves: Sequence[Move]) -> None:
    """Say in the caller's transaction what is stored by it. Safe to repeat.

    Raises PositionLost when this database does not have what comes before: it is another than it was, restored from a
    backup or a standby that lagged. StorageUnavailable as ever.
    """
    if moves and await SQL["move_positions"].fetchval(connection, moves) < len(moves):
        raise PositionLost("the database has lost what was stored of these partitions")
