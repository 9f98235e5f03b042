"""Check of one event, as the API and the command line show it."""

import uuid
from datetime import datetime

from pydantic import Field

from schemas.check import alterations_of
from schemas.example import example
from schemas.problem import EventRefusal
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import Result
from schemas.shown.base import LOG_ID, NOON, Shown


class CheckedResult(Shown):
    """An event that would be stored, with what the row of its log would show if it is the newest."""

    id: str = Field(description="of the event: with the same source and id again, it counts once")
    source: str
    log_id: str
    integration_type: str
    account: str
    affiliate: str
    key: str
    status: str
    processed_at: datetime
    code: str | None = Field(description="of the gravest error")
    fingerprint: str | None = Field(description="of the gravest error: equal for equal errors")
    errors: int = Field(description="how many it lists")
    altered: bool = Field(description="something of it can't be read or stored as it came")
    alterations: list[str] = Field(description="what would be done, each in a sentence")


class EventCheck(Shown):
    """One event that was checked, and not sent: `result` or `refusal` is null."""

    model_config = example(
        position=0,
        result={
            "id": "e-1",
            "source": "/connectors/mlb",
            "log_id": LOG_ID,
            "integration_type": "price",
            "account": "demo",
            "affiliate": "MLB",
            "key": "SKU-00123",
            "status": "error",
            "processed_at": NOON,
            "code": "price.below_minimum",
            "fingerprint": "d41d8cd98f00b204",
            "errors": 1,
            "altered": False,
            "alterations": [],
        },
        refusal=None,
    )

    position: int | None = Field(description="as in a refusal")
    result: CheckedResult | None
    refusal: EventRefusal | None


def check_of(position: int | None, outcome: Result | Refusal) -> EventCheck:
    """Show what becomes of the event at `position`."""
    if isinstance(outcome, Refusal):
        return EventCheck(position=position, result=None, refusal=refusal_of(position, outcome))
    return EventCheck(position=position, result=_result_of(outcome), refusal=None)


def refusal_of(position: int | None, refusal: Refusal) -> EventRefusal:
    """Show why the event at `position` is refused."""
    return EventRefusal(
        position=position, code=refusal.code.value, reasons=[say(each, "en") for each in refusal.reasons]
    )


def _result_of(result: Result) -> CheckedResult:
    made = {
        "id": result.event_id,
        "log_id": str(uuid.UUID(result.log_id)),
        "alterations": [say(each, "en") for each in alterations_of(result)],
    }
    taken = {name: getattr(result, name) for name in CheckedResult.model_fields if name not in made}
    return CheckedResult(**made, **taken)
