"""The plan of a reprocess by filter: its effect, without doing it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.authentication import FIRST, OwnAccount
from api.parameters import ONCE, Type
from api.plan import plan_filter
from schemas.filter import ReprocessFilter, alone
from schemas.shown.plan import ReprocessPlan
from schemas.timestamp import Rfc3339

router = APIRouter(prefix="/accounts/{account}", tags=["reprocess"], dependencies=FIRST)


class PlanQuery(ReprocessFilter):
    """Parameters of a plan: the filter, and the moment at which it is evaluated."""

    as_of: Rfc3339 | None = Field(default=None, description="`as_of` of an earlier plan, to see it again; unset = now")

    @property
    def reprocess_filter(self) -> ReprocessFilter:
        """The filter that a command would have."""
        return alone(ReprocessFilter, self)


@router.get("/{integration_type}/reprocess-plan", dependencies=ONCE)
async def plan_reprocess(
    request: Request, account: OwnAccount, integration_type: Type, query: Annotated[PlanQuery, Query()]
) -> ReprocessPlan:
    """Exact counts by verdict and affiliate, with samples. A command with its `filter` and `as_of` does exactly this.

    Logs of ignored groups are left out, in a plan and in a command of the same filter alike, unless `ignored=true` or
    the filter names groups by `fingerprint`, or a command. An empty filter is refused unless it says `all=true`.
    """
    state = request.app.state
    return await plan_filter(
        state.reader,
        account,
        integration_type.name,
        query.reprocess_filter,
        policy=state.policy,
        as_of=query.as_of,
    )
