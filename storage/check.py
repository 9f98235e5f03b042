"""Checks of a database, for `conexoes doctor`."""

import asyncpg

from storage.database import Connection, Database, Role
from storage.errors import NotLetIn, StorageError, StorageUnavailable
from storage.schema_version import difference
from storage.settings import StorageSettings


async def check_database(url: str, settings: StorageSettings) -> list[str]:
    """Return a sentence for each fault: unreachable, another version, a role without a grant, hidden agents.

    Agents that do not run are no fault.
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
        except NotLetIn as exc:
            faults.append(f"As {role}: {exc}")
        except StorageUnavailable as exc:
            return [f"The database can't be reached: {exc}"]
        except (StorageError, asyncpg.InsufficientPrivilegeError) as exc:
            faults.append(f"As {role}: {exc}")
        finally:
            await database.close()
    return list(dict.fromkeys(faults))


async def _versions(connection: Connection) -> list[str]:
    """Return a sentence when migrations differ from those of this version; none when this login can't see them."""
    try:
        found = await difference(connection)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError):
        return []
    return [each for each in (found.unfit, found.later) if each is not None]


async def _hidden(connection: Connection) -> list[str]:
    """Return a sentence when the owner can't see when agents began to write, so that a plan must be a minute old."""
    owner = await connection.fetchval(
        "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE oid = to_regprocedure('conexoes.hidden_agents()')"
    )
    if owner is None or not await connection.fetchval("SELECT conexoes.hidden_agents()"):
        return []
    return [
        "Plans and commands by filter leave out the last minute, since the owner can't see when agents began to write: "
        f'GRANT pg_read_all_stats TO "{owner}".'
    ]
