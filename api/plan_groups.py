"""The plan of a filter by group of equal errors: how many logs of each would be sent, and which are left out.

A group is taken or left out as a whole, by `exclude_fingerprint` of the one filter: what the plan counts is what the
list shows and the command does. A log of several groups is left out with any of them. A plan lists the largest groups,
however many there are, and counts the logs of all others together.
"""

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
from storage.database import Connection, Database
from storage.logs.cures import cures_of
from storage.logs.group_decisions import list_ignored
from storage.logs.groups import NamedFault, name_faults
from storage.reprocess import affiliates
from storage.reprocess.selection import Group, count_logs, survey_faults
from storage.slices import in_slices

#: Groups that are listed, the largest; beyond them only those that are left out.
LISTED: Final = 100
#: Groups that are looked at for a caution, the largest, before anybody has chosen.
LOOKED_AT: Final = 2_000


class _Known(NamedTuple):
    """One group of equal errors, and what is known of it."""

    fault: NamedFault
    affiliates: tuple[str, ...]
    logs: int
    playbook: PlaybookEntry | None
    cure: Cure
    caution: Caution | None


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
    without_room: int  # of these, groups with a caution: the filter has no room to leave more out
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

    Groups with a caution are left out, of the LOOKED_AT largest as many as the filter has room for, unless somebody has
    `chosen` the groups: then `exclude_fingerprint` says all. So it does in the filter of the command, which takes what
    is ignored by the time when it is given, too.
    Who names a group or a command means it; who names a code means it too, but for groups that are ignored. Raises
    StorageUnavailable.
    """
    at = await settled(database, as_of)
    async with database.snapshot(account) as connection:
        whole = filter_.model_copy(update={"exclude_fingerprint": ()}).filter
        ignored = await list_ignored(connection, account, integration_type, whole)
        of_type = (connection, account, integration_type)
        left_anyway = {*ignored, *filter_.exclude_fingerprint}
        cautioned, first = [], []
        asks_for_groups = chosen or filter_.means_all
        looked_at = LISTED if asks_for_groups else LOOKED_AT
        looked = await survey_faults(*of_type, whole, at, largest=looked_at, named=sorted(left_anyway))
        known = await _know(*of_type, looked.of_group, playbook=playbook, ignored=ignored)
        if not asks_for_groups:
            cautioned = _with_caution(known, filter_)
            first = cautioned[: MAX_GROUPS - len(filter_.exclude_fingerprint)]
        found = looked
        if not asks_for_groups and looked.groups > LISTED:
            found = await survey_faults(*of_type, whole, at, largest=LISTED, named=sorted({*left_anyway, *first}))
        listed = [name for name in known if name in found.of_group]
        of_command = filter_.without_groups(tuple(first)).model_copy(update={"ignored": True})
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
                code=known[name].fault.code,
                message=known[name].fault.message,
                affiliates=known[name].affiliates,
                logs=known[name].logs,
                sent=sent(taken.of_group.get(name, ())),
                taken=name not in left_out,
                caution=known[name].caution,
                playbook=known[name].playbook,
                cure=known[name].cure,
            )
            for name in listed
        ],
        matched=count_logs(found.facts),
        shared=found.shared,
        without_errors=found.without_errors,
        unlisted=found.groups - len(listed),
        without_room=len({*cautioned}.difference(first, listed)),
        others=count_logs(found.others),
        others_sent=sent(taken.others),
    )


async def _know(
    connection: Connection,
    account: str,
    integration_type: str,
    of_group: Mapping[str, Sequence[Group]],
    *,
    playbook: Playbook,
    ignored: Collection[str],
) -> dict[str, _Known]:
    """Return what is known of groups, most logs first."""
    sizes = {name: count_logs(groups) for name, groups in of_group.items()}
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    faults = await name_faults(connection, account, integration_type, names, now=datetime.now(UTC))
    cures = await cures_of(connection, account, names)
    where = {name: tuple(sorted({each.affiliate for each in of_group[name]})) for name in names}
    errors = [_error(integration_type, name, where[name], faults[name]) for name in names]
    entries = await in_slices(playbook.about, errors)  # a thousand take up to a second
    return {
        name: _Known(
            fault=faults[name],
            affiliates=where[name],
            logs=sizes[name],
            playbook=entry,
            cure=cures[name],
            caution=caution(entry, cures[name], ignored=name in ignored),
        )
        for name, entry in zip(names, entries, strict=True)
    }


def _error(integration_type: str, fingerprint: str, where: Sequence[str], fault: NamedFault) -> SeenError:
    return SeenError(
        integration_type,
        where[0],
        code=fault.code,
        fingerprint=fingerprint,
        message=fault.message,
        category=fault.category,
    )


def _with_caution(known: Mapping[str, _Known], filter_: ReprocessFilter) -> list[str]:
    """Return the groups that are better left out, before anybody has chosen, and that the filter does not leave out."""
    return [
        name
        for name, each in known.items()
        if name not in filter_.exclude_fingerprint
        and (each.caution == "ignored" or (each.caution is not None and not filter_.code))
    ]
