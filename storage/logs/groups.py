"""Reader of groups of equal errors: it lists them from the kept counts, then reads the details of one page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.filter import LogFilter
from schemas.fingerprint import fingerprint
from schemas.group import ErrorGroup, GroupSample, Trend
from schemas.group_filter import ANY_GROUP, BEHIND, GroupFilter
from schemas.group_line import GroupLine, lines_of
from schemas.search.query import search_of
from storage.cursors import BEFORE_EVERY_GROUP, CountAndText
from storage.database import Connection, Database
from storage.filters import SEARCH, SPAN, filtered, names_command, no_dimensions
from storage.logs.cures import cures_of
from storage.logs.page import found_by_search, unlimited
from storage.logs.spans import DAY, HOUR, between, take_apart
from storage.logs.triage import Triage, read_history, read_triage
from storage.statements import SQL

#: Groups among which those of one error at several affiliates are looked for, in their order: the page says so where
#: there are more.
MAX_TOGETHER = 1000


class _Asked(NamedTuple):
    """Question to one snapshot."""

    connection: Connection
    own: dict[str, Any]  # account and type
    filter_: LogFilter
    wanted: GroupFilter
    triage: Triage
    recent: datetime  # the first of the 24 hours of UTC that end with the present one

    async def rows(self, after: CountAndText | None, limit: int) -> list[Any]:
        """Read one page of groups, without their details."""
        place, name = after or BEFORE_EVERY_GROUP
        only, never = self.triage.chosen(self.wanted)
        page = {
            "after_place": place,
            "after_fingerprint": name,
            "limit": limit,
            "only": only,
            "never": never,
            "sort": self.wanted.sort,
            "last": self.triage.ignored,
            "behind": BEHIND,
            "recent": self.recent,
            "before": self.recent - DAY,
        }
        groups = _groups if self.filter_.q is None else _groups_found
        if names_command(self.filter_):
            groups = _groups_singly
        return await groups(self.connection, self.own, self.filter_, page)

    async def details(self, rows: Sequence[Any]) -> list[ErrorGroup]:
        """Read the details of these groups."""
        connection, account = self.connection, self.own["account"]
        fingerprints = [row["fingerprint"] for row in rows]
        newest = {row["fingerprint"]: row["newest"] for row in rows}
        if self.filter_.q is None and not names_command(self.filter_):
            newest |= await _newest(connection, self.own, self.filter_, fingerprints)
        samples = await SQL["sample_group_logs"].fetch(connection, account=account, ids=list(newest.values()))
        those = {**self.own, "fingerprints": fingerprints}
        faults = await SQL["read_faults"].fetch(connection, **those, recent=self.recent, before=self.recent - DAY)
        cures = await cures_of(connection, account, fingerprints)
        history = await read_history(connection, **those)
        log_of = {row["id"]: row for row in samples}
        fault_of = {row["fingerprint"]: row for row in faults}
        return [
            ErrorGroup(
                **dict(self.triage.standing(name)),
                **_counted(self.own["integration_type"], row, log_of[newest[name]], fault_of[name]),
                cure=cures[name],
                playbook=None,
                owner=self.triage.owners.get(name),
                tags=self.triage.tags.get(name, []),
                ticket=self.triage.tickets.get(name),
                history=history.get(name, []),
            )
            for row, name in zip(rows, fingerprints, strict=True)
        ]


async def list_groups(
    database: Database,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    now: datetime,
    after: CountAndText | None,
    limit: int,
    wanted: GroupFilter = ANY_GROUP,
) -> list[ErrorGroup]:
    """Return `limit` of the wanted groups of the logs that the filter matches, in the wanted order, after `after`.

    Groups of one place (of `place_of`) are in the order of fingerprints. The trend ends at `now`. The playbook is left
    out. Groups are exactly those of the list with the same filter at the same time. Between two pages counts may
    change, and with them the position of a group.
    """
    async with database.snapshot(account) as connection:
        asked = await _asked(connection, account, integration_type, filter_, wanted=wanted, now=now)
        return await asked.details(await asked.rows(after, limit))


async def list_lines(
    database: Database,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    now: datetime,
    after: CountAndText | None,
    limit: int,
    wanted: GroupFilter = ANY_GROUP,
    together: int = MAX_TOGETHER,
) -> tuple[list[GroupLine[ErrorGroup]], bool]:
    """Return the groups as `list_groups` does, those of one error at several affiliates together, in `limit` lines.

    Only the first `together` groups are looked at; the second value is True when there are more.
    """
    place, name = after or BEFORE_EVERY_GROUP
    async with database.snapshot(account) as connection:
        asked = await _asked(connection, account, integration_type, filter_, wanted=wanted, now=now)
        rows = await asked.rows(None, together + 1)
        more, rows = len(rows) > together, rows[:together]
        names = [row["fingerprint"] for row in rows]
        texts = await SQL["read_fault_texts"].fetch(connection, **asked.own, fingerprints=names)
        error_of = {row["fingerprint"]: fingerprint(integration_type, "", row["code"], row["message"]) for row in texts}
        every = lines_of(rows, lambda row: error_of[row["fingerprint"]], wanted.sort)
        lines = [each for each in every if (-each.place, each.name) > (-place, name)][:limit]
        groups = await asked.details([row for line in lines for row in line.groups])
    group_of = {each.fingerprint: each for each in groups}
    return [line.of([group_of[row["fingerprint"]] for row in line.groups]) for line in lines], more


async def _asked(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    wanted: GroupFilter,
    now: datetime,
) -> _Asked:
    own = {"account": account, "integration_type": integration_type}
    recent = now.replace(minute=0, second=0, microsecond=0) + HOUR - DAY
    return _Asked(connection, own, filter_, wanted, await read_triage(connection, **own), recent)


class NamedFault(NamedTuple):
    """An error as people know it."""

    code: str | None
    category: str | None
    message: str | None  # that some result had


async def name_faults(
    connection: Connection, account: str, integration_type: str, fingerprints: Sequence[str], *, now: datetime
) -> dict[str, NamedFault]:
    """Return code, category and message of each of these errors, by fingerprint."""
    those = {"account": account, "integration_type": integration_type, "fingerprints": list(fingerprints)}
    rows = await SQL["read_faults"].fetch(connection, **those, recent=now, before=now)
    return {row["fingerprint"]: NamedFault(row["code"], row["category"], row["message"]) for row in rows}


class FaultDay(NamedTuple):
    """Failed results of one error on one day of UTC."""

    from_: datetime
    to: datetime
    results: int

    @property
    def by_status(self) -> dict[str, int]:
        """Results as a histogram has them."""
        return {"error": self.results} if self.results else {}


async def fault_days(
    database: Database, account: str, integration_type: str, fingerprints: Sequence[str], *, now: datetime, days: int
) -> dict[str, list[FaultDay]]:
    """Return the last `days` days of each of these errors, today included, oldest first; days without results too."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - DAY * back for back in reversed(range(days))]
    own = {"account": account, "integration_type": integration_type, "fingerprints": list(fingerprints)}
    async with database.snapshot(account) as connection:
        rows = await SQL["read_fault_days"].fetch(connection, **own, since=starts[0])
    results = {(row["fingerprint"], row["day"]): row["results"] for row in rows}
    return {
        each: [FaultDay(start, start + DAY, results.get((each, start), 0)) for start in starts] for each in fingerprints
    }


async def _groups(connection: Connection, own: dict[str, Any], filter_: LogFilter, page: dict[str, Any]) -> list[Any]:
    """Read one page of groups from the kept counts."""
    parts = take_apart(filter_.processed_from, filter_.processed_to, days=True)
    return await filtered("list_groups", filter_, handled=SPAN, **{**own, **parts.edges, **page}).fetch(connection)


async def _groups_singly(
    connection: Connection, own: dict[str, Any], filter_: LogFilter, page: dict[str, Any]
) -> list[Any]:
    """Read one page of groups of logs that are looked up one by one."""
    return await filtered("list_groups_singly", filter_, **own, **page).fetch(connection)


async def _groups_found(
    connection: Connection, own: dict[str, Any], filter_: LogFilter, page: dict[str, Any]
) -> list[Any]:
    """Read one page of groups of the logs that a search finds."""
    text = filter_.q or ""
    own = {**own, **page, **_span(filter_)}
    found = await found_by_search(connection, own["account"], own["integration_type"], text)
    if found is not None:
        among = filtered("list_groups_among", filter_, handled=SEARCH | SPAN, among=found, **own)
        return await among.fetch(connection)
    which = filtered(
        "list_fault_facets",
        filter_,
        handled=no_dimensions(),
        account=own["account"],
        integration_type=own["integration_type"],
    )
    facets = [row["id"] for row in await which.fetch(connection)]
    statement = filtered(
        "list_groups_found",
        filter_,
        handled=SEARCH | SPAN,
        **unlimited(search_of(own["account"], own["integration_type"], text)),
        facets=facets,
        **own,
    )
    await connection.execute("SET LOCAL enable_nestloop = off")
    rows = await statement.fetch(connection)
    await connection.execute("SET LOCAL enable_nestloop = on")
    return rows


async def _newest(
    connection: Connection, own: dict[str, Any], filter_: LogFilter, fingerprints: list[str]
) -> dict[str, Any]:
    statement = filtered("newest_of_groups", filter_, handled=SPAN, fingerprints=fingerprints, **own, **_span(filter_))
    return {row["fingerprint"]: row["id"] for row in await statement.fetch(connection)}


def _span(filter_: LogFilter) -> dict[str, Any]:
    return between(filter_.processed_from, filter_.processed_to)._asdict()


def _sample(integration_type: str, group: Any, log: Any, fault: Any) -> GroupSample:
    """Show the newest log of a group, with its message if that is of this fault, else with one that some result had.

    A log's message may be the result's own, or that of another error.
    """
    told = fingerprint(integration_type, *(log[name] for name in ("affiliate", "code", "message", "key")))
    message = log["message"] if told == group["fingerprint"] else fault["message"]
    return GroupSample(log_id=str(log["id"]), key=log["key"], message=message)


def _counted(integration_type: str, row: Any, log: Any, fault: Any) -> dict[str, Any]:
    """Return what is counted of a group, and its sample."""
    return {
        "fingerprint": row["fingerprint"],
        "code": fault["code"],
        "category": fault["category"],
        "affiliates": row["affiliates"],
        "statuses": row["statuses"],
        "logs": row["logs"],
        "first_seen_at": fault["first_seen_at"],
        "last_seen_at": fault["last_seen_at"],
        "results": fault["results"],
        "trend": Trend(last_24_hours=fault["last_24_hours"], the_24_hours_before=fault["the_24_hours_before"]),
        "sample": _sample(integration_type, row, log, fault),
    }
