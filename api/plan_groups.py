"""The plan of a filter by group of equal errors: how many logs of each would be sent, and which are left out.

A group is taken or left out as a whole, by `exclude_fingerprint` of the one filter: what the plan counts is what the
list shows and the command does. A log of several groups is left out with any of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from api.plan import Plan, plan_of, settled, verdict_of
from schemas.caution import Caution, caution
from schemas.filter import MAX_GROUPS, ReprocessFilter
from schemas.group import Cure
from schemas.item_state import ItemState
from schemas.playbook import Playbook, PlaybookEntry, SeenError
from schemas.policy import Policy
from storage.database import Database
from storage.logs.cures import cures_of
from storage.logs.group_decisions import list_ignored
from storage.logs.groups import NamedFault, name_faults
from storage.reprocess import affiliates
from storage.reprocess.selection import FaultsGroup, survey_faults

#: Groups that are listed, the largest; beyond them only those that are left out.
LISTED: Final = 100


class PlannedGroup(NamedTuple):
    """One group of equal errors in a plan."""

    fingerprint: str
    code: str | None
    message: str | None
    affiliates: tuple[str, ...]
    logs: int  # that the filter matches, were no group left out
    sent: int  # of these, logs that will be sent; none where the group is left out
    taken: bool
    caution: Caution | None  # why it is better left out
    playbook: PlaybookEntry | None
    cure: Cure


class GroupedPlan(NamedTuple):
    """A plan, and its groups, most logs first."""

    plan: Plan
    filter: ReprocessFilter  # of the command
    as_of: datetime
    groups: list[PlannedGroup]
    matched: int  # logs that the filter matches, were no group left out
    shared: int  # of these, logs in several groups
    without_errors: int  # of these, logs in none
    unlisted: int  # groups that are taken and not listed


async def plan_groups(
    database: Database,
    account: str,
    integration_type: str,
    filter_: ReprocessFilter,
    *,
    policy: Policy,
    playbook: Playbook,
    as_of: datetime | None = None,
    chosen: bool = False,
) -> GroupedPlan:
    """Plan for a filter by group, exactly, in one snapshot, as of now, or of `as_of` if that is earlier.

    Groups with a caution are left out, unless somebody has `chosen` the groups: then `exclude_fingerprint` says all.
    Who names a group means it; who names a code means it too, but for groups that are ignored. Raises
    StorageUnavailable.
    """
    at = await settled(database, as_of)
    async with database.snapshot(account) as connection:
        whole = filter_.model_copy(update={"exclude_fingerprint": ()}).filter
        found = await survey_faults(connection, account, integration_type, whole, at)
        ignored = await list_ignored(connection, account, integration_type, whole)
        sizes = sizes_of(found)
        listed = _listed(sizes, {*ignored, *filter_.exclude_fingerprint})
        faults = await name_faults(connection, account, integration_type, listed, now=datetime.now(UTC))
        cures = await cures_of(connection, account, listed)
        where = affiliates_of(listed, found)
        entries = {name: playbook.about(_error(integration_type, name, where[name], faults[name])) for name in listed}
        cautions = {name: caution(entries[name], cures[name], ignored=name in ignored) for name in listed}
        first = [] if chosen else _left_out_at_first(cautions, filter_)
        left_out = frozenset((*filter_.exclude_fingerprint, *first))
        taken = [each for each in found if left_out.isdisjoint(each.faults)]
        made = await plan_of(connection, account, integration_type, [each.facts for each in taken], policy)
        paused = await affiliates.paused(connection, account, integration_type)
    sent = sizes_of(
        each
        for each in taken
        if verdict_of(integration_type, each.facts, policy=policy, paused=paused) is ItemState.QUEUED
    )
    return GroupedPlan(
        plan=made,
        filter=filter_.without_groups(tuple(first)),
        as_of=at,
        groups=[
            PlannedGroup(
                fingerprint=name,
                code=faults[name].code,
                message=faults[name].message,
                affiliates=where[name],
                logs=sizes[name],
                sent=sent[name],
                taken=name not in left_out,
                caution=cautions[name],
                playbook=entries[name],
                cure=cures[name],
            )
            for name in listed
        ],
        matched=sum(each.facts.logs for each in found),
        shared=sum(each.facts.logs for each in found if len(each.faults) > 1),
        without_errors=sum(each.facts.logs for each in found if not each.faults),
        unlisted=len(sizes) - len(listed),
    )


def sizes_of(found: Iterable[FaultsGroup]) -> Counter[str]:
    """Count the logs of each group of equal errors. Pure."""
    sizes: Counter[str] = Counter()
    for each in found:
        sizes.update(dict.fromkeys(each.faults, each.facts.logs))
    return sizes


def affiliates_of(fingerprints: Collection[str], found: Sequence[FaultsGroup]) -> dict[str, tuple[str, ...]]:
    """Return the affiliates of the logs of each group. Pure."""
    where: dict[str, set[str]] = {name: set() for name in fingerprints}
    for each in found:
        for name in where.keys() & each.faults:
            where[name].add(each.facts.affiliate)
    return {name: tuple(sorted(affiliates)) for name, affiliates in where.items()}


def _listed(sizes: Counter[str], left_out: Collection[str]) -> list[str]:
    """Return the groups to list: the largest, and those that are left out or may be."""
    in_order = sorted(sizes, key=lambda name: (-sizes[name], name))
    return in_order[:LISTED] + [name for name in in_order[LISTED:] if name in left_out]


def _error(integration_type: str, fingerprint: str, where: Sequence[str], fault: NamedFault) -> SeenError:
    return SeenError(
        integration_type,
        where[0],
        code=fault.code,
        fingerprint=fingerprint,
        message=fault.message,
        category=fault.category,
    )


def _left_out_at_first(cautions: Mapping[str, Caution | None], filter_: ReprocessFilter) -> list[str]:
    """Return the groups to leave out before anybody has chosen, as many as the filter has room for."""
    if filter_.fingerprint:
        return []
    asked = set(filter_.exclude_fingerprint)
    found = [
        name
        for name, why in cautions.items()
        if name not in asked and (why == "ignored" or (why is not None and not filter_.code))
    ]
    return found[: MAX_GROUPS - len(asked)]
