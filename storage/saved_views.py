"""Saved views: views of the pages to which people gave a name."""

import uuid
from typing import NamedTuple

from storage.activity import add_act
from storage.database import Database
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL


class SavedView(NamedTuple):
    """A view of one page, for everyone of its account."""

    id: uuid.UUID
    name: str
    query: str  # of the page's address, without `?`
    saved_by: str  # name of the access key


async def save(
    writer: Database,
    account: str,
    integration_type: str,
    *,
    name: str,
    query: str,
    saved_by: str,
    key: UsedKey = NO_KEY,
) -> None:
    """Save `query` under `name`; an earlier view of that name is replaced. The activity says who did."""
    async with writer.transaction() as connection:
        await SQL["insert_saved_view"].execute(
            connection, account=account, integration_type=integration_type, name=name, query=query, saved_by=saved_by
        )
        about = {"integration_type": integration_type, "name": name}
        await add_act(connection, account, "view", "saved", about, requested_by=saved_by, key=key)


async def list_saved(reader: Database, account: str, integration_type: str) -> list[SavedView]:
    """Return every view of one page, by name."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_saved_views"].fetch(connection, account=account, integration_type=integration_type)
        return [SavedView(**row) for row in rows]


async def list_every_saved(reader: Database, account: str) -> list[tuple[str, SavedView]]:
    """Return every view of every page, each with its type, by type and name."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_every_saved_view"].fetch(connection, account=account)
        return [(integration_type, SavedView(*view)) for integration_type, *view in map(tuple, rows)]


async def delete(
    writer: Database,
    account: str,
    integration_type: str,
    view_id: uuid.UUID,
    *,
    requested_by: str,
    key: UsedKey = NO_KEY,
) -> None:
    """Delete a view; the activity says who did. A missing one is no error: it may be deleted twice."""
    async with writer.transaction() as connection:
        name = await SQL["delete_saved_view"].fetchval(
            connection, account=account, integration_type=integration_type, id=view_id
        )
        if name is not None:
            about = {"integration_type": integration_type, "name": name}
            await add_act(connection, account, "view", "deleted", about, requested_by=requested_by, key=key)
