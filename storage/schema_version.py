"""The version of a database's schema, compared with the one that this version of the program knows."""

from pathlib import Path
from typing import NamedTuple, cast

import asyncpg
from pogo_core.util.sql import get_applied_migrations

from storage.database import SCHEMA, Connection, Database
from storage.errors import SchemaUnfit

MIGRATIONS = Path(__file__).parent / "migrations"
#: Errors of a database without a migration, or during its first.
_BEGINNING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InsufficientPrivilegeError)
_NEVER_MIGRATED = "The database has no schema of Conexões: run `conexoes migrate`."


def newest() -> str:
    """Return the name of the last migration of this version."""
    return max(path.stem for path in MIGRATIONS.glob("*.sql"))


class Difference(NamedTuple):
    """Names of migrations, in order: those that a database lacks, and those that this version does not know."""

    missing: list[str]
    unknown: list[str]

    @property
    def refusal(self) -> str | None:
        """The sentence for a database of another chain; None where one chain is a beginning of the other."""
        if not (self.missing and self.unknown):
            return None
        return (
            f"The database has had migrations that this version does not know ({', '.join(self.unknown)}) and lacks "
            f"{', '.join(self.missing)}: it is of another history. Make a new database and load it anew."
        )

    @property
    def unfit(self) -> str | None:
        """The sentence for a schema that this version can't work on; None where it can, as on the next one.

        The next version keeps what this one uses (decision 0022); one after that may not.
        """
        if self.refusal is None and self.missing:
            return f"The database is of an earlier version: run `conexoes migrate` ({', '.join(self.missing)})."
        return self.refusal

    @property
    def later(self) -> str | None:
        """The sentence for a schema of a later version; None for any other."""
        if self.missing or not self.unknown:
            return None
        return (
            f"The database is of a later version, which this one does not know ({', '.join(self.unknown)}): start that "
            "version, or set CONEXOES_LATER_SCHEMA=true to go back to this one on purpose."
        )


async def difference(connection: Connection) -> Difference:
    """Compare the migrations that a database has had with those of this version; nothing is applied.

    Raises asyncpg.UndefinedTableError where nothing was ever migrated, asyncpg.InsufficientPrivilegeError where this
    login can't see it.
    """
    applied = await get_applied_migrations(cast(asyncpg.Connection, connection), schema_name=SCHEMA)
    ours = {path.stem for path in MIGRATIONS.glob("*.sql")}
    return Difference(missing=sorted(ours - applied), unknown=sorted(applied - ours))


async def check_schema(database: Database, *, runs: bool = False) -> Difference:
    """Compare the schema with this version.

    `runs`: the process works already, and goes on when the database is migrated to the next version. Raises SchemaUnfit
    for a schema that it can't work on, or may not start on; StorageUnavailable.
    """
    async with database.connection() as connection:
        try:
            found = await difference(connection)
        except _BEGINNING as exc:
            raise SchemaUnfit(_NEVER_MIGRATED) from exc
    refused = found.unfit or (None if runs or database.settings.later_schema else found.later)
    if refused is not None:
        raise SchemaUnfit(refused)
    return found
