"""`POST /events/results`: 202 once Kafka has all of the results, 503 when it has not. Nothing is queued here."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from admin.door import Door
from admin.event_body import described, read_events
from api.authentication import Poster, poster
from api.fairness import hold_place
from api.outages import RequestOutages
from api.parameters import once_each
from api.problems import ANSWER_HEADERS, RETRY_AFTER_SECONDS, ProblemError, too_often
from broker.errors import BrokerError
from schemas.check import UnsentEvent
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result
from schemas.shown.check import EventCheck, check_of, refusal_of
from storage.access_keys import Grant

router = APIRouter(tags=["events"])
#: The position of an event, None for the body as a whole, and what would become of it.
Found = tuple[int | None, Result | Refusal]


class PostQuery(BaseModel):
    """Parameters of a post of events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(default=False, description="only say what would become of each event: nothing is sent")


class AcceptedEvents(BaseModel):
    """Events that Kafka has; their logs show them a moment later."""

    model_config = ConfigDict(frozen=True)

    accepted: int = Field(description="how many")
    ids: list[str] = Field(description="the CloudEvents id of each, by position")


class EventChecks(BaseModel):
    """Answer to a dry run: nothing was sent."""

    model_config = ConfigDict(frozen=True)

    events: list[EventCheck] = Field(description="by position")


class EventsRefused(ProblemError):
    """Answer to a post of which one event at least is refused: none was sent. It names them all, by position."""

    def __init__(self, refused: Sequence[tuple[int | None, Refusal]]) -> None:
        """A position of None is the body, which was not taken apart."""
        super().__init__(*_status_of(refused), *(_told(*each) for each in refused))
        self.refusals = [refusal_of(*each) for each in refused]


def _status_of(refused: Sequence[tuple[int | None, Refusal]]) -> tuple[int, str]:
    if all(refusal.code is DeadLetterCode.NOT_ALLOWED for _position, refusal in refused):
        return 403, "not-permitted"
    if any(position is None and refusal.code is DeadLetterCode.TOO_LARGE for position, refusal in refused):
        return 413, "too-large"
    return 422, "invalid-events"


def _told(position: int | None, refusal: Refusal) -> Reason:
    if position is None:
        return refusal.reason
    return Reason(ReasonCode.EVENT_REFUSED, position=position, reason=refusal.reason)


class Charge:
    """Events of one request, counted against the rate of its key, which every answer then shows."""

    def __init__(self, request: Request, door: Door, grant: Grant) -> None:
        self._headers = request.scope[ANSWER_HEADERS]
        self._rate = door.rate
        self._key = str(grant.key_id)
        self._events = 0

    def __call__(self, events: int) -> None:
        """Count the request as `events`, unless it counts as more already. Raises the 429 problem."""
        more = events - self._events
        if more <= 0:
            return
        wait = self._rate.take(self._key, more, before=self._events)
        self._headers.update(self._rate.headers(self._key, "events"))
        if wait:
            raise too_often("too-many-events", ReasonCode.TOO_MANY_EVENTS, wait)
        self._events = events


@router.post(
    "/events/results",
    status_code=202,
    response_model=AcceptedEvents,
    dependencies=[Depends(poster), Depends(once_each(()))],
    responses={200: {"model": EventChecks, "description": "with `dry_run`: what would become of each event"}},
    openapi_extra=described(),
)
async def post_results(request: Request, grant: Poster, query: Annotated[PostQuery, Query()]) -> Response:
    """Post results as CloudEvents, one or a batch of up to 1,000: all of them are accepted, or none.

    The HTTP protocol binding of CloudEvents in each of its modes, read by the reader of Kafka's topics. An event has at
    most 1 MiB, a batch 16 MiB. What is no result is refused by position before anything is sent, and is no dead letter.
    After a 503 some may be in Kafka: post the same again, since an event counts once by its `source` and `id`. The
    answer to a retry has the retry's id as `correlationid`, as on Kafka.
    """
    door: Door = request.app.state.door
    charge = Charge(request, door, grant)
    charge(1)
    await hold_place(request.scope, door.places, str(grant.key_id))
    events, found = await _checked(request, door, grant, charge)
    if query.dry_run:
        return JSONResponse(EventChecks(events=[check_of(*each) for each in found]).model_dump(mode="json"))
    if refused := [(position, each) for position, each in found if isinstance(each, Refusal)]:
        door.events.labels("refused").inc(len(found))
        raise EventsRefused(refused)
    results = [each for _position, each in found if isinstance(each, Result)]
    outages: RequestOutages = request.app.state.outages
    try:
        await door.send(events, results)
    except BrokerError as exc:
        outages.failed("events", str(exc))
        door.events.labels("not_taken").inc(len(events))
        raise not_taken() from None
    outages.worked("events")
    door.events.labels("accepted").inc(len(events))
    accepted = AcceptedEvents(accepted=len(results), ids=[each.event_id for each in results])
    return JSONResponse(accepted.model_dump(), 202)


def not_taken() -> ProblemError:
    """Return a 503 of Kafka, which may have some of the events."""
    again = {"Retry-After": RETRY_AFTER_SECONDS}
    return ProblemError(503, "unavailable", Reason(ReasonCode.EVENTS_NOT_TAKEN), headers=again)


async def _checked(request: Request, door: Door, grant: Grant, charge: Charge) -> tuple[list[UnsentEvent], list[Found]]:
    """Return the events of a request, and what would become of each; of a body that is none, that alone."""
    try:
        events = await read_events(request, charge)
    except Refusal as refusal:
        return [], [(None, refusal.without_frames())]
    return events, list(enumerate(await door.check(events, grant)))
