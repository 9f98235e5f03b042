"""Activity of an account: acts of people, read from every audit; and the audit of acts that have no other."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Literal

from schemas.activity import ActivityFilter
from schemas.reprocess import OURSELVES
from schemas.shown.activity import ActivityEntry
from storage.cursors import NEWEST_BY_TEXT, TimeAndText
from storage.database import Connection, Database
from storage.reprocess.audit import UsedKey
from storage.statements import SQL

#: Acts that one query of an export reads.
_AT_ONCE: Final = 500
#: Statements of a list: of all acts, of those of people, of those that happened by themselves.
_LISTS: Final = {None: "list_activity", False: "list_activity_of_people", True: "list_automatic_activity"}


async def add_act(
    connection: Connection,
    account: str,
    kind: Literal["key", "view", "export"],
    action: str,
    about: dict[str, Any],
    *,
    requested_by: str,
    key: UsedKey,
) -> None:
    """Add one act, in its transaction. A reader may only add an export."""
    await SQL["insert_account_audit"].execute(
        connection,
        account=account,
        kind=kind,
        action=action,
        about=json.dumps(about),
        requested_by=requested_by,
        key_id=key.key_id,
        key_name=key.key_name,
    )


async def list_activity(
    database: Database, account: str, filter_: ActivityFilter, *, after: TimeAndText | None, limit: int
) -> list[ActivityEntry]:
    """Return the newest `limit` acts after `after` that a filter matches."""
    at, id_ = after or NEWEST_BY_TEXT
    async with database.reading(account) as connection:
        rows = await SQL[_LISTS[filter_.automatic]].fetch(
            connection,
            account=account,
            after_at=at,
            after_id=id_,
            at_from=filter_.at_from,
            at_to=filter_.at_to,
            kind=list(filter_.kind) or None,
            who=filter_.who,
            limit=limit,
        )
    return [ActivityEntry(**dict(row) | {"about": json.loads(row["about"])}) for row in rows]


async def count_automatic(database: Database, account: str, filter_: ActivityFilter, limit: int) -> int:
    """Count what happened by itself and matches a filter, whatever it says of `automatic`, up to `limit`."""
    if filter_.who is not None and filter_.who.lower() not in OURSELVES:
        return 0
    async with database.reading(account) as connection:
        count: int = await SQL["count_automatic_activity"].fetchval(
            connection,
            account=account,
            at_from=filter_.at_from,
            at_to=filter_.at_to,
            kind=list(filter_.kind) or None,
            limit=limit,
        )
    return count


async def all_activity(
    database: Database, account: str, filter_: ActivityFilter
) -> AsyncIterator[Sequence[ActivityEntry]]:
    """Yield every act that a filter matches, newest first, some at a time."""
    after: TimeAndText | None = None
    while True:
        acts = await list_activity(database, account, filter_, after=after, limit=_AT_ONCE)
        yield acts
        if len(acts) < _AT_ONCE:
            return
        after = acts[-1].at, acts[-1].id
