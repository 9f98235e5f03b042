"""Migration of a database to the schema of this version."""

from pathlib import Path
from typing import NamedTuple, cast

import asyncpg
import pogo_core.error
import pogo_core.util.migrate
from pogo_core.util.sql import get_applied_migrations

from storage.database import SCHEMA, Connection, translated
from storage.errors import MigrationFailed
from storage.retention import make_attempts_partitions

MIGRATIONS = Path(__file__).parent / "migrations"


class Difference(NamedTuple):
    """Names of migrations, in order: those that a database lacks, and those that this version does not know."""

    missing: list[str]
    unknown: list[str]

    @property
    def refusal(self) -> str | None:
        """Sentence for a database of another chain; None where one chain is a beginning of the other."""
        if not (self.missing and self.unknown):
            return None
        return (
            f"The database has had migrations that this version does not know ({', '.join(self.unknown)}) and lacks "
            f"{', '.join(self.missing)}: it is of another history. Make a new database and load it anew."
        )


async def migrate(url: str, retention_days: int) -> None:
    """Apply the missing `migrations/*.sql`, each in its own transaction, and make partitions ahead.

    Safe to run from many processes at once: they take turns by an advisory lock of the database. A database of a later
    version stays as it is. The login of `url` must own the schema and be able to create roles, unless these exist.
    Raises StorageUnavailable; MigrationFailed with the database's sentence, or for a database of another history.
    """
    with translated():
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext('conexoes.migrate'))")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await connection.execute(f"SET search_path TO {SCHEMA}")
            await _refuse_another_history(connection)
            try:
                await pogo_core.util.migrate.apply(connection, MIGRATIONS, schema_name=SCHEMA)
            except pogo_core.error.BadMigrationError as exc:
                raise MigrationFailed(f"{exc}: {exc.__cause__}") from exc
            await make_attempts_partitions(connection, retention_days)
        finally:
            await connection.close(timeout=5)


async def difference(connection: Connection) -> Difference:
    """Compare the migrations that a database has had with those of this version; nothing is applied.

    Raises asyncpg.UndefinedTableError where nothing was ever migrated, asyncpg.InsufficientPrivilegeError where this
    login can't see it.
    """
    applied = await get_applied_migrations(cast(asyncpg.Connection, connection), schema_name=SCHEMA)
    ours = {path.stem for path in MIGRATIONS.glob("*.sql")}
    return Difference(missing=sorted(ours - applied), unknown=sorted(applied - ours))


async def _refuse_another_history(connection: asyncpg.Connection) -> None:
    try:
        found = await difference(connection)
    except asyncpg.UndefinedTableError:
        return
    if found.refusal is not None:
        raise MigrationFailed(found.refusal)
