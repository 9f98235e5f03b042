"""Saved views: views of the pages to which people gave a name."""

import uuid
from typing import NamedTuple

from storage.database import Database
from storage.statements import SQL

MAX_NAME_CHARACTERS = 80


class SavedView(NamedTuple):
    """A view of one page, for everyone of its account."""

    id: uuid.UUID
    name: str
    query: str  # of the page's address, without `?`
    saved_by: str  # name of the access key


async def save(writer: Database, account: str, integration_type: str, *, name: str, query: str, saved_by: str) -> None:
    """Save `query` under `name`; an earlier view of that name is replaced."""
    async with writer.connection() as connection:
        await SQL["insert_saved_view"].execute(
            connection, account=account, integration_type=integration_type, name=name, query=query, saved_by=saved_by
        )


async def list_saved(reader: Database, account: str, integration_type: str) -> list[SavedView]:
    """Return every view of one page, by name."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_saved_views"].fetch(connection, account=account, integration_type=integration_type)
        return [SavedView(**row) for row in rows]


async def delete(writer: Database, account: str, integration_type: str, view_id: uuid.UUID) -> None:
    """Delete a view. A missing one is no error: it may be deleted twice."""
    async with writer.connection() as connection:
        await SQL["delete_saved_view"].execute(
            connection, account=account, integration_type=integration_type, id=view_id
        )
