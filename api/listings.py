"""The lists that are read page by page, each with its name and order. The API and the pages read the same ones."""

import uuid

from api.pages import Listing
from schemas.export import Export
from schemas.filter import LogFilter
from schemas.group import ErrorGroup
from schemas.item_state import ItemState
from schemas.shown.command import ReprocessCommand, ReprocessItem
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.shown.log import StatusLog, TimelineEntry
from storage.cursors import TimeAndText


def logs(account: str, integration_type: str, filter_: LogFilter, size: int, token: str | None) -> Listing[StatusLog]:
    """Status logs that a filter matches, newest processing date first."""
    name = f"logs\n{account}\n{integration_type}\n{filter_.model_dump_json()}"
    return Listing(name, lambda log: (log.processed_at, log.id), size, token)


def vtex_logs(
    account: str, day: str, zone: str, statuses: tuple[str, ...], size: int, token: str | None
) -> Listing[StatusLog]:
    """Status logs of every type that were processed on a day of a time zone, newest processing date first."""
    name = f"vtex-logs\n{account}\n{day}\n{zone}\n{statuses}"
    return Listing(name, lambda log: (log.processed_at, log.id), size, token)


def groups(
    account: str, integration_type: str, filter_: LogFilter, size: int, token: str | None
) -> Listing[ErrorGroup]:
    """Groups of equal errors among the logs that a filter matches, most logs first."""
    name = f"groups\n{account}\n{integration_type}\n{filter_.model_dump_json()}"
    return Listing(name, lambda group: (group.logs, group.fingerprint), size, token)


def timeline(
    account: str, integration_type: str, log_id: uuid.UUID, size: int, token: str | None
) -> Listing[tuple[TimeAndText, TimelineEntry]]:
    """Entries of one log's timeline, each with its place, newest first."""
    return Listing(f"timeline\n{account}\n{integration_type}\n{log_id}", lambda placed: placed[0], size, token)


def commands(account: str, size: int, token: str | None) -> Listing[ReprocessCommand]:
    """Reprocess commands, newest first."""
    return Listing(f"commands\n{account}", lambda command: (command.requested_at, command.id), size, token)


def items(
    account: str, command_id: str, state: ItemState | None, size: int, token: str | None
) -> Listing[ReprocessItem]:
    """Items of one command, of one state if one is given, in the order in which they were made."""
    return Listing(f"items\n{account}\n{command_id}\n{state}", lambda item: (item.created_at, item.id), size, token)


def dead_letters(account: str, *, every_account: bool, size: int, token: str | None) -> Listing[ShownDeadLetter]:
    """Dead letters, newest first; with `every_account` also those that name no account."""
    name = f"dead-letters\n{account}\n{every_account}"
    return Listing(name, lambda letter: (letter.received_at, letter.id), size, token)


def exports(account: str, size: int, token: str | None) -> Listing[Export]:
    """The audit of exports, newest first."""
    return Listing(f"exports\n{account}", lambda export: (export.requested_at, export.id), size, token)
