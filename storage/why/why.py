"""Reader of why something went wrong."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from schemas.activity import ActivityFilter
from schemas.incident import Incident
from schemas.shown.activity import ActivityEntry
from schemas.shown.why import ActCause, FirstAffected, NewValueCause, ShownFeature, TraitCause, WhyNow
from schemas.shown.why import Cause as ShownCause
from schemas.why.act import AFTER, HISTORY, KINDS, Act, Before
from schemas.why.beginning import beginning
from schemas.why.cause import CameUp, Cause, causes
from schemas.why.result import Feature
from schemas.why.subject import Subject
from storage.activity import list_activity
from storage.database import Database
from storage.errors import TimedOut
from storage.statements import SQL
from storage.why.requests import difference_of
from storage.why.sample import UNKNOWN, Sample, read_sample
from storage.why.seen import Seen

#: Acts that are looked at, the last ones.
_ACTS = 500
_HOUR = timedelta(hours=1)


async def why_incident(database: Database, incident: Incident, *, evidence: bool, now: datetime) -> WhyNow:
    """Return why an incident may have begun. `evidence`: the caller may see it."""
    return await _why(database, incident.account, Subject.of_incident(incident), evidence=evidence, now=now)


async def why_group(
    database: Database, account: str, integration_type: str, fingerprint: str, *, evidence: bool, now: datetime
) -> WhyNow | None:
    """Return why a group of equal errors may have begun, or become frequent; None for an error that was never seen."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    since = end - UNKNOWN
    async with database.snapshot(account) as connection:
        fault = await SQL["why_fault"].fetchrow(
            connection, account=account, integration_type=integration_type, fingerprint=fingerprint, since=since
        )
    if fault is None:
        return None
    began = fault["first_seen_at"]
    if began < since:
        began = beginning(dict(zip(fault["hours"], fault["results"], strict=True)), since, end)
    subject = Subject(
        integration_type,
        fault["affiliate"],
        (fingerprint,),
        in_general=False,
        began=began,
        ended=None,
        has_results=fault["affiliate"] is not None,
    )
    return await _why(database, account, subject, evidence=evidence, now=now)


async def _why(database: Database, account: str, subject: Subject, *, evidence: bool, now: datetime) -> WhyNow:
    acts, history = await _acts(database, account, subject.began)
    sample, complete = Sample(), True
    if subject.has_results:
        try:
            sample = await read_sample(database, account, subject, evidence=evidence, now=now)
        except TimedOut:
            complete = False

    def answer() -> WhyNow:
        affected = [each for each in sample.seen if each.looked.affected]
        found = causes(
            [each.looked for each in sample.seen],
            [_act(each) for each in acts.values()],
            began=subject.began,
            affiliate=subject.affiliate,
            integration_type=subject.integration_type,
            affiliates=sample.affiliates,
            history=history,
        )
        return WhyNow(
            integration_type=subject.integration_type,
            affiliate=subject.affiliate,
            began=subject.began,
            affected=len(affected),
            others=len(sample.seen) - len(affected),
            complete=complete,
            evidence="shown" if evidence else "not_permitted",
            findings=[_shown(each, acts) for each in found],
            first=_first(affected),
            difference=difference_of(affected, sample.successes),
        )

    # It takes some hundred milliseconds at most, in which other requests have their turn.
    return await asyncio.to_thread(answer)


async def _acts(database: Database, account: str, began: datetime | None) -> tuple[dict[str, ActivityEntry], timedelta]:
    """Return the acts before the beginning by id, and the time of which they are all."""
    if began is None:
        return {}, HISTORY
    among = ActivityFilter(kind=KINDS, at_from=began - HISTORY, at_to=began + AFTER)
    found = await list_activity(database, account, among, after=None, limit=_ACTS)
    history = HISTORY if len(found) < _ACTS else max(began - found[-1].at, _HOUR)
    return {each.id: each for each in found}, history


def _act(entry: ActivityEntry) -> Act:
    # What is done by itself, as automatic retries, comes at its own rate.
    action = f"{entry.action} by itself" if entry.is_automatic else entry.action
    about = entry.about
    affiliate, integration_type = about.get("affiliate"), about.get("integration_type")
    return Act(entry.id, entry.at, entry.kind, action, affiliate, integration_type, entry.is_automatic)


def _first(affected: list[Seen]) -> FirstAffected | None:
    if not affected:
        return None
    first = min(affected, key=lambda each: (each.looked.at, each.received_at, each.log_id))
    return FirstAffected(
        log_id=str(first.log_id),
        key=first.key,
        source=first.source,
        operation=first.operation,
        processed_at=first.looked.at,
        received_at=first.received_at,
        with_it=sum(each.received_at == first.received_at for each in affected),
    )


def _shown(found: Cause, acts: Mapping[str, ActivityEntry]) -> ShownCause:
    if isinstance(found, Before):
        return ActCause(strength=found.strength, act=acts[found.id], chance=found.chance)
    if isinstance(found, CameUp):
        return NewValueCause(strength=found.strength, feature=_feature(found.feature), since=found.since)
    return TraitCause(
        strength=found.strength,
        feature=_feature(found.feature, missing=found.is_missing),
        **found.shares._asdict(),
        lift=found.shares.lift,
        chance=found.shares.chance,
        since=found.since,
        also=[_feature(each, missing=is_missing) for each, is_missing in found.also],
    )


def _feature(each: Feature, *, missing: bool = False) -> ShownFeature:
    return ShownFeature(**each._asdict(), missing=missing)
