"""Incidents: what goes wrong, since when, and what it was."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.evidence import with_evidence
from api.pages import Page
from api.parameters import NONE, PageQuery, once_each
from api.problems import PAGED, not_found
from schemas.filter import MAX_VALUES, QueryText
from schemas.incident import Incident, IncidentStory, Kind, State
from schemas.shown.why import WhyNow
from storage.incidents import incidents
from storage.why.why import why_incident

router = APIRouter(prefix="/accounts/{account}/incidents", tags=["incidents"], dependencies=FIRST)

_REPEATABLE = ("state", "kind", "affiliate", "integration_type")
_MAX_ID = 2**63 - 1


class IncidentQuery(PageQuery):
    """Parameters of a page of incidents."""

    state: Annotated[tuple[State, ...], Field(max_length=MAX_VALUES)] = Field(default=(), description="any of these")
    kind: Annotated[tuple[Kind, ...], Field(max_length=MAX_VALUES)] = Field(default=(), description="any of these")
    affiliate: Annotated[tuple[QueryText, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these; incidents of no one affiliate are left out"
    )
    integration_type: Annotated[tuple[QueryText, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(),
        description="about any of these; incidents of no type are about each",
    )

    @property
    def where(self) -> Mapping[str, Sequence[str]]:
        """The values that are asked for, by name of the column."""
        return {name: [str(each) for each in getattr(self, name)] for name in _REPEATABLE}


async def incident_id(incident_id: Annotated[str, Path(examples=["17"])]) -> int:
    """The id of the path; 404 for what can't be one."""
    number = int(incident_id) if incident_id.isascii() and incident_id.isdecimal() and len(incident_id) < 20 else 0
    if not 0 < number <= _MAX_ID:
        raise not_found()
    return number


IncidentId = Annotated[int, Depends(incident_id)]


@router.get("", dependencies=[Depends(once_each(_REPEATABLE))], responses=PAGED)
async def list_incidents(
    request: Request, response: Response, account: OwnAccount, query: Annotated[IncidentQuery, Query()]
) -> Page[Incident]:
    """Incidents, opened last first. Parameters that may be given several times ask for any of their values."""
    listing = listings.incidents(account, query.where, query.page_size, query.page_token)
    found = await incidents.list_incidents(
        request.app.state.reader, account, where=query.where, after=listing.after_id, limit=listing.limit
    )
    return listing.page(found, request, response)


@router.get("/{incident_id}", dependencies=NONE)
async def get_incident(request: Request, account: OwnAccount, incident_id: IncidentId) -> IncidentStory:
    """One incident with its story: when it was opened, escalated, resolved and reopened, with the figures of then."""
    found = await incidents.get_incident(request.app.state.reader, account, incident_id)
    if found is None:
        raise not_found()
    return found


@router.get("/{incident_id}/why", dependencies=NONE, response_model=WhyNow)
async def why_incident_now(request: Request, grant: Caller, account: OwnAccount, incident_id: IncidentId) -> Response:
    """Changes just before an incident began, and what the affected results have in common. Read when it is asked.

    Extensions and requests are looked at only for a key with the right to evidence.
    """
    reader = request.app.state.reader
    found = await incidents.get_incident(reader, account, incident_id)
    if found is None:
        raise not_found()
    return with_evidence(await why_incident(reader, found, evidence=grant.may_see_evidence, now=datetime.now(UTC)))
