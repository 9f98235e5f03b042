"""What is wrong with a database, for `conexoes doctor`."""

import asyncpg

from storage.database import Connection, Database, Role
from storage.errors import StorageError, StorageUnavailable
from storage.migrate import difference
from storage.settings import StorageSettings


async def check_database(url: str, settings: StorageSettings) -> list[str]:
    """One sentence a fault: not reachable, not of this version, a role that this login may not use, hidden agents.

    Agents that do not run are not missed.
    """
    faults = []
    urls: dict[Role, str | None] = {
        "owner": url,
        "writer": settings.database_writer_url,
        "reader": settings.database_reader_url,
    }
    for role, own in urls.items():
        database = Database(own or url, role, settings)
        try:
            async with database.connection() as connection:
                if await connection.fetchval("SELECT to_regclass('conexoes.status_logs')") is None:
                    faults.append("The database has no status_logs: run `conexoes migrate`.")
                elif role == "writer":
                    faults += await _hidden(connection)
                elif role == "owner":
                    faults += await _versions(connection)
        except StorageUnavailable as exc:
            return [f"The database can't be reached: {exc}"]
        except (StorageError, asyncpg.InsufficientPrivilegeError) as exc:
            faults.append(f"As {role}: {exc}")
        finally:
            await database.close()
    return list(dict.fromkeys(faults))


async def _versions(connection: Connection) -> list[str]:
    """Whether the database has had other migrations than this version has; nothing where this login can't see that."""
    try:
        found = await difference(connection)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError):
        return []
    if found.refusal is not None:
        return [found.refusal]
    if found.missing:
        return [f"The database is of an earlier version: run `conexoes migrate` ({', '.join(found.missing)})."]
    if found.unknown:
        return [f"The database is of a later version, which this one does not know ({', '.join(found.unknown)})."]
    return []


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
