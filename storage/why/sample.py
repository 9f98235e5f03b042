"""A sample of results around a beginning, which does not grow with the account.

The counts of an affiliate's facets say what there is; logs of them are chosen by index from slices of the time, and
their attempts are looked at. Decision 0045 has the bounds and what they cost.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any, Final, NamedTuple

from schemas.why.subject import Subject
from schemas.why.trait import Shares
from storage.database import Connection, Database
from storage.statements import SQL
from storage.why.requests import read_successes
from storage.why.seen import Seen, one_of_each, seen

#: Time before the beginning of which results are compared with those after it.
BEFORE: Final = timedelta(hours=6)
#: Time that is looked at where nobody can say when it began.
UNKNOWN: Final = timedelta(days=14)
#: Logs of each kind that are looked at: affected ones, others that failed, others that did not, reprocessed ones.
AFFECTED, FAILED, SUCCEEDED, REPROCESSED = 240, 80, 320, 120
#: Largest number of logs; a little more than their sum, since of each facet one is looked at.
MOST_LOGS: Final = 900
#: Facets of each kind, slices of the time, and attempts of each log.
_FACETS, _SLICES, _EACH = 12, 8, 4
_MOST_BYTES, _MOST_BYTES_TOGETHER = 32 * 1024, 4 * 1024 * 1024
#: Time for each statement: a page waits for it.
_STATEMENT_TIMEOUT: Final = "1500ms"
#: Span of results from which on the hour of the day says something.
_DAYS: Final = timedelta(days=2)


class Sample(NamedTuple):
    """Results that were looked at, and what goes with them."""

    seen: Sequence[Seen] = ()
    affiliates: tuple[str, Shares] | None = None  # the affiliate, counted against the others
    successes: Mapping[uuid.UUID, Sequence[Any]] = {}


class _Span(NamedTuple):
    since: datetime
    until: datetime
    now: datetime

    @property
    def slices(self) -> list[tuple[datetime, datetime]]:
        """The span in parts, and the time since: a log that was processed again shows its last result alone."""
        width = (self.until - self.since) / _SLICES
        edges = [self.since + width * place for place in range(_SLICES)]
        # Results may be up to an hour ahead.
        edges += [self.until, max(self.until, self.now) + timedelta(hours=1)]
        return list(pairwise(edges))


async def read_sample(database: Database, account: str, subject: Subject, *, evidence: bool, now: datetime) -> Sample:
    """Read the sample of a subject. `evidence`: the caller may see it. Raises TimedOut."""
    until = subject.ended or now
    span = _Span((subject.began or until - UNKNOWN) - BEFORE, until, now)
    own = {"account": account, "integration_type": subject.integration_type}
    async with database.snapshot(account) as connection:
        await SQL["why_limit"].fetchval(connection, timeout=_STATEMENT_TIMEOUT)
        rows = await SQL["why_attempts"].fetch(
            connection,
            account=account,
            log_ids=await _logs(connection, own, subject, span),
            since=span.since,
            until=span.until,
            each=_EACH,
            most_bytes=_MOST_BYTES,
            most_bytes_together=_MOST_BYTES_TOGETHER,
        )
        of_days = span.until - span.since >= _DAYS
        found = one_of_each((seen(row, subject, of_days=of_days, evidence=evidence) for row in rows), subject)
        affiliates = await _affiliates(connection, own, subject, until)
        successes = await read_successes(connection, account, found) if evidence else {}
    return Sample(found, affiliates, successes)


async def _logs(connection: Connection, own: Mapping[str, Any], subject: Subject, span: _Span) -> list[uuid.UUID]:
    """Choose logs: of each kind of facet in the measure of its logs, from all of the time."""
    facets = await SQL["why_facets"].fetch(
        connection,
        **own,
        affiliate=subject.affiliate,
        since=span.since,
        in_general=subject.in_general,
        faults=subject.faults,
    )
    chosen: dict[uuid.UUID, int] = {}
    for affected, failed, quota in ((True, True, AFFECTED), (False, True, FAILED), (False, False, SUCCEEDED)):
        kind = [each for each in facets if each["affected"] is affected and (affected or each["failed"] is failed)]
        total = sum(each["logs"] for each in kind[:_FACETS])
        for each in kind[:_FACETS]:
            chosen[each["id"]] = ceil(quota * each["logs"] / total)
    starts, ends = zip(*span.slices, strict=True)
    found = await SQL["why_logs"].fetch(
        connection,
        account=own["account"],
        facet_id=list(chosen),
        most=list(chosen.values()),
        slice_from=starts,
        slice_to=ends,
    )
    reprocessed = await SQL["why_reprocessed"].fetch(
        connection, account=own["account"], faults=subject.faults, limit=REPROCESSED
    )
    return list(dict.fromkeys(row["log_id"] for row in (*reprocessed, *found)))[:MOST_LOGS]


async def _affiliates(
    connection: Connection, own: Mapping[str, Any], subject: Subject, until: datetime
) -> tuple[str, Shares] | None:
    """Count the affiliate against the others, by the series; None where nothing of another could be affected."""
    if subject.affiliate is None or subject.began is None:
        return None
    codes: list[str] = []
    if not subject.in_general:
        # An error without a code is of one affiliate, by its fingerprint.
        codes = await SQL["why_codes"].fetchval(connection, **own, faults=subject.faults)
        if not codes:
            return None
    since = subject.began.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = await SQL["why_affiliates"].fetch(connection, **own, codes=codes, since=since, until=until)
    one = next((row for row in rows if row["affiliate"] == subject.affiliate), None)
    affected = sum(row["affected"] for row in rows)
    others = sum(row["results"] for row in rows) - affected
    is_alone = all(row is one for row in rows)
    if one is None or is_alone or not affected or not others:
        return None
    return subject.affiliate, Shares(one["affected"], affected, one["results"] - one["affected"], others)
