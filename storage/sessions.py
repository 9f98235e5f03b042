"""Sessions of the pages: where an access key is signed in, and which of its sessions have ended."""

from datetime import datetime
from typing import NamedTuple

from storage.database import Database
from storage.statements import SQL

#: Limit of sessions that are listed; the ones that were seen last.
MAX_SESSIONS = 100


class Signed(NamedTuple):
    """A session as it is kept: by digests, so that nobody can make its cookie from it."""

    id: bytes  # SHA-256 of the cookie's nonce
    owner: bytes  # of the access key, keyed by the secret of sessions
    browser: str
    address: str


class ShownSession(NamedTuple):
    """A session that goes on, as its person sees it."""

    id: bytes
    started_at: datetime  # the first request with its cookie
    seen_at: datetime  # within a minute
    browser: str
    address: str


async def has_ended(writer: Database, session: Signed, life_seconds: float) -> bool:
    """Return True when a session has ended; else keep that it was seen just now.

    A new one is kept for `life_seconds`, as long as its cookie could be good, and those that are too old are forgotten.
    """
    async with writer.connection() as connection:
        found = await SQL["look_at_session"].fetchrow(connection, **session._asdict(), seconds=life_seconds)
        if found["new"]:
            await SQL["forget_sessions"].execute(connection)
        return bool(found["ended"])


async def end_sessions(writer: Database, owner: bytes, session_id: bytes, *, others: bool = False) -> list[bytes]:
    """End a session of an owner, or all `others` but it. Returns the ids of those that ended now."""
    async with writer.connection() as connection:
        rows = await SQL["end_sessions"].fetch(connection, owner=owner, id=session_id, others=others)
    return [bytes(row["id"]) for row in rows]


async def list_sessions(writer: Database, owner: bytes) -> list[ShownSession]:
    """Return the sessions of an owner that go on, seen last first, MAX_SESSIONS at most."""
    async with writer.connection() as connection:
        rows = await SQL["list_sessions"].fetch(connection, owner=owner, limit=MAX_SESSIONS)
    return [ShownSession(**dict(row) | {"id": bytes(row["id"])}) for row in rows]
