"""The plan of a filter by group of equal errors: how many logs of each would be sent, and which are left out.

A group is taken or left out as a whole, by `exclude_fingerprint` of the one filter: what the plan counts is what the
list shows and the command does. A log of several groups is left out with any of them. A plan lists the largest groups,
however many there are, and counts the logs of all others together.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from storage.reprocess.selection import Group, count_logs, survey_faults

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
    """A plan, and its groups, most logs first. Its totals are exact, whatever is listed."""

    plan: Plan
    filter: ReprocessFilter  # of the command
    as_of: datetime
    groups: list[PlannedGroup]
    matched: int  # logs that the filter matches, were no group left out
    shared: int  # of these, logs in several groups
    without_errors: int  # of these, logs in none
    unlisted: int  # groups that are taken and not listed
    others: int  # logs in any of these, each once
    others_sent: int  # of these, logs that will be sent


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
        ignored = await list_ignored(connection, account, integration_type, whole)
        of_type = (connection, account, integration_type)
        left_anyway = {*ignored, *filter_.exclude_fingerprint}
        found = await survey_faults(*of_type, whole, at, largest=LISTED, named=sorted(left_anyway))
        sizes = {name: count_logs(groups) for name, groups in found.of_group.items()}
        listed = sorted(sizes, key=lambda name: (-sizes[name], name))
        faults = await name_faults(*of_type, listed, now=datetime.now(UTC))
        cures = await cures_of(connection, account, listed)
        where = {name: tuple(sorted({each.affiliate for each in found.of_group[name]})) for name in listed}
        entries = {name: playbook.about(_error(integration_type, name, where[name], faults[name])) for name in listed}
        cautions = {name: caution(entries[name], cures[name], ignored=name in ignored) for name in listed}
        first = [] if chosen else _left_out_at_first(cautions, filter_)
        of_command = filter_.without_groups(tuple(first))
        left_out = frozenset(of_command.exclude_fingerprint)
        taken = found
        if not left_out.isdisjoint(listed):
            taken = await survey_faults(*of_type, of_command.filter, at, largest=0, named=listed)
        made = await plan_of(*of_type, taken.facts, policy)
        paused = await affiliates.paused(*of_type)

    def sent(groups: Iterable[Group]) -> int:
        verdicts = ((each, verdict_of(integration_type, each, policy=policy, paused=paused)) for each in groups)
        return count_logs(each for each, verdict in verdicts if verdict is ItemState.QUEUED)

    return GroupedPlan(
        plan=made,
        filter=of_command,
        as_of=at,
        groups=[
            PlannedGroup(
                fingerprint=name,
                code=faults[name].code,
                message=faults[name].message,
                affiliates=where[name],
                logs=sizes[name],
                sent=sent(taken.of_group.get(name, ())),
                taken=name not in left_out,
                caution=cautions[name],
                playbook=entries[name],
                cure=cures[name],
            )
            for name in listed
        ],
        matched=count_logs(found.facts),
        shared=found.shared,
        without_errors=found.without_errors,
        unlisted=found.groups - len(listed),
        others=count_logs(found.others),
        others_sent=sent(taken.others),
    )


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
