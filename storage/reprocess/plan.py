"""What a command with a filter would do, before anyone asks for it."""

import uuid
from datetime import datetime
from typing import Any

from schemas.filter import ReprocessFilter
from schemas.policy import Policy
from schemas.reprocess import ItemState
from schemas.shown.plan import PlannedLog, ReprocessPlan
from schemas.verdict import Facts, reason, verdict
from storage.database import Connection, Database
from storage.reprocess import affiliates
from storage.reprocess.selection import Group, by_affiliate, settled_until, survey
from storage.statements import SQL

SAMPLES = 10
WILL_SEND = "will_send"
#: The verdicts of a plan, in the order in which people ask: what is sent, then why what is not.
VERDICTS = (
    WILL_SEND,
    *(
        each.value
        for each in (
            ItemState.ALREADY_SUCCEEDED,
            ItemState.IN_FLIGHT,
            ItemState.SUPERSEDED,
            ItemState.NOT_REPROCESSABLE,
            ItemState.CHANGED_SINCE,
            ItemState.PAUSED,
        )
    ),
)


async def plan(
    database: Database,
    account: str,
    integration_type: str,
    filter_: ReprocessFilter,
    *,
    policy: Policy,
    as_of: datetime | None = None,
) -> ReprocessPlan:
    """Exact, in one snapshot, by the verdict that the agents decide by. As of now, or of `as_of` if that was before."""
    async with database.connection() as connection:
        known = await settled_until(connection)
    at = known if as_of is None else min(as_of, known)
    async with database.snapshot(account) as connection:
        groups = await survey(connection, account, integration_type, filter_.filter, at)
        paused = await affiliates.paused(connection, account)
        counted = _Counted(integration_type, policy, paused)
        for group in groups:
            counted.add(group)
        samples = {name: await _sample(connection, account, ids) for name, ids in counted.samples.items()}
    return ReprocessPlan(
        account=account,
        integration_type=integration_type,
        filter=filter_.model_dump(mode="json", exclude_defaults=True),
        as_of=at,
        total=sum(counted.verdicts.values()),
        verdicts=counted.verdicts,
        affiliates=counted.affiliates,
        samples=samples,
        reasons={name: sorted(sentences) for name, sentences in counted.reasons.items()},
        reason_required=policy.lacks_reason(integration_type, None, by_affiliate(groups)),
    )


class _Counted:
    def __init__(self, integration_type: str, policy: Policy, paused: frozenset[str]) -> None:
        self._integration_type = integration_type
        self._policy = policy
        self._paused = paused
        self.verdicts = dict.fromkeys(VERDICTS, 0)
        self.affiliates: dict[str, dict[str, int]] = {}
        self.samples: dict[str, list[uuid.UUID]] = {}
        self.reasons: dict[str, set[str]] = {}

    def add(self, group: Group) -> None:
        rule = self._policy.for_(self._integration_type, group.affiliate)
        facts = Facts(group.status, group.in_flight, group.changed, group.affiliate in self._paused)
        state = verdict(facts, rule)
        name = WILL_SEND if state is ItemState.QUEUED else state.value
        self.verdicts[name] += group.logs
        of_affiliate = self.affiliates.setdefault(group.affiliate, {})
        of_affiliate[name] = of_affiliate.get(name, 0) + group.logs
        self.samples.setdefault(name, []).extend(group.sample)
        if sentence := reason(state, rule):
            self.reasons.setdefault(name, set()).add(sentence)


async def _sample(connection: Connection, account: str, ids: list[uuid.UUID]) -> list[PlannedLog]:
    rows: list[Any] = await connection.fetch(SQL["sample_logs"], account, ids[:SAMPLES])
    return [PlannedLog(**{**row, "log_id": str(row["log_id"])}) for row in rows]
