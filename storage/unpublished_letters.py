"""Dead letters that their topic does not have yet: leased by a worker, and gone from here when the topic has them."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Connection
from storage.dead_letters import headers_of
from storage.statements import SQL


class UnpublishedLetter(NamedTuple):
    """A letter that this worker is to publish, as it would have been published at once."""

    account: str
    letter_id: uuid.UUID
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class LeftLetter(NamedTuple):
    """A letter that its topic did not take, and for how long nobody publishes it."""

    account: str
    letter_id: uuid.UUID
    seconds: float


async def has_unpublished(connection: Connection) -> bool:
    """Tell if any letter can be published now, by any worker."""
    return bool(await SQL["has_unpublished"].fetchval(connection))


async def claim_unpublished(
    connection: Connection, *, most: int, most_bytes: int, lease_seconds: float
) -> list[UnpublishedLetter]:
    """Lease the letters that have waited longest, in the order in which they came; none when nothing is due."""
    rows = await SQL["claim_unpublished"].fetch(
        connection, most=most, most_bytes=most_bytes, lease_seconds=lease_seconds
    )
    return [
        UnpublishedLetter(
            row["account"],
            row["letter_id"],
            None if row["key"] is None else bytes(row["key"]),
            bytes(row["value"]),
            [(name, value or b"") for name, value in headers_of(row["headers"])],
        )
        for row in rows
    ]


async def mark_published(connection: Connection, letters: Sequence[UnpublishedLetter]) -> None:
    """Record that the topic has these letters."""
    if letters:
        await SQL["delete_published"].execute(connection, letters)


async def release_unpublished(connection: Connection, letters: Sequence[LeftLetter]) -> None:
    """End the lease of letters that were not published, each after its own time."""
    if letters:
        await SQL["release_unpublished"].execute(connection, letters)
