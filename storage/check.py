"""What is wrong with a database, for `conexoes doctor`."""

from storage.database import Database
from storage.errors import StorageError, StorageUnavailable
from storage.settings import StorageSettings


async def check_database(url: str, settings: StorageSettings) -> list[str]:
    """One sentence a fault: not reachable, not migrated, or a role that this login may not use."""
    faults = []
    for role in ("owner", "writer", "reader"):
        database = Database(url, role, settings)
        try:
            async with database.connection() as connection:
                if await connection.fetchval("SELECT to_regclass('conexoes.status_logs')") is None:
                    faults.append("The database has no status_logs: run `conexoes migrate`.")
        except StorageUnavailable as exc:
            return [f"The database can't be reached: {exc}"]
        except StorageError as exc:
            faults.append(f"As {role}: {exc}")
        finally:
            await database.close()
    return list(dict.fromkeys(faults))
