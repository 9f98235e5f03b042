"""The lists that are read page by page, each with its name and order. The API and the pages read the same ones."""

import uuid
from collections.abc import Mapping, Sequence

from api.log_listing import LogListing
from api.pages import Listing
from schemas.activity import ActivityFilter
from schemas.export import Export
from schemas.filter import LogFilter
from schemas.group import ErrorGroup
from schemas.group_filter import GroupFilter, place_of
from schemas.group_line import GroupLine
from schemas.incident import Incident
from schemas.item_state import ItemState
from schemas.letter_filter import LetterFilter
from schemas.log_sort import LogSort
from schemas.notification.message import MessageState
from schemas.redrive import RedriveItemState
from schemas.shown.activity import ActivityEntry
from schemas.shown.command import LedgerItem, ReprocessCommand
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.shown.log import StatusLog, TimelineEntry
from schemas.shown.notification import ShownMessage
from schemas.shown.playbook import ListedEntry, PlaybookFilter
from schemas.shown.redrive import Redrive, RedriveItem
from storage.cursors import TimeAndText
from storage.dead_letters import Reach


def logs(
    account: str, integration_type: str, filter_: LogFilter, sort: LogSort, size: int, token: str | None
) -> LogListing:
    """Status logs that a filter matches, in any order."""
    return LogListing(account, integration_type, filter_, sort, size, token)


def vtex_logs(
    account: str, day: str, zone: str, statuses: tuple[str, ...], size: int, token: str | None
) -> Listing[StatusLog]:
    """Status logs of every type that were processed on a day of a time zone, newest processing date first."""
    name = f"vtex-logs\n{account}\n{day}\n{zone}\n{statuses}"
    return Listing(name, lambda log: (log.processed_at, log.id), size, token)


def groups(
    account: str, integration_type: str, filter_: LogFilter, wanted: GroupFilter, size: int, token: str | None
) -> Listing[ErrorGroup]:
    """Groups of equal errors among the logs that a filter matches, in the wanted order, those that are ignored last."""
    name = f"groups\n{account}\n{integration_type}\n{filter_.model_dump_json()}\n{wanted.model_dump_json()}"
    return Listing(name, lambda group: (place_of(group, wanted.sort), group.fingerprint), size, token)


def lines(
    account: str, integration_type: str, filter_: LogFilter, wanted: GroupFilter, size: int, token: str | None
) -> Listing[GroupLine[ErrorGroup]]:
    """Groups as `groups` has them, those of one error at several affiliates together."""
    name = f"lines\n{account}\n{integration_type}\n{filter_.model_dump_json()}\n{wanted.model_dump_json()}"
    return Listing(name, lambda line: (line.place, line.name), size, token)


def playbook(account: str, filter_: PlaybookFilter, size: int, token: str | None) -> Listing[ListedEntry]:
    """Entries of the playbook: an account's own, then the file's, then those that are shipped."""
    return Listing(f"playbook\n{account}\n{filter_.model_dump_json()}", lambda entry: entry.place, size, token)


def timeline(
    account: str, integration_type: str, log_id: uuid.UUID, size: int, token: str | None
) -> Listing[tuple[TimeAndText, TimelineEntry]]:
    """Entries of one log's timeline, each with its place, newest first."""
    return Listing(f"timeline\n{account}\n{integration_type}\n{log_id}", lambda placed: placed[0], size, token)


def commands(account: str, automatic: bool | None, size: int, token: str | None) -> Listing[ReprocessCommand]:  # noqa: FBT001 - a filter
    """Reprocess commands, newest first: those that are `automatic`, or are not, if that is told."""
    return Listing(f"commands\n{account}\n{automatic}", lambda command: (command.requested_at, command.id), size, token)


def items(account: str, command_id: str, state: ItemState | None, size: int, token: str | None) -> Listing[LedgerItem]:
    """Items of one command, of one state if one is given, in the order of their ids."""
    return Listing(f"items\n{account}\n{command_id}\n{state}", lambda item: (0, item.id), size, token)


def items_by_state(
    account: str, command_id: str, states: Sequence[ItemState], size: int, token: str | None
) -> Listing[LedgerItem]:
    """Items of one command in the order of their `states`."""
    places = {state.value: place for place, state in enumerate(states)}
    name = f"items by state\n{account}\n{command_id}\n{list(places)}"
    return Listing(name, lambda item: (places[item.state], item.id), size, token)


def dead_letters(reach: Reach, filter_: LetterFilter, size: int, token: str | None) -> Listing[ShownDeadLetter]:
    """Dead letters that a filter matches, newest first; for some callers also those that name no account."""
    name = f"dead-letters\n{reach.account}\n{reach.every_account}\n{filter_.model_dump_json()}"
    return Listing(name, lambda letter: (letter.received_at, letter.id), size, token)


def redrives(account: str, size: int, token: str | None) -> Listing[Redrive]:
    """Redrives of dead letters, newest first."""
    return Listing(f"redrives\n{account}", lambda redrive: (redrive.requested_at, redrive.id), size, token)


def redrive_items(
    account: str, redrive_id: uuid.UUID, state: RedriveItemState | None, size: int, token: str | None
) -> Listing[RedriveItem]:
    """Letters of one redrive, of one state if one is given, in the order in which they are sent."""
    name = f"redrive-items\n{account}\n{redrive_id}\n{state}"
    return Listing(name, lambda item: (item.number, item.letter_id), size, token)


def incidents(account: str, where: Mapping[str, Sequence[str]], size: int, token: str | None) -> Listing[Incident]:
    """Incidents of some states, kinds, affiliates and types, opened last first."""
    name = f"incidents\n{account}\n{sorted(where.items())}"
    return Listing(name, lambda incident: (incident.opened_at, str(incident.incident_id)), size, token)


def messages(account: str, state: MessageState | None, size: int, token: str | None) -> Listing[ShownMessage]:
    """Messages of the log of notifications, of one state if one is given, newest first."""
    name = f"messages\n{account}\n{state}"
    return Listing(name, lambda message: (message.number, message.id), size, token)


def exports(account: str, size: int, token: str | None) -> Listing[Export]:
    """The audit of exports, newest first."""
    return Listing(f"exports\n{account}", lambda export: (export.requested_at, export.id), size, token)


def activity(account: str, filter_: ActivityFilter, size: int, token: str | None) -> Listing[ActivityEntry]:
    """Acts of people that a filter matches, newest first."""
    name = f"activity\n{account}\n{filter_.model_dump_json()}"
    return Listing(name, lambda act: (act.at, act.id), size, token)
