"""What is wrong with a database, for `conexoes doctor`."""

from storage.database import SCHEMA, Connection, Database
from storage.errors import StorageError, StorageUnavailable
from storage.migrate import MIGRATIONS
from storage.settings import StorageSettings


async def check_database(url: str, settings: StorageSettings) -> list[str]:
    """One sentence a fault: not reachable, not of this version, a role that this login may not use, hidden agents.

    Agents that do not run are not missed.
    """
    faults = []
    for role in ("owner", "writer", "reader"):
        database = Database(url, role, settings)
        try:
            async with database.connection() as connection:
                if await connection.fetchval("SELECT to_regclass('conexoes.status_logs')") is None:
                    faults.append("The database has no status_logs: run `conexoes migrate`.")
                elif role == "writer":
                    faults += await _hidden(connection)
                elif role == "owner":
                    faults += await _missing(connection)
        except StorageUnavailable as exc:
            return [f"The database can't be reached: {exc}"]
        except StorageError as exc:
            faults.append(f"As {role}: {exc}")
        finally:
            await database.close()
    return list(dict.fromkeys(faults))


async def _missing(connection: Connection) -> list[str]:
    """Migrations of this version that the database has not had: its SQL may ask for tables that are not there."""
    rows = await connection.fetch("SELECT migration_id FROM public._pogo_migration WHERE schema_name = $1", SCHEMA)
    missing = {path.stem for path in MIGRATIONS.glob("*.sql")} - {row["migration_id"] for row in rows}
    return (
        [f"The database is of an earlier version: run `conexoes migrate` ({', '.join(sorted(missing))})."]
        if missing
        else []
    )


async def _hidden(connection: Connection) -> list[str]:
    """Whether a plan must be a minute old because the owner can't see when agents began to write."""
    owner = await connection.fetchval(
        "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE oid = to_regprocedure('conexoes.hidden_agents()')"
    )
    if owner is None or not await connection.fetchval("SELECT conexoes.hidden_agents()"):
        return []
    return [
        "Plans and commands by filter leave out the last minute, since the owner can't see when agents began to write: "
        f'GRANT pg_read_all_stats TO "{owner}".'
    ]
