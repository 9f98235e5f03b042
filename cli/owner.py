"""The database in the owner's role, for commands that need it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.installation import storage_settings
from storage.database import Database

T = TypeVar("T")


async def with_owner(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do `work` with the database in the owner's role."""
    settings = storage_settings()
    owner = Database(str(settings.database_url), "owner", settings)
    try:
        return await work(owner)
    finally:
        await owner.close()


def as_owner(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `with_owner` to its end."""
    return asyncio.run(with_owner(work))
