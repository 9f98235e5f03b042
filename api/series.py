"""The series: results over time."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.authentication import FIRST, OwnAccount
from api.parameters import ONCE_OF_SERIES, Type
from api.problems import refusal
from schemas.reasons.error import ReasonError
from schemas.series import ResultSeries, SeriesQuery
from storage.series import read_series

router = APIRouter(prefix="/accounts/{account}", tags=["series"], dependencies=FIRST)


@router.get("/{integration_type}/results/series", dependencies=ONCE_OF_SERIES)
async def get_series(
    request: Request, account: OwnAccount, integration_type: Type, query: Annotated[SeriesQuery, Query()]
) -> ResultSeries:
    """Counts of results by the hour or day in which they were processed, and of the same time last week.

    Each result counts in its own time for ever: one that comes late adds to it, one that comes twice does not. Status
    logs show the last result of each entity only, so that `logs/summary` says how many are failed *now*.
    """
    try:
        return await read_series(request.app.state.reader, account, integration_type.name, query, datetime.now(UTC))
    except ReasonError as exc:
        raise refusal([exc.reason.of(field="query.processed_from")]) from None
