"""Reader of an account's health: what holds retries back, and how far its data goes. Every page shows it."""

from datetime import datetime
from typing import NamedTuple

from schemas.catalogue import BY_NAME
from storage.database import Database
from storage.statements import SQL

#: Age of the data at which agents lag. They say every 15 s how far it goes.
LAG_SECONDS = 60.0
#: Limit of what is read; more would not fit on a page either.
MAX_ROWS = 200


class Pause(NamedTuple):
    """An affiliate that a person has paused."""

    affiliate: str
    since: datetime
    until: datetime | None  # None: until somebody resumes it
    types: list[str] | None  # None: every type
    by: str
    reason: str | None


class OpenBreaker(NamedTuple):
    """A breaker that is not closed."""

    affiliate: str
    integration_type: str
    since: datetime


class AccountHealth(NamedTuple):
    """The health of an account, which people should know on whatever page they are."""

    pauses: list[Pause]
    breakers: list[OpenBreaker]
    as_of: datetime | None  # the data is complete up to then only; None: it is fresh
    lagging: list[str]  # types for which that is so


async def read_health(database: Database, account: str) -> AccountHealth:
    """Return the health of an account, by one query."""
    async with database.reading(account) as connection:
        rows = await SQL["account_health"].fetch(connection, account=account, lag_seconds=LAG_SECONDS, limit=MAX_ROWS)
    # A type that is no more has a time of its last day for ever.
    late = [row for row in rows if row["kind"] == "lag" and row["integration_type"] in BY_NAME]
    return AccountHealth(
        [Pause(*(row[name] for name in Pause._fields)) for row in rows if row["kind"] == "pause"],
        [OpenBreaker(*(row[name] for name in OpenBreaker._fields)) for row in rows if row["kind"] == "breaker"],
        min((row["since"] for row in late), default=None),
        [row["integration_type"] for row in late],
    )
