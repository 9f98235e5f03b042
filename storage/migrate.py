"""Bring a database to the schema of this version."""

from pathlib import Path

import asyncpg
import pogo_core.error
import pogo_core.util.migrate

from storage.database import SCHEMA, translated
from storage.errors import MigrationFailed
from storage.retention import make_attempts_partitions

MIGRATIONS = Path(__file__).parent / "migrations"


#: Tables that a migration has written anew: what is then not known to be visible makes every index-only scan, which
#: counts and searches live from, look into the table, and autovacuum does not come for it.
_UNSEEN = """
    SELECT relname FROM pg_class WHERE oid IN ('status_logs'::regclass, 'log_keys'::regclass)
    AND relallvisible = 0 AND pg_relation_size(oid) > 0
"""


async def migrate(url: str, retention_days: int) -> None:
    """Apply what is missing of `migrations/*.sql`, each in its own transaction, and make partitions ahead.

    Safe to run from many processes at once: they take turns by an advisory lock of the database.
    The login of `url` must own the schema and be able to create roles, or find them made.
    Raises StorageUnavailable; MigrationFailed with the database's sentence.
    """
    with translated():
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext('conexoes.migrate'))")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await connection.execute(f"SET search_path TO {SCHEMA}")
            try:
                await pogo_core.util.migrate.apply(connection, MIGRATIONS, schema_name=SCHEMA)
            except pogo_core.error.BadMigrationError as exc:
                raise MigrationFailed(f"{exc}: {exc.__cause__}") from exc
            await make_attempts_partitions(connection, retention_days)
            for unseen in await connection.fetch(_UNSEEN):
                await connection.execute(f"VACUUM (ANALYZE) {unseen['relname']}")
        finally:
            await connection.close(timeout=5)
