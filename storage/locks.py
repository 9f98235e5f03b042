"""Sessions that keep another one waiting for a lock."""

from typing import NamedTuple

from storage.database import Database
from storage.statements import SQL


class Blocker(NamedTuple):
    """One session of PostgreSQL; what it may not be asked about is None."""

    pid: int | None  # None: a prepared transaction, which has no session
    login: str | None
    application_name: str | None  # as the session calls itself; often empty
    state: str | None  # of pg_stat_activity: active, idle in transaction, …
    seconds: float | None  # since its transaction began

    def __str__(self) -> str:
        """Return who this is, as a part of a sentence."""
        if self.pid is None:
            return "a prepared transaction (pg_prepared_xacts)"
        who = repr(self.application_name) if self.application_name else "a session without a name"
        what = self.state or "in a state that the owner of the tables may not read"
        since = "" if self.seconds is None else f" for {self.seconds:.0f} s"
        return f"{who} (login {self.login}, pid {self.pid}), {what}{since}"


async def blockers(database: Database, pid: int) -> list[Blocker]:
    """Return who the session `pid` waits for, the longest first; empty when it waits for no lock.

    Asks on a connection of its own. Raises StorageUnavailable.
    """
    async with database.connection() as connection:
        return [Blocker(*row) for row in await SQL["blockers"].fetch(connection, pid=pid)]
