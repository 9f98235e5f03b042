"""The comparison at the end: all that was sent and asked for, against all that is stored and shown."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import asyncpg

from schemas.item_state import OPEN_ITEM_STATES
from schemas.result import Result
from tests.chaos.ledger import Ledger, Letter, batch_letter, letter
from tests.chaos.load.answers import Answers
from tests.chaos.load.commands import Commands
from tests.chaos.load.web import Web
from tests.support.model import fold

#: Longest way of a retry from PostgreSQL to a connector, through a Kafka that is hurt too.
_ON_THE_WAY_SECONDS = 60.0


class Verdict(NamedTuple):
    """Seven counts, all of which must be 0."""

    lost: int = 0
    doubled: int = 0
    phantom: int = 0
    stale: int = 0
    wrong: int = 0
    unaccounted: int = 0
    lost_dead_letters: int = 0


#: The promise whose breaches each counts.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "lost": "results that Kafka acknowledged and that are in no timeline",
        "doubled": "results that are in a timeline more than once",
        "phantom": "results that nobody sent, good results among the dead letters, commands that nobody gave or whose "
        "caller was told that nothing was queued",
        "stale": "status logs that do not show the result with the highest version",
        "wrong": "status logs, counts, sums of commands and outcomes of items that differ from what was sent; answers "
        "of HTTP that are neither right nor 503; files that were cut and look whole",
        "unaccounted": "items without an end, commands that were taken and are not recorded or not over, retries of no "
        "item",
        "lost_dead_letters": "records that can't be results and are in no dead letter",
    }
)


class Findings:
    """Adds the counts up, and keeps a few sentences about each for whoever looks for the cause."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.samples: list[str] = []

    def add(self, count: str, what: Iterable[object]) -> None:
        found = list(what)
        self._counts[count] += len(found)
        self.samples.extend(f"{count}: {each}"[:500] for each in found[:5])

    @property
    def verdict(self) -> Verdict:
        return Verdict(**self._counts)


async def check_results(owner: asyncpg.Connection, sent: Sequence[Result], findings: Findings) -> None:
    """Compare timelines and status logs with the model."""
    attempts = Counter(tuple(row) for row in await owner.fetch("SELECT account, source, event_id FROM attempts"))
    ids = {(each.account, each.source, each.event_id) for each in sent}
    findings.add("lost", ids - set(attempts))
    findings.add("phantom", set(attempts) - ids)
    findings.add("doubled", (each for each, times in attempts.items() if times > 1))
    query = (
        "SELECT account, integration_type, affiliate, key, status, event_id, attempts, first_seen_at FROM status_logs"
    )
    rows = {tuple(row)[:4]: tuple(row)[4:] for row in await owner.fetch(query)}
    expected = {name: tuple(row) for name, row in fold(sent).items()}
    stale = {name for name, row in expected.items() if name in rows and rows[name][1] != row[1]}
    findings.add("stale", stale)
    differing = {name for name, row in expected.items() if rows.get(name) != row} | (set(rows) - set(expected))
    findings.add("wrong", (f"{name}: {rows.get(name)}, not {expected.get(name)}" for name in differing - stale))


async def check_dead_letters(owner: asyncpg.Connection, ledger: Ledger, findings: Findings) -> None:
    """Compare dead letters by code and content; a producer that repeats a record makes two, so more are allowed."""
    found: Counter[Letter] = Counter()
    for row in await owner.fetch("SELECT code, key, value FROM dead_letters"):
        is_batch = row["code"] == "too_large" and row["key"] is None
        found[
            batch_letter(row["code"], row["value"]) if is_batch else letter(row["code"], row["key"], row["value"])
        ] += 1
    lost = ledger.refused - found
    findings.add("lost_dead_letters", lost.elements())
    known = set(ledger.refused) | set(ledger.doubtful)
    findings.add("phantom", (f"dead letter {code}" for code, digest in found.elements() if (code, digest) not in known))


async def check_counts(web: Web, sent: Sequence[Result], findings: Findings) -> None:
    """Compare what the API counts with what was sent."""
    expected: dict[tuple[str, str], Counter[str]] = {}
    for (account, of_type, _affiliate, _key), row in fold(sent).items():
        expected.setdefault((account, of_type), Counter())[row.status] += 1
    for (account, of_type), by_status in expected.items():
        answer = await web.get("api", f"/accounts/{account}/{of_type}/logs/summary")
        if answer is None or answer.status_code != 200:
            findings.add("wrong", [f"summary of {account}, {of_type}: {answer}"])
            continue
        summary = answer.json()
        shown = {name: count for name, count in summary["by_status"].items() if count}
        if shown != dict(by_status) or summary["total"] != by_status.total():
            findings.add("wrong", [f"summary of {account}, {of_type}: {shown}, not {dict(by_status)}"])


async def check_reprocess(
    owner: asyncpg.Connection,
    commands: Commands,
    answers: Answers,
    lost_spans: Sequence[tuple[float, float]],
    settled_at: datetime,
    findings: Findings,
) -> None:
    """Every command and every item has its end, and none is there that nobody wants.

    What agents try again by themselves goes on after `settled_at`, when nobody answers any more: it has no end yet.
    """
    # Agents record commands of their own for what is tried again by itself.
    open_commands = await owner.fetch(
        "SELECT id, state FROM reprocess_commands WHERE automatic IS NOT NULL AND accepted_at <= $1 "
        "AND state NOT IN ('done', 'cancelled')",
        settled_at,
    )
    findings.add("unaccounted", (f"automatic command {row['id']} is {row['state']}" for row in open_commands))
    rows = await owner.fetch("SELECT id, state FROM reprocess_commands WHERE automatic IS NULL")
    recorded = {row["id"]: row["state"] for row in rows}
    findings.add("phantom", (f"command {each}" for each in recorded if each not in commands.asked))
    for command, asked in commands.asked.items():
        if asked.said == "taken":
            if recorded.get(command) not in {"done", "cancelled"}:
                findings.add("unaccounted", [f"command {command} is {recorded.get(command)}"])
        elif asked.said == "refused" and command in recorded and not _touches(lost_spans, asked.first, asked.at):
            findings.add("phantom", [f"command {command}, whose caller was told that nothing was queued"])
    query = """
        SELECT i.id, i.state, i.created_at > $1 AND c.automatic IS NOT NULL AS too_young
        FROM reprocess_items i JOIN reprocess_commands c ON (c.account, c.id) = (i.account, i.command_id)
    """
    found = await owner.fetch(query, settled_at)
    items = {str(row["id"]): row["state"] for row in found}
    still_open = {each.value for each in OPEN_ITEM_STATES}
    unended = (row for row in found if row["state"] in still_open and not row["too_young"])
    findings.add("unaccounted", (f"item {row['id']} is {row['state']}" for row in unended))
    for item, retry in answers.asked.items():
        # Only the database has automatic retries, and a command by a filter that is recorded anew selects what fails by
        # then: of a retry that left between the backup and its restore, there may be no item (docs/backup.md).
        asked_for = commands.asked.get(retry.command)
        is_lost = (asked_for is None or not asked_for.by_ids) and _touches(
            lost_spans, retry.at - _ON_THE_WAY_SECONDS, retry.at
        )
        if item not in items and not is_lost:
            findings.add("unaccounted", [f"retry {item} of command {retry.command} is of no item"])
    fixed = (item for item, state in items.items() if state == "fixed" and "success" not in answers.said.get(item, ()))
    findings.add("wrong", (f"item {each} is fixed, and nobody said so" for each in fixed))


async def check_sums(web: Web, accounts: Sequence[str], findings: Findings) -> None:
    """Each command's items sum to its total, as the API shows it."""
    for account in accounts:
        token = None
        while True:
            given = {"page_size": 200, **({"page_token": token} if token else {})}
            answer = await web.get("api", f"/accounts/{account}/reprocess", **given)
            if answer is None or answer.status_code != 200:
                findings.add("wrong", [f"commands of {account}: {answer}"])
                break
            page = answer.json()
            differing = (each for each in page["items"] if sum(each["items"].values()) != each["total"])
            findings.add("wrong", (f"command {each['id']}: {each['items']} of {each['total']}" for each in differing))
            if (token := page.get("next_page_token")) is None:
                break


def _touches(lost_spans: Sequence[tuple[float, float]], first: float, last: float) -> bool:
    """True if what a database has lost may be of the time from `first` to `last`."""
    return any(since <= last and first <= until for since, until in lost_spans)
