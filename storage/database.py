"""Connections to PostgreSQL in one of three roles, and the translation of its errors."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Literal, cast
from urllib.parse import urlsplit

import asyncpg

from schemas.result import ACCOUNT
from storage.driver_errors import words_of
from storage.errors import NotLetIn, RowRefused, SchemaUnfit, StorageError, StorageUnavailable, TimedOut
from storage.settings import StorageSettings

SCHEMA = "conexoes"
Role = Literal["owner", "writer", "reader"]
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

#: SQLSTATE classes in which PostgreSQL refuses a value, so that trying again can't help: data exception,
#: integrity constraint, program limit exceeded; and 21000, two rows for one ON CONFLICT.
_REFUSED_CLASSES = ("22", "23", "54", "21")
#: Classes and codes that pass: connection, resources, operator intervention, serialization and deadlock,
#: system error, invalid transaction state after a broken one; lock not available; read-only after a failover.
_PASSING_CLASSES = ("08", "53", "57", "40", "58", "25")
_PASSING_CODES = ("55P03", "25006")
#: No such table, schema, function, column or type: what is not migrated yet may be.
_UNMIGRATED = ("42P01", "3F000", "42883", "42703", "42704")
#: A right of our role that is missing: it was not given yet, or was taken away.
_NOT_ALLOWED = "42501"
#: query_canceled: statement_timeout, for all that we can tell; and transaction_timeout.
_CANCELLED = ("57014", "25P04")


async def clock(connection: Connection) -> datetime:
    """Return PostgreSQL's time now, also in a transaction that began long ago.

    It is the one clock that all workers share. A time that is compared with times of PostgreSQL must be of its clock,
    since a worker's own may be minutes off.
    """
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return at


async def _write(connection: Connection) -> None:
    """Let a transaction of a reader write what its rights allow. Raises StorageUnavailable on a standby."""
    try:
        await connection.execute("SET TRANSACTION READ WRITE")
    except asyncpg.FeatureNotSupportedError as exc:  # what a standby says
        raise StorageUnavailable(f"the database is read-only: {exc}") from exc


def _meaning(code: str) -> type[StorageError] | None:
    if code in _CANCELLED:
        return TimedOut
    if code in _UNMIGRATED:
        return SchemaUnfit
    if code == _NOT_ALLOWED:
        return NotLetIn
    if code.startswith(_PASSING_CLASSES) or code in _PASSING_CODES:
        return StorageUnavailable
    return RowRefused if code.startswith(_REFUSED_CLASSES) else None


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into StorageUnavailable, TimedOut for a statement, or RowRefused; any other is a bug and
    stays as it is.

    The error of a task that was cancelled meanwhile is a CancelledError: rolling back on a closed connection puts the
    driver's in its place. Taken for an outage, it would have the work tried again, or a time-out answered as one.
    """
    cancellations = _cancellations()
    try:
        yield
    except Exception as exc:
        found = _translation(exc)
        if found is None:
            raise
        if isinstance(found, StorageUnavailable) and _cancellations() > cancellations:
            raise asyncio.CancelledError from exc
        try:
            raise found from exc
        finally:
            del found  # in its own traceback it would keep all that the frames below have, until a collection


def _cancellations() -> int:
    """Return how often this task was asked to stop. A time-out that has ended takes its own back."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _translation(exc: Exception) -> StorageError | None:
    """Return our error for one of the driver; None for a bug."""
    match exc:
        case asyncpg.PostgresError():
            meaning = _meaning(exc.sqlstate or "")
            return None if meaning is None else meaning(words_of(exc))
        case asyncpg.InterfaceError():
            return StorageUnavailable(str(exc)) if _is_of_a_lost_connection(exc) else None
        case TimeoutError():
            return TimedOut(str(exc) or type(exc).__name__)
        # InternalClientError is what asyncpg says of a connection that broke in the middle of a statement.
        case asyncpg.InternalClientError() | OSError() | EOFError():
            return StorageUnavailable(str(exc) or type(exc).__name__)
    return None


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Say of a connection that could not be made which host or right is missing; one that can be is not meant.

    Whatever PostgreSQL refuses there is about the login, its database or its role, never about a value.
    Raises NotLetIn, and StorageUnavailable for a host without an address.
    """
    try:
        yield
    except socket.gaierror as exc:
        host = urlsplit(url).hostname or "of CONEXOES_DATABASE_URL"
        raise StorageUnavailable(f"host {host}: {exc.strerror}") from exc
    except asyncpg.PostgresError as exc:
        code = exc.sqlstate or ""
        if code.startswith(_PASSING_CLASSES):
            raise  # it starts, stops, or is full
        raise NotLetIn(f"PostgreSQL does not let us in: {exc} ({code}){_ADVICE.get(code, '')}") from exc


#: Advice on a refused login, by SQLSTATE.
_ADVICE = {
    "22023": "; run `conexoes migrate`, which makes the roles",
    _NOT_ALLOWED: "; GRANT that role to this login",
    "28000": "; see pg_hba.conf of the server",
}

#: Messages of asyncpg for a connection or pool that was closed meanwhile. It has no class for them; a connection that
#: the server ends is taken from its user ("released back to the pool").
_LOST = re.compile(r"(connection|pool) (is|was) (clos|terminat)|connection has been released back to the pool")


def _is_of_a_lost_connection(exc: BaseException | None) -> bool:
    """Return True for the message of a lost connection, or for an error raised while such an error was handled."""
    while exc is not None:
        if isinstance(exc, asyncpg.InterfaceError) and _LOST.search(str(exc)):
            return True
        if isinstance(exc, (asyncpg.InternalClientError, OSError, TimeoutError, EOFError)):
            return True
        if isinstance(exc, asyncpg.PostgresError) and (exc.sqlstate or "").startswith(_PASSING_CLASSES):
            return True
        exc = exc.__context__
    return False


#: Settings by which the server ends the session of a client whose machine vanished, froze or lost its network, within
#: 30 s. Otherwise its locks would keep its successor waiting as long as TCP does, two hours by default. They end a
#: session that is idle in a transaction, one whose answer is not read, and one that runs or waits without a client.
DEAD_PEER = {
    "idle_in_transaction_session_timeout": "20s",
    "tcp_user_timeout": "15s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "client_connection_check_interval": "5s",
}
#: Time after the timeout of a reader's statement, in which PostgreSQL may still say that it has ended it.
_GRACE_SECONDS = 2.0
#: Ends what the settings above do not: a session whose statement was announced and never sent is not idle, and where a
#: container is frozen, or a pooler stands between, TCP goes on answering for it.
_ROLE_AND_LIMIT = """
    SELECT current_user::text
    FROM (SELECT count(set_config(name, $1, false)) FROM pg_settings WHERE name = 'transaction_timeout') AS limited
"""
#: Account of a connection without one: it has no rows. '' and '*' stand in some tables, for no account and every one.
_NOBODY = "(nobody)"


class _Connection(asyncpg.Connection):
    """A connection that remembers its account for row-level security, so that it tells PostgreSQL only of changes."""

    #: The account, and whether dead letters that name none too; None when it is not known, as at the beginning.
    _shown: tuple[str, bool] | None = None

    async def show(self, account: str, *, every_account: bool) -> None:
        """Let every statement from now on see the rows of `account`."""
        if self._shown == (account, every_account):
            return
        if self.is_in_transaction():
            raise RuntimeError("a transaction that fails would take back whose rows are shown, unnoticed")
        self._shown = None  # until PostgreSQL has said that it knows
        await self.execute(
            "SELECT set_config('conexoes.account', $1, false), set_config('conexoes.every_account', $2, false)",
            account,
            "on" if every_account else "off",
        )
        self._shown = (account, every_account)


async def _as_it_is(_connection: Connection) -> None:
    """Reset nothing: each user of a connection sets its account, and no other setting outlives a transaction."""


class Database:
    """A pool of connections in one role.

    Connections are made when they are needed: a database that is away when this opens is met by the first use,
    as StorageUnavailable.
    """

    def __init__(self, url: str, role: Role, settings: StorageSettings, application_name: str = "conexoes") -> None:
        self.url = url
        self.role = role
        self.pool_size = settings.pool_size
        self.settings = settings
        server_settings = {"search_path": SCHEMA, "application_name": application_name, "timezone": "UTC", **DEAD_PEER}
        self._runs_as = None if role == "owner" else f"conexoes_{role}"
        # A login that is the role itself has nothing to change to, and many a pooler would drop the parameter.
        if self._runs_as is not None and urlsplit(url).username != self._runs_as:
            server_settings["role"] = self._runs_as
        if role == "writer":
            # A batch finds its rows by key. A plan that was made when the tables were small would read all of them for
            # every batch; planning each time costs a millisecond.
            server_settings |= {"plan_cache_mode": "force_custom_plan", "random_page_cost": "1.1"}
        if role == "reader":
            server_settings["default_transaction_read_only"] = "on"
            server_settings["statement_timeout"] = str(int(settings.query_seconds * 1000))
            # What a request asks is to be answered by the same index whatever its values are, and tests hold lists and
            # counts to that. Planning it anew costs as much as reading one log.
            server_settings["plan_cache_mode"] = "force_generic_plan"
        self._server_settings = server_settings
        #: Number of connections that were made so far. The next one may be to a database that was restored.
        self.connections_made = 0
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    def pool_use(self) -> tuple[int, int, int]:
        """Return the numbers of open connections and of those in use, and their limit."""
        size, idle = (self._pool.get_size(), self._pool.get_idle_size()) if self._pool is not None else (0, 0)
        return size, size - idle, self.settings.pool_size

    async def close(self) -> None:
        """Close every connection, waiting for none that is in use longer than two seconds."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), timeout=2)
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Give one connection, on which a reader sees no rows.

        Raises StorageUnavailable or RowRefused for errors of the block.
        """
        async with self._showing(_NOBODY, every_account=False) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Give a connection in one transaction, READ COMMITTED; committed unless the block raises."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def reading(self, account: str, *, every_account: bool = False) -> AsyncIterator[Connection]:
        """Give a connection on which row-level security shows the rows of `account` only, current at each statement.

        Several statements see one state of the tables in a `snapshot` only.
        `every_account`: the caller may also see dead letters that name no account. Raises ValueError for a text that
        can't be the name of an account.
        """
        if ACCOUNT.fullmatch(account) is None:
            raise ValueError(f"no name of an account: {account!r}")
        async with self._showing(account, every_account=every_account) as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self, account: str) -> AsyncIterator[Connection]:
        """Give a connection of `reading` in one read-only transaction: all statements see one state of the tables."""
        async with (
            self.reading(account) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def recording(self, account: str) -> AsyncIterator[Connection]:
        """Give a transaction in which a reader may add to the audit of `account`, which is all that it may write.

        Raises StorageUnavailable where the database itself is read-only, e.g. a standby.
        """
        async with self.reading(account) as connection, connection.transaction():
            await _write(connection)
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """Give a transaction in which a reader may call the functions that write for it, and that need no account.

        Raises StorageUnavailable where the database itself is read-only, e.g. a standby.
        """
        async with self.transaction() as connection:
            await _write(connection)
            yield connection

    @asynccontextmanager
    async def _showing(self, account: str, *, every_account: bool) -> AsyncIterator[Connection]:
        with translated():
            pool = self._pool or await self._open()
            connection = await self._acquire(pool)
            try:
                # The pool's proxy has every method of the connection; its type does not say so.
                await cast(_Connection, connection).show(account, every_account=every_account)
                yield connection
            finally:
                await pool.release(connection, timeout=self.settings.connect_seconds)

    async def _acquire(self, pool: asyncpg.Pool) -> asyncpg.pool.PoolConnectionProxy:
        """Take a connection. Raises StorageUnavailable, never TimedOut: no statement was too slow."""
        seconds = self.settings.connect_seconds
        try:
            with reaching(self.url):
                async with asyncio.timeout(seconds):
                    return await pool.acquire()
        except TimeoutError as exc:
            raise StorageUnavailable(
                f"no connection within {seconds:g} s: none was free, or none could be made"
            ) from exc

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=0,
                    max_size=self.settings.pool_size,
                    timeout=self.settings.connect_seconds,
                    command_timeout=self._command_seconds(),
                    reset=_as_it_is,
                    connection_class=_Connection,
                    init=self._check_role,
                    server_settings=self._server_settings,
                )
            return self._pool

    def _command_seconds(self) -> float:
        """Return the limit of a wait for a statement. A reader's is ended by PostgreSQL before, unless it hangs."""
        longest = self.settings.command_seconds
        return min(longest, self.settings.query_seconds + _GRACE_SECONDS) if self.role == "reader" else longest

    async def _check_role(self, connection: Connection) -> None:
        """Check that the connection has our role, since row-level security binds our roles only.

        A pooler may have dropped the parameter that sets the role. A writer's transactions are bounded too, where
        PostgreSQL can do that (17).
        """
        self.connections_made += 1
        if self._runs_as is None:
            return
        # Twice a statement's own limit, so that this comes first on a slow line: what timed out is halved, and what the
        # server ended is tried again as it is.
        seconds = 2 * self.settings.command_seconds if self.role == "writer" else 0
        found = await connection.fetchval(_ROLE_AND_LIMIT, f"{int(seconds * 1000)}ms")
        if found != self._runs_as:
            raise StorageUnavailable(
                f"the database runs us as {found}, not as {self._runs_as}: is there a pooler in between?"
            )
