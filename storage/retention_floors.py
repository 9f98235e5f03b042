"""Floors of retention: what no process can have forgotten earlier, whatever retention its own settings name."""

from collections.abc import Mapping

import asyncpg

from storage.database import SCHEMA, translated
from storage.settings import StorageSettings
from storage.statements import SQL

#: The setting that is the floor of each kind of row.
FLOORS: Mapping[str, str] = {
    "attempts": "retention_days",
    "dead_letters": "dead_letter_retention_days",
    "evidence": "evidence_retention_days",
    "idempotency_keys": "idempotency_retention_days",
    "logs": "silent_log_retention_days",
    "series": "series_retention_days",
}


async def set_floors(url: str, settings: StorageSettings) -> None:
    """Keep rows at least as long as `settings` say from now on; a shorter time than before counts too.

    Safe to repeat. The database must be migrated, and the login of `url` its owner. Raises StorageUnavailable.
    """
    with translated():
        connection = await asyncpg.connect(url, timeout=10, server_settings={"search_path": SCHEMA})
        try:
            for kind, name in FLOORS.items():
                await SQL["set_floor"].execute(connection, kind=kind, days=getattr(settings, name))
        finally:
            await connection.close(timeout=5)
