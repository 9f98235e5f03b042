"""Reader of status logs, attempts and timelines. Every query names its account, and row-level security checks it."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

from schemas.catalogue import BY_NAME
from schemas.extensions import extensions_of
from schemas.filter import LogFilter
from schemas.item_state import ANSWERED_STATES, ItemState
from schemas.json_document import value_of
from schemas.log_sort import BY_COLUMN, MOVING, USUAL_SORT, LogSort
from schemas.raw_json import RawJson, elements, members, object_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, from_document
from schemas.result import MARKED_AHEAD, ResultData, ResultError
from schemas.search.query import finds, listed
from schemas.shown.log import (
    Action,
    Attempt,
    EvidenceState,
    ReprocessStep,
    Source,
    StatusLog,
    TimelineAttempt,
    TimelineConflict,
    TimelineEntry,
    TimelineReprocess,
)
from storage.columns import AS_THEY_ARE
from storage.cursors import NEWEST_BY_TEXT, LogCursor, TimeAndId, TimeAndText, Walk
from storage.database import Connection, Database
from storage.logs.by_column import read_sorted
from storage.logs.newest_names import read_names, remembered_names
from storage.logs.page import find_listed, read_page, search_types
from storage.logs.walk import begin_walk, until_last
from storage.retention import evidence_until
from storage.slices import in_slices
from storage.statements import SQL

#: Limit of evidence on a page of attempts, which ends early before it; but it has one entry at least.
MAX_TIMELINE_BYTES = 4 * 1024 * 1024
#: Function that returns the caller's actions on a log, by its type, affiliate, status, reprocess state, and True when a
#: person has paused its affiliate.
Actions = Callable[[str, str, str, str | None, bool], list[Action]]
_IN_ROWS = ("id", *AS_THEY_ARE)
_in_rows = itemgetter(*_IN_ROWS)
#: Columns that `Actions` takes.
_action_columns = itemgetter("integration_type", "affiliate", "status", "reprocess_state", "paused")


class FoundLog(NamedTuple):
    """A log with its details."""

    log: StatusLog
    last_attempt: Attempt | None
    aliases: dict[str, list[str]]
    sources: list[Source]


class FoundTimeline(NamedTuple):
    """Entries of a timeline, each with its cursor."""

    entries: list[tuple[TimeAndText, TimelineEntry]]
    cut: bool  # there are more within the limit, left out for their size


class ListedLogs(NamedTuple):
    """Logs of one page, and the walk that later pages go on with; None in a list in which no log moves behind."""

    logs: list[StatusLog]
    walk: Walk | None


class LogReader:
    """Reader for one caller, whose possible actions go with each log."""

    def __init__(self, database: Database, actions: Actions, *, evidence: bool = False) -> None:
        """`evidence`: the caller may see it."""
        self._database = database
        self._actions = actions
        self._evidence = evidence

    async def page(
        self, account: str, integration_type: str, filter_: LogFilter, *, after: TimeAndId | None, limit: int
    ) -> list[StatusLog]:
        """Return the newest `limit` logs that the filter matches, after `after`.

        Going on after the last row of each page never repeats a row, whatever is written meanwhile: a row only moves
        to the front. A row that moves there after the first page was read is on no later page.
        """
        async with self._database.reading(account) as connection:
            rows = await read_page(connection, account, integration_type, filter_, after=after, limit=limit)
        return await in_slices(self._log, rows)

    async def listed(
        self,
        account: str,
        integration_type: str,
        filter_: LogFilter,
        sort: LogSort,
        *,
        after: LogCursor | None,
        limit: int,
    ) -> ListedLogs:
        """Return `limit` logs that the filter matches, in any order: those after `after`, or before it when it says so,
        then the nearest first.

        Going on after the last row of each page never repeats a row, whatever is written meanwhile. Where a newer
        result may move a log behind, logs that got one since the first page was read are on no later page; nor are
        those that got one in the seconds before it, while other results are stored (in the minutes before, on a
        standby). An exception are `attempts` and `-first_seen_at`, where a result that comes late may move a row.
        Raises TooManyToSort for an order by a column of more logs than are sorted.
        """
        async with self._database.reading(account) as connection:
            own = (connection, account, integration_type)
            walked = None if after is None else after.walk
            walk = await begin_walk(*own) if after is None and sort in MOVING else walked
            meant = filter_ if walked is None else until_last(filter_, walked)
            as_of = None if walked is None else walked.as_of
            by = BY_COLUMN.get(sort)
            if by is not None:
                rows = await read_sorted(*own, meant, by, after=after, limit=limit, unchanged_since=as_of)
            else:
                from_newest = (sort == USUAL_SORT) != (after is not None and after.backwards)
                rows = await read_page(
                    *own,
                    meant,
                    after=None if after is None else (after.at, after.id),
                    limit=limit,
                    direction="newest" if from_newest else "oldest",
                    unchanged_since=as_of,
                )
        return ListedLogs(await in_slices(self._log, rows), walk)

    async def not_found(
        self, account: str, integration_types: Iterable[str], text: str | None, *, has_logs: bool
    ) -> list[str]:
        """Return the names that a search lists and no log of this account and these types has, as they were given.

        `has_logs`: the search finds some; then a text of which no part is a name was not meant as a list of names.
        """
        names = listed(text or "")
        left = dict(names)
        if left:
            async with self._database.reading(account) as connection:
                for each in integration_types:
                    for name in await find_listed(connection, account, each, list(left)):
                        del left[name]
        return [] if has_logs and len(left) == len(names) else list(left.values())

    async def found_by(self, account: str, text: str | None, logs: Sequence[StatusLog]) -> dict[str, tuple[str, str]]:
        """Return the first alias, with its kind before it, by which a search finds each of `logs`, by the log's id.

        Logs that it finds by the key, or by their messages alone, are not among them.
        """
        ids = [uuid.UUID(each.id) for each in logs if text and not finds(text, each.key)]
        if not text or not ids:
            return {}
        async with self._database.reading(account) as connection:
            rows = await SQL["list_aliases"].fetch(connection, account=account, log_ids=ids)
        found = (
            (str(row["id"]), (kind, alias)) for row in rows for kind, alias in row["aliases"] if finds(text, alias)
        )
        return dict(reversed([*found]))

    async def one(self, account: str, integration_type: str, log_id: uuid.UUID) -> FoundLog | None:
        """Return one log with its last attempt and names; None when this account and type has no such log."""
        async with self._database.reading(account) as connection:
            row = await SQL["get_log"].fetchrow(
                connection, account=account, integration_type=integration_type, log_id=log_id
            )
        return None if row is None else self._found(row)

    async def detailed(self, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]) -> list[FoundLog]:
        """Return those of `log_ids` that this account and type has, in any order, each as `one` does.

        What they hold may be 1 MiB each, so that a caller asks for few at a time.
        """
        async with self._database.reading(account) as connection:
            rows = await SQL["get_detailed_logs"].fetch(
                connection, account=account, integration_type=integration_type, log_ids=log_ids
            )
        return await in_slices(self._found, rows)

    async def many(self, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]) -> list[StatusLog]:
        """Return the logs of this account and type among `log_ids`, in that order, without evidence."""
        async with self._database.reading(account) as connection:
            rows = await SQL["get_logs"].fetch(
                connection, account=account, integration_type=integration_type, log_ids=log_ids
            )
        found = {row["id"]: row for row in rows}
        return [self._log(found[log_id]) for log_id in dict.fromkeys(log_ids) if log_id in found]

    async def shown_attempts(self, account: str, logs: Sequence[StatusLog]) -> list[Attempt | None]:
        """Return the attempts that `logs` show, in their order; None for one that retention has deleted.

        There are fewer than logs when the first ones are large.
        """
        async with self._database.reading(account) as connection:
            rows = await SQL["get_shown_attempts"].fetch(
                connection,
                account=account,
                log_ids=[uuid.UUID(each.id) for each in logs],
                most_bytes=MAX_TIMELINE_BYTES,
            )
        return [None if row["attempt_result_id"] is None else self._attempt(row) for row in rows]

    async def last_successes(self, account: str, before: Mapping[uuid.UUID, datetime]) -> dict[uuid.UUID, Attempt]:
        """Return the last success of each log among its newest attempts before a time, by the log's id, where there is
        one.
        """
        if not before:
            return {}
        async with self._database.reading(account) as connection:
            rows = await SQL["get_last_successes"].fetch(
                connection, account=account, log_id=list(before), before=list(before.values())
            )
        return dict(await in_slices(lambda row: (row["log_id"], self._attempt(row)), rows))

    async def timeline(
        self, account: str, integration_type: str, log_id: uuid.UUID, *, after: TimeAndText | None, limit: int
    ) -> FoundTimeline | None:
        """Return the newest `limit` entries after `after`, or fewer when they are large; None for an unknown log."""
        async with self._database.snapshot(account) as connection:
            own = {"account": account, "log_id": log_id}
            if not await SQL["has_log"].fetchval(connection, **own, integration_type=integration_type):
                return None
            at, name = after or NEWEST_BY_TEXT
            rows = await SQL["timeline"].fetch(connection, **own, after_at=at, after_name=name, limit=limit)
            entries = _within(MAX_TIMELINE_BYTES, rows)
            attempts = {
                row["attempt_result_id"]: self._attempt(row)
                for row in await _attempts(
                    connection, account, log_id, [(row["at"], row["id"]) for row in entries if _is_attempt(row)]
                )
            }
            steps = [row["id"] for row in entries if not _is_attempt(row) and not _is_conflict(row)]
            items = {row["id"]: row for row in await SQL["get_items"].fetch(connection, account=account, ids=steps)}
            refused = [row["id"] for row in entries if _is_conflict(row)]
            conflicts = {row["id"]: row for row in await SQL["get_conflicts"].fetch(connection, **own, ids=refused)}
        placed = [((row["at"], row["name"]), _entry(row, attempts, items, conflicts)) for row in entries]
        return FoundTimeline(placed, cut=len(entries) < len(rows))

    async def search(self, account: str, text: str, limit: int) -> list[StatusLog]:
        """Return up to `limit` logs of any type with a name that `text` finds: first those of which it is the whole
        name, or of which it lists the name; then the newest.
        """
        names = remembered_names(self._database)
        known = names.get(account)
        async with self._database.reading(account) as connection:
            rows = [] if known is None else await search_types(connection, account, text, known, limit=limit)
            # Of more than are asked for, the newest are told by the newest names of now.
            if known is None or len(rows) == limit:
                newest = await read_names(connection, account, BY_NAME)
                names.put(account, newest)
                rows = await search_types(connection, account, text, newest, limit=limit)
        return await in_slices(self._log, rows)

    def _found(self, row: Any) -> FoundLog:
        aliases: dict[str, list[str]] = {}
        for name, value in row["aliases"]:
            aliases.setdefault(name, []).append(value)
        attempt = None if row["attempt_result_id"] is None else self._attempt(row)
        sources = [Source.model_validate(each) for each in json.loads(row["sources"])]
        return FoundLog(self._log(row), attempt, aliases, sources)

    def _log(self, row: Any) -> StatusLog:
        reprocess = None
        if row["reprocess_state"] is not None:
            reprocess = ReprocessStep(
                state=row["reprocess_state"],
                item_id=str(row["reprocess_item_id"]),
                command_id=row["reprocess_command_id"],
                at=row["reprocess_at"],
            )
        fields = dict(zip(_IN_ROWS, _in_rows(row), strict=True))
        fields["id"] = str(fields["id"])
        fields["reprocess"] = reprocess
        fields["next_try_at"] = row["next_try_at"]
        fields["actions"] = self._actions(*_action_columns(row))
        return StatusLog.as_stored(fields)

    def _attempt(self, row: Any) -> Attempt:
        came = RawJson(row["attempt_body"].strip())
        attributes = came.fields if row["attempt_structured"] else RawJson(row["attempt_extensions"] or "{}").fields
        fields = attributes["data"].fields if row["attempt_structured"] else came.fields
        document = value_of(came.text.encode())
        data = document["data"] if row["attempt_structured"] else document
        state = _evidence_state(row, permitted=self._evidence)
        evidence = fields if state == "shown" else {}
        errors = [RawJson(each) for each in elements(fields["errors"].text)] if data.get("errors") else []
        return Attempt(
            result_id=str(row["attempt_result_id"]),
            event_id=row["attempt_event_id"],
            source=row["attempt_source"],
            status=row["attempt_status"],
            processed_at=row["attempt_processed_at"],
            received_at=row["attempt_received_at"],
            operation=data.get("operation"),
            message=data.get("message") or row["attempt_message"],
            errors=errors if state == "shown" else [_known_of(each) for each in errors],
            request=_unless_null(evidence.get("request")),
            response=_unless_null(evidence.get("response")),
            aliases=data.get("aliases") or {},
            extra={name: value for name, value in evidence.items() if name not in ResultData.model_fields},
            extensions=extensions_of(attributes) if state == "shown" else {},
            late=row["attempt_late"],
            ahead=row["attempt_processed_at"] - row["attempt_received_at"] > MARKED_AHEAD,
            altered=row["attempt_altered"],
            alterations=_alterations(row),
            answers_item_id=None if row["attempt_item_id"] is None else str(row["attempt_item_id"]),
            evidence=state,
            evidence_until=evidence_until(
                self._database.settings, row["attempt_processed_at"], row["attempt_received_at"]
            )
            if state == "shown"
            else None,
        )


#: State of an item after a step, if it was ever sent; after `answered` it is that of its last answer.
_STATE_AFTER = {"requested": ItemState.QUEUED, "sent": ItemState.SENT, "silent": ItemState.SILENT}


def _state_after(step: str, item: Any) -> ItemState:
    if not item["sent_at"]:
        return ItemState(item["state"])
    if step == "answered" and item["state"] not in ANSWERED_STATES:
        return ItemState.BUSY  # it is to be sent again, or was: only a busy answer has that
    return _STATE_AFTER.get(step, ItemState(item["state"]))


def _within(max_bytes: int, rows: Sequence[Any]) -> list[Any]:
    """Return the first of `rows` that have at most `max_bytes` together, and one row in any case."""
    sizes = accumulate(row["bytes"] for row in rows)
    return [row for index, (row, size) in enumerate(zip(rows, sizes, strict=True)) if index == 0 or size <= max_bytes]


def _is_attempt(row: Any) -> bool:
    return str(row["name"]).startswith("attempt/")


def _is_conflict(row: Any) -> bool:
    return str(row["name"]).startswith("conflict/")


def _entry(
    row: Any, attempts: dict[uuid.UUID, Attempt], items: dict[uuid.UUID, Any], conflicts: dict[uuid.UUID, Any]
) -> TimelineEntry:
    if _is_attempt(row):
        return TimelineAttempt(at=row["at"], attempt=attempts[row["id"]])
    if _is_conflict(row):
        refused = conflicts[row["id"]]
        return TimelineConflict(
            at=row["at"],
            source=refused["source"],
            event_id=refused["event_id"],
            status=refused["status"],
            processed_at=refused["processed_at"],
        )
    item = items[row["id"]]
    step = row["name"].partition("/")[0]
    return TimelineReprocess(
        at=row["at"],
        step=step,
        state=_state_after(step, item),
        item_id=str(item["id"]),
        command_id=item["command_id"],
        requested_by=item["requested_by"],
        requested_with=item["requested_with"],
        reason=item["reason"],
        automatic=item["automatic"] and Reason.from_json(item["automatic"]),
        mode=item["mode"],
        refusal=item["refusal"] and Reason.from_json(item["refusal"]),
    )


async def _attempts(
    connection: Connection, account: str, log_id: uuid.UUID, wanted: Sequence[tuple[datetime, uuid.UUID]]
) -> list[Any]:
    if not wanted:
        return []
    times, ids = zip(*wanted, strict=True)
    return await SQL["get_attempts"].fetch(
        connection, account=account, log_id=log_id, processed_at=times, result_id=ids
    )


def _evidence_state(row: Any, *, permitted: bool) -> EvidenceState:
    if not permitted:
        return "not_permitted"
    return "shown" if row["attempt_evidence_expired_at"] is None else "expired"


def _alterations(row: Any) -> list[Reason]:
    """Return what was done to an attempt. Before that was stored, one thing was done to those that were altered."""
    if row["attempt_alterations"] is None:
        return [Reason(ReasonCode.ALTERED_CHARACTERS)] if row["attempt_altered"] else []
    return [from_document(each) for each in json.loads(row["attempt_alterations"])]


def _known_of(error: RawJson) -> RawJson:
    """Return an error without the fields that a connector may have added."""
    if not error.text.startswith("{"):
        return error
    return RawJson(object_of((name, text) for name, text in members(error.text) if name in ResultError.model_fields))


def _unless_null(value: RawJson | None) -> RawJson | None:
    return None if value is None or value.text == "null" else value
