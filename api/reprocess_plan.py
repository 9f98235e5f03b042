"""What reprocessing a filter would do, before anyone does it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.authentication import FIRST, OwnAccount
from api.parameters import ONCE, Type
from api.plan import plan_filter
from schemas.filter import ReprocessFilter
from schemas.shown.plan import ReprocessPlan
from schemas.timestamp import Rfc3339

router = APIRouter(prefix="/accounts/{account}", tags=["reprocess"], dependencies=FIRST)


class PlanQuery(ReprocessFilter):
    """Which logs, and when they are looked at."""

    as_of: Rfc3339 | None = Field(default=None, description="that of an earlier plan, to look at it again; unset = now")

    @property
    def reprocess_filter(self) -> ReprocessFilter:
        """What a command would say."""
        return ReprocessFilter.model_construct(**{name: getattr(self, name) for name in ReprocessFilter.model_fields})


@router.get("/{integration_type}/reprocess-plan", dependencies=ONCE)
async def plan_reprocess(
    request: Request, account: OwnAccount, integration_type: Type, query: Annotated[PlanQuery, Query()]
) -> ReprocessPlan:
    """Exact counts by verdict and affiliate, with samples. Send its `filter` and `as_of` to do just that.

    A filter that leaves nothing out is refused unless it says `all=true`.
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
