"""Floors of retention: what no process can have forgotten earlier, whatever retention its own settings name."""

from collections.abc import Mapping

import asyncpg

from storage.database import SCHEMA, Connection, translated
from storage.settings import StorageSettings
from storage.statements import SQL

#: The setting that is the floor of each kind of row.
FLOORS: Mapping[str, str] = {
    "attempts": "retention_days",
    "dead_letters": "dead_letter_retention_days",
    "evidence": "evidence_retention_days",
    "idempotency_keys": "idempotency_retention_days",
    "notifications": "notification_retention_days",
    "logs": "silent_log_retention_days",
    "series": "series_retention_days",
}


async def longer_floors(connection: Connection, settings: StorageSettings) -> list[str]:
    """Return the names of the settings that ask for rows to be forgotten earlier than the owner allows."""
    found: dict[str, int | None] = {row["kind"]: row["days"] for row in await SQL["floors"].fetch(connection)}
    return [
        name
        for kind, name in FLOORS.items()
        if kind in found
        and (wanted := getattr(settings, name)) is not None
        and ((floor := found[kind]) is None or floor > wanted)
    ]


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
