"""The series: results over time."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.authentication import FIRST, OwnAccount
from api.parameters import ONCE_OF_SERIES, Type
from api.problems import refusal
from schemas.reasons.error import ReasonError
from schemas.series import ResultSeries, SeriesQuery
from storage.series import read_series
from storage.slices import in_slices

router = APIRouter(prefix="/accounts/{account}", tags=["series"], dependencies=FIRST)


@router.get("/{integration_type}/results/series", dependencies=ONCE_OF_SERIES, response_model=ResultSeries)
async def get_series(
    request: Request, account: OwnAccount, integration_type: Type, query: Annotated[SeriesQuery, Query()]
) -> Response:
    """Counts of results by the hour or day in which they were processed, and of the same time last week.

    Each result counts in its own time for ever: one that comes late adds to it, one that comes twice does not. Status
    logs show the last result of each entity only, so that `logs/summary` says how many are failed *now*.
    """
    try:
        found = await read_series(request.app.state.reader, account, integration_type.name, query, datetime.now(UTC))
    except ReasonError as exc:
        raise refusal([exc.reason.of(field="query.processed_from")]) from None
    return Response(await _written(found), media_type="application/json")


async def _written(series: ResultSeries) -> str:
    """Return a series as JSON. A thousand buckets are written in slices: `buckets` is the last field."""
    whole = series.model_copy(update={"buckets": []}).model_dump_json(by_alias=True)
    buckets = await in_slices(lambda each: each.model_dump_json(by_alias=True), series.buckets)
    return f"{whole.removesuffix('[]}')}[{','.join(buckets)}]}}"
