"""An account's own entries of the playbook. A change is only ever added; the newest of an entry holds."""

import uuid
from datetime import datetime
from typing import Literal, NamedTuple

from schemas.playbook import SeenError, WrittenEntry
from storage.access_keys import Grant
from storage.database import Connection, Database
from storage.readable import readable
from storage.statements import SQL

#: Entries that one account may have: all of them are read for a page.
MAX_OWN_ENTRIES = 2000
MAX_CHANGES = 100
#: Faults that coverage looks at, the most frequent ones first.
MAX_FAULTS = 1000

Action = Literal["added", "changed", "removed"]
_ADDED: Action = "added"
_CHANGED: Action = "changed"


class EntryRefusedError(Exception):
    """An entry that can't be kept."""


class AnotherEntryError(EntryRefusedError):
    """Another entry of the account is about the same."""


class TooManyEntriesError(EntryRefusedError):
    """The account has as many entries as one may have."""


class OwnEntry(NamedTuple):
    """An entry of an account as it is now."""

    id: uuid.UUID
    entry: WrittenEntry
    changed_by: str
    changed_with: str  # name of the access key
    changed_at: datetime


class EntryChange(NamedTuple):
    """A change of an entry, with its author."""

    action: Action
    changed_by: str
    changed_with: str
    changed_at: datetime


class CountedFault(NamedTuple):
    """A fault, and how many results had it."""

    error: SeenError
    results: int


class FaultCounts(NamedTuple):
    """The most frequent faults of some time."""

    faults: list[CountedFault]
    results: int  # errors of results, those of the faults that are left out too


async def list_own(reader: Database, account: str) -> list[OwnEntry]:
    """Return the entries of an account."""
    async with reader.reading(account) as connection:
        return await list_entries(connection, account)


async def list_changes(reader: Database, account: str, entry_id: uuid.UUID) -> list[EntryChange]:
    """Return the last changes of an entry, newest first; none for an entry that never was."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_entry_changes"].fetch(connection, account=account, entry_id=entry_id, limit=MAX_CHANGES)
    return [EntryChange(*row) for row in rows]


async def save(
    writer: Database, account: str, entry_id: uuid.UUID | None, entry: WrittenEntry, *, changed_by: str, grant: Grant
) -> uuid.UUID | None:
    """Add an entry, or change the one of `entry_id`; one that is so already stays. Returns its id.

    None when there is no such entry. Raises AnotherEntryError and TooManyEntriesError.
    """
    async with writer.transaction() as connection:
        await SQL["lock_own_entries"].execute(connection, account=account)
        known = {each.id: each.entry for each in await list_entries(connection, account)}
        if entry_id is not None and entry_id not in known:
            return None
        if any(each.subject == entry.subject for other, each in known.items() if other != entry_id):
            raise AnotherEntryError
        if entry_id is None:
            if len(known) >= MAX_OWN_ENTRIES:
                raise TooManyEntriesError
            entry_id, action = uuid.uuid4(), _ADDED
        elif known[entry_id] == entry:
            return entry_id
        else:
            action = _CHANGED
        await _add(connection, entry, grant, account=account, entry_id=entry_id, action=action, changed_by=changed_by)
    return entry_id


async def remove(writer: Database, account: str, entry_id: uuid.UUID, *, changed_by: str, grant: Grant) -> bool:
    """Remove an entry, which its changes keep. Returns False when there is no such entry now."""
    async with writer.transaction() as connection:
        await SQL["lock_own_entries"].execute(connection, account=account)
        if all(each.id != entry_id for each in await list_entries(connection, account)):
            return False
        await _add(connection, None, grant, account=account, entry_id=entry_id, action="removed", changed_by=changed_by)
    return True


async def count_faults(reader: Database, account: str, *, since: datetime) -> FaultCounts:
    """Return the most frequent faults of an account's results that were processed since an hour of UTC."""
    async with reader.reading(account) as connection:
        rows = await SQL["count_faults_by_results"].fetch(connection, account=account, since=since, limit=MAX_FAULTS)
    faults = [CountedFault(SeenError(**{name: row[name] for name in _OF_ERROR}), row["results"]) for row in rows]
    return FaultCounts(faults, rows[0]["of_all"] if rows else 0)


_OF_ERROR = ("integration_type", "affiliate", "code", "fingerprint", "message", "category")


async def list_entries(connection: Connection, account: str) -> list[OwnEntry]:
    """Return the entries of an account, on a connection that sees them. One that can't be read holds no more."""
    rows = await SQL["list_own_entries"].fetch(connection, account=account)
    return readable(
        "entry of the playbook",
        account,
        rows,
        lambda row: OwnEntry(
            row["entry_id"],
            WrittenEntry.model_validate_json(row["entry"]),
            row["changed_by"],
            row["key_name"],
            row["changed_at"],
        ),
    )


async def _add(connection: Connection, entry: WrittenEntry | None, grant: Grant, **change: str | uuid.UUID) -> None:
    await SQL["insert_entry_change"].execute(
        connection,
        entry=None if entry is None else entry.model_dump_json(),
        key_id=grant.key_id,
        key_name=grant.name,
        **change,
    )
