"""Migration of a database to the schema of this version."""

import asyncpg
import pogo_core.error
import pogo_core.util.migrate

from storage.database import SCHEMA, reaching, translated
from storage.errors import MigrationFailed
from storage.logs.earlier import index_earlier_logs
from storage.retention import make_attempts_partitions
from storage.schema_version import MIGRATIONS, difference
from storage.statements import SQL


async def migrate(url: str, retention_days: int) -> None:
    """Apply the missing `migrations/*.sql`, all or none, and make partitions ahead.

    Safe to run from many processes at once: they take turns by an advisory lock of the database. A database of a later
    version stays as it is. The login of `url` must own the schema and be able to create roles, unless these exist.
    Raises StorageUnavailable; MigrationFailed with the database's sentence, or for a database of another history.
    """
    with translated():
        with reaching(url):
            connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext('conexoes.migrate'))")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await connection.execute(f"SET search_path TO {SCHEMA}")
            missing = await _missing(connection)
            try:
                # One transaction for all: logs are found by what 0015 adds and only Python can fill in.
                async with connection.transaction():
                    await pogo_core.util.migrate.apply(connection, MIGRATIONS, schema_name=SCHEMA)
                    if "0015_search" in missing:
                        await index_earlier_logs(connection)
            except pogo_core.error.BadMigrationError as exc:
                raise MigrationFailed(f"{exc}: {exc.__cause__}") from exc
            await SQL["validate_checks"].execute(connection)
            await make_attempts_partitions(connection, retention_days)
        finally:
            await connection.close(timeout=5)


async def _missing(connection: asyncpg.Connection) -> list[str]:
    """Return the migrations that a database lacks. Raises MigrationFailed for one of another history."""
    try:
        found = await difference(connection)
    except asyncpg.UndefinedTableError:
        return []  # a new one, without logs
    if found.refusal is not None:
        raise MigrationFailed(found.refusal)
    return found.missing
