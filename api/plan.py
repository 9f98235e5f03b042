"""The plan of a reprocess, by filter or for chosen rows: its effect, without doing it.

The API, the pages, the command line and `POST /commands/reprocess` all ask here. The rules are those of the agents,
schemas.verdict and schemas.policy, so that nobody is offered what is refused later.
"""

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from schemas import item_state
from schemas.filter import ReprocessFilter
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reprocess import ReprocessRequest
from schemas.shown.plan import PlannedLog, ReprocessPlan
from schemas.verdict import Facts, reason, verdict
from storage.constants import PLAN_SAMPLES
from storage.database import Connection, Database
from storage.errors import TimedOut
from storage.logs.group_decisions import left_out_by
from storage.reprocess import affiliates
from storage.reprocess.selection import Group, by_affiliate, sample_logs, settled_until, survey, survey_rows

#: Seconds that a request waits to learn if it needs a reason. The agents count a selection that takes longer.
COUNT_SECONDS: Final = 2.0
WILL_SEND: Final = "will_send"
#: Verdicts on a missing log and on a request: neither is counted among the logs of a plan.
_NO_LOGS: Final = (ItemState.NOT_FOUND, ItemState.REASON_REQUIRED)
#: The verdicts of a plan in the order in which they are shown: what is sent, then the refusals.
VERDICTS: Final = (WILL_SEND, *(each.value for each in item_state.VERDICTS if each not in _NO_LOGS))


class Plan(NamedTuple):
    """The plan for some logs; fields are named as in ReprocessPlan."""

    total: int
    verdicts: dict[str, int]  # in the order of VERDICTS; `not_found` at the end, where there is any
    affiliates: dict[str, dict[str, int]]
    samples: dict[str, list[PlannedLog]]
    reasons: dict[str, list[Reason]]
    reason_required: Reason | None


class Counted(NamedTuple):
    """A plan whose samples are not read yet."""

    verdicts: dict[str, int]
    affiliates: dict[str, dict[str, int]]
    samples: dict[str, list[uuid.UUID]]
    reasons: dict[str, list[Reason]]
    reason_required: Reason | None


async def plan_filter(
    database: Database,
    account: str,
    integration_type: str,
    filter_: ReprocessFilter,
    *,
    policy: Policy,
    as_of: datetime | None = None,
) -> ReprocessPlan:
    """Plan for a filter, exactly, in one snapshot, as of now, or of `as_of` if that is earlier.

    Logs of ignored groups are left out, unless the filter takes them, as in the command: the filter of the plan says so
    by `exclude_fingerprint`. Raises StorageUnavailable.
    """
    at = await settled(database, as_of)
    async with database.snapshot(account) as connection:
        asked = filter_.filter
        left_out = await left_out_by(connection, account, integration_type, filter_)
        filter_ = filter_.without_groups(left_out)
        groups = await survey(connection, account, integration_type, filter_.filter, at)
        matched = await survey(connection, account, integration_type, asked, at) if left_out else groups
        made = await plan_of(connection, account, integration_type, groups, policy)
    return ReprocessPlan(
        account=account,
        integration_type=integration_type,
        filter=filter_.model_dump(mode="json", exclude_defaults=True),
        as_of=at,
        ignored_groups=left_out,
        ignored_logs=sum(each.logs for each in matched) - made.total,
        ignored=filter_.ignored,
        **made._asdict(),
    )


async def plan_rows(
    database: Database, account: str, integration_type: str, log_ids: Collection[uuid.UUID], *, policy: Policy
) -> Plan:
    """Plan for chosen logs, as they are now. A repeated id counts once. Raises StorageUnavailable."""
    async with database.snapshot(account) as connection:
        groups = await survey_rows(connection, account, integration_type, list(log_ids))
        missing = len(set(log_ids)) - sum(each.logs for each in groups)
        return await plan_of(connection, account, integration_type, groups, policy, missing)


async def lacking_reason(
    database: Database, policy: Policy, request: ReprocessRequest, *, seconds: float | None = COUNT_SECONDS
) -> Reason | None:
    """Return why the agents would cancel `request` for want of a reason; None when it has or needs none.

    None too when its selection can't be counted within `seconds` (None: however long that takes), as with a filter
    over millions of logs: then the agents count, and cancel it. Raises StorageUnavailable.
    """
    account, integration_type = request.account, request.integration_type
    if not policy.may_require_reason(integration_type) or request.reason:
        return None
    try:
        async with asyncio.timeout(seconds):
            at = await settled(database, request.as_of)
            async with database.snapshot(account) as connection:
                if request.filter is None:
                    groups = await survey_rows(connection, account, integration_type, request.log_ids or [])
                else:
                    left_out = await left_out_by(connection, account, integration_type, request.filter)
                    chosen = request.filter.without_groups(left_out).filter
                    groups = await survey(connection, account, integration_type, chosen, at)
    except (TimedOut, TimeoutError):
        return None
    return policy.lacks_reason(integration_type, None, by_affiliate(groups))


def count_verdicts(
    integration_type: str, groups: Sequence[Group], *, policy: Policy, paused: Collection[str], missing: int = 0
) -> Counted:
    """Give each group the verdict that the agents would. Pure.

    `paused`: the affiliates that a person has paused; `missing`: ids that are no logs.
    """
    verdicts = dict.fromkeys(VERDICTS, 0)
    by_name: defaultdict[str, Counter[str]] = defaultdict(Counter)
    samples: defaultdict[str, list[uuid.UUID]] = defaultdict(list)
    reasons: defaultdict[str, set[Reason]] = defaultdict(set)

    def add(state: ItemState, logs: int, why: Reason | None) -> str:
        name = WILL_SEND if state is ItemState.QUEUED else state.value
        verdicts[name] = verdicts.get(name, 0) + logs
        if why:
            reasons[name].add(why)
        return name

    for group in groups:
        state = verdict_of(integration_type, group, policy=policy, paused=paused)
        name = add(state, group.logs, reason(state, policy.for_(integration_type, group.affiliate)))
        by_name[group.affiliate][name] += group.logs
        samples[name] += group.sample
    if missing:
        add(ItemState.NOT_FOUND, missing, reason(ItemState.NOT_FOUND, None))
    return Counted(
        verdicts=verdicts,
        affiliates={affiliate: dict(counts) for affiliate, counts in by_name.items()},
        samples={name: ids[:PLAN_SAMPLES] for name, ids in samples.items()},
        reasons={name: sorted(found, key=Reason.to_json) for name, found in reasons.items()},
        reason_required=policy.lacks_reason(integration_type, None, by_affiliate(groups)),
    )


def verdict_of(integration_type: str, group: Group, *, policy: Policy, paused: Collection[str]) -> ItemState:
    """Return the verdict that the agents would give to the logs of a group. Pure."""
    facts = Facts(group.status, group.in_flight, group.changed, group.affiliate in paused)
    return verdict(facts, policy.for_(integration_type, group.affiliate))


async def settled(database: Database, as_of: datetime | None) -> datetime:
    """Return `as_of`, or the latest time before which all writes are committed if that is earlier."""
    async with database.connection() as connection:
        known = await settled_until(connection)
    return known if as_of is None else min(as_of, known)


async def plan_of(
    connection: Connection,
    account: str,
    integration_type: str,
    groups: Sequence[Group],
    policy: Policy,
    missing: int = 0,
) -> Plan:
    """Give each of some groups of logs its verdict, and read the samples."""
    paused = await affiliates.paused(connection, account, integration_type)
    counted = count_verdicts(integration_type, groups, policy=policy, paused=paused, missing=missing)
    samples = {name: await sample_logs(connection, account, ids) for name, ids in counted.samples.items()}
    return Plan(sum(counted.verdicts.values()), **{**counted._asdict(), "samples": samples})
