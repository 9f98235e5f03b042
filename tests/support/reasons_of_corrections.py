"""An input for every reason why a request is not corrected."""

import json
import uuid
from collections.abc import Callable, Mapping

import pytest
from pydantic import ValidationError

from agents.reprocess.dispatch import GONE
from schemas.correction import Change, Correction, corrected
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.error import reasons_of
from schemas.reasons.reason import Reason
from schemas.redaction import DEFAULT, Redaction
from schemas.replay import MAX_REQUEST_BYTES
from schemas.reprocess import ReprocessRequest

_KEPT = '{"price": 10.00, "cpf": null, "on": true}'


def _made(request: str | None = _KEPT, pointer: str = "/price", value: str = "24.90") -> Reason:
    changes = [Change(pointer=pointer, value=value)]
    found = corrected(request, changes, ["/price", "/cpf", "/no"], Redaction((DEFAULT,)))
    assert isinstance(found, Reason)
    return found


def _refused(make: Callable[[], object]) -> Reason:
    with pytest.raises(ValidationError) as raised:
        make()
    return reasons_of(raised.value)[0]


def _of_a_refresh() -> object:
    log = str(uuid.uuid4())
    correction = {"log_id": log, "event_id": "e", "changes": [{"pointer": "/price", "value": "1"}]}
    fields = {"account": "a", "integration_type": "price", "requested_by": "m", "log_ids": [log]}
    return ReprocessRequest.model_validate({**fields, "corrections": [correction]})


def _twice() -> object:
    one = Change(pointer="/price", value="1")
    return Correction(log_id=uuid.uuid4(), event_id="e", changes=[one, one])


CORRECTIONS: Mapping[Code, Callable[[], Reason]] = {
    Code.CORRECTION_REPLAYS: lambda: _refused(_of_a_refresh),
    Code.CORRECTION_VALUE: lambda: _refused(lambda: Change(pointer="/price", value="24,90")),
    Code.CORRECTION_TWICE: lambda: _refused(_twice),
    Code.CORRECTION_NOT_ALLOWED: lambda: _made(pointer="/on", value="false"),
    Code.CORRECTION_NO_FIELD: lambda: _made(pointer="/no"),
    Code.CORRECTION_KIND: lambda: _made(value='"24.90"'),
    Code.CORRECTION_NOT_JSON: lambda: _made('"<price>10</price>"'),
    Code.CORRECTION_NO_REQUEST: lambda: _made(None),
    Code.CORRECTION_NOTHING: lambda: _made(value="10.00"),
    Code.CORRECTION_TOO_LARGE: lambda: _made(json.dumps({"price": 1, "all": "x" * (MAX_REQUEST_BYTES - 25)})),
    Code.CORRECTION_REDACTED: lambda: _made(pointer="/cpf", value='"1"'),
    Code.CORRECTION_GONE: lambda: GONE,
}
