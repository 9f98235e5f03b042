"""Checks of a database, for `conexoes doctor`."""

import asyncpg

from storage.database import Connection, Database, Role
from storage.errors import NotLetIn, StorageError, StorageUnavailable
from storage.retention_floors import longer_floors
from storage.schema_version import difference
from storage.settings import StorageSettings
from storage.statements import SQL


async def check_database(url: str, settings: StorageSettings) -> list[str]:
    """Return a sentence for each fault: unreachable, another version, a role without a grant, hidden agents, floors.

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
                    faults += await _versions(connection) or await _kept_longer(connection, settings)
        except NotLetIn as exc:
            faults.append(f"As {role}: {exc}")
        except StorageUnavailable as exc:
            return [f"The database can't be reached: {exc}"]
        except StorageError as exc:
            faults.append(f"As {role}: {exc}")
        finally:
            await database.close()
    return list(dict.fromkeys(faults))


#: Settings by which PostgreSQL's log has no values of rows, and the values that do that; the embedded one has them.
_SILENT_LOG = {
    "log_min_messages": ("fatal", "panic", "log"),
    "log_statement": ("none",),
    "log_min_duration_statement": ("-1",),
    "log_min_error_statement": ("fatal", "panic"),
    "log_error_verbosity": ("terse",),
    "log_parameter_max_length": ("0",),
    "log_parameter_max_length_on_error": ("0",),
}


async def what_is_logged(url: str, settings: StorageSettings) -> list[str]:
    """Return a sentence when the server's log may have values of rows, which are people's data; else nothing.

    Raises StorageUnavailable.
    """
    database = Database(url, "owner", settings)
    try:
        async with database.connection() as connection:
            found = await SQL["settings_of_server"].fetch(connection, names=list(_SILENT_LOG))
    finally:
        await database.close()
    logged = [f"{name} = {value}" for name, value in found if value not in _SILENT_LOG[name]]
    if not logged:
        return []
    return [f"PostgreSQL's log may have values of rows ({', '.join(sorted(logged))}): docs/personal-data.md."]


async def _versions(connection: Connection) -> list[str]:
    """Return a sentence when migrations differ from those of this version; none when this login can't see them."""
    try:
        found = await difference(connection)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError):
        return []
    return [each for each in (found.unfit, found.later) if each is not None]


async def _kept_longer(connection: Connection, settings: StorageSettings) -> list[str]:
    """Return a sentence for each retention that is shorter than its floor; none when this login can't see floors."""
    try:
        longer = await longer_floors(connection, settings)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError):
        return []
    return [
        f"CONEXOES_{name.upper()} is less than what `conexoes migrate` ran with, so rows are kept that long: "
        "run it again with this setting."
        for name in longer
    ]


async def _hidden(connection: Connection) -> list[str]:
    """Return a sentence when the owner can't see when agents began to write: a plan must be three minutes old."""
    owner = await connection.fetchval(
        "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE oid = to_regprocedure('conexoes.hidden_agents()')"
    )
    if owner is None or not await connection.fetchval("SELECT conexoes.hidden_agents()"):
        return []
    return [
        "Plans and commands by filter leave out the last three minutes, since the owner can't see when agents began to "
        f'write: GRANT pg_read_all_stats TO "{owner}".'
    ]
