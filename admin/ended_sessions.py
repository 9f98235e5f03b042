"""Sessions that signed out: known to every process through the database, and looked up once in some seconds."""

import time

from admin.session import SESSION_SECONDS, Session
from api.authentication import CACHE_SECONDS
from storage.database import Database
from storage.sign_in import end_session, is_session_ended

_CACHE_SIZE = 10_000


class EndedSessions:
    """One for each app. Another process may take a session for good for CACHE_SECONDS after its end."""

    def __init__(self, writer: Database) -> None:
        self._writer = writer
        self._good: dict[bytes, float] = {}  # nonce → when it was looked up

    async def end(self, session: Session) -> None:
        """End a session before its time. Raises StorageUnavailable."""
        await end_session(self._writer, session.nonce, SESSION_SECONDS)
        self._good.pop(session.nonce, None)

    async def has(self, session: Session) -> bool:
        """Return True when a session has ended. Raises StorageUnavailable."""
        now = time.monotonic()
        looked = self._good.get(session.nonce)
        if looked is not None and now - looked < CACHE_SECONDS:
            return False
        if await is_session_ended(self._writer, session.nonce):
            return True
        if len(self._good) >= _CACHE_SIZE:
            self._good.clear()
        self._good[session.nonce] = now
        return False
