"""Sessions as every process knows them through the database: seen, listed, and ended before their time.

A session is good by its cookie, unless the database says that it has ended. What this process ends is over at once,
what another one ends within LOOKED_SECONDS.
"""

import asyncio
import hashlib
import time

from fastapi import Request

from admin.session import SESSION_SECONDS, Session, Sessions
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.sessions import ShownSession, Signed, end_sessions, has_ended, list_sessions

#: Time for which this process does not look into the database again.
LOOKED_SECONDS = 2.0
#: Time within which the database must answer: a page of a person waits for it.
_ANSWER_SECONDS = 5.0
_CACHE_SIZE = 10_000
_MAX_BROWSER_CHARACTERS = 300


class KnownSessions:
    """One for each app."""

    def __init__(self, writer: Database, sessions: Sessions) -> None:
        self._writer = writer
        self._sessions = sessions
        self._good: dict[bytes, float] = {}  # id → when it was looked up

    async def has_ended(self, session: Session, request: Request) -> bool:
        """Return True when a session has ended; else it was seen by this request. Raises StorageUnavailable."""
        now, session_id = time.monotonic(), id_of(session)
        if now - self._good.get(session_id, -LOOKED_SECONDS) < LOOKED_SECONDS:
            return False
        browser = request.headers.get("user-agent", "")[:_MAX_BROWSER_CHARACTERS].replace("\0", "")
        address = request.client.host if request.client else ""
        seen = Signed(session_id, self._owner(session), browser, address)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                ended = await has_ended(self._writer, seen, SESSION_SECONDS)
        except TimeoutError:
            raise StorageUnavailable(f"no answer about a session within {_ANSWER_SECONDS:g} s") from None
        if ended:
            self._good.pop(session_id, None)
            return True
        if len(self._good) >= _CACHE_SIZE:
            self._good.clear()
        self._good[session_id] = now
        return False

    async def of(self, session: Session) -> list[ShownSession]:
        """Return the sessions of the same access key, this one too. Raises StorageUnavailable."""
        return await list_sessions(self._writer, self._owner(session))

    async def end(self, session: Session, session_id: bytes) -> bool:
        """End one session of the key that `session` is of. Returns False when there is none with this id."""
        return await self._end(session, session_id, others=False)

    async def end_others(self, session: Session) -> None:
        """End every session of the key but this one. Raises StorageUnavailable."""
        await self._end(session, id_of(session), others=True)

    async def _end(self, session: Session, session_id: bytes, *, others: bool) -> bool:
        ended = await end_sessions(self._writer, self._owner(session), session_id, others=others)
        for each in ended:
            self._good.pop(each, None)
        return bool(ended)

    def _owner(self, session: Session) -> bytes:
        """Return the key as only who has the secret can tell: a bootstrap key may be one that can be guessed."""
        return self._sessions.secret_for(b"sessions of " + session.key_digest)


def id_of(session: Session) -> bytes:
    """Return the id by which a session is kept and shown; its cookie can't be made from it."""
    return hashlib.sha256(session.nonce).digest()
