"""CloudEvents extensions: which attributes they are, and how those of a binary event are kept."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conexoes_connector.result_event import result_record
from conexoes_connector.retry import read_retry
from schemas.catalogue import BY_NAME
from schemas.extensions import extensions_of, extensions_text, traceparent_of
from schemas.redaction import REDACTED, Redaction
from schemas.result import Result, read
from schemas.topics import Topics
from tests.support.events import Event, data, result, with_extensions

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def kept(event: Event, rules: Redaction | None = None) -> Result:
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns(), redaction=rules)
    assert isinstance(found, Result), found
    return found


def test_an_extension_is_what_the_specification_does_not_name() -> None:
    own = {"traceparent": TRACE, "correlationid": "x", "dataschema": "/s", "own": "1"}
    event = with_extensions(result("e1"), structured=False, **own)
    assert json.loads(kept(event).extensions or "") == own
    assert kept(result("e1")).extensions is None
    structured = kept(with_extensions(result("e1"), structured=True, **own))
    assert structured.extensions is None
    assert extensions_of(json.loads(structured.body)) == own


@given(st.dictionaries(st.from_regex("[a-z0-9]{1,8}", fullmatch=True), st.text(), max_size=4))
def test_whatever_a_header_says_can_be_stored(own: dict[str, str]) -> None:
    text = extensions_text(own)
    assert (text is None) == (not extensions_of(own))
    if text is not None:
        assert "\x00" not in text
        assert "\\u0000" not in text
        assert json.loads(text).keys() == extensions_of(own).keys()


def test_redaction_goes_through_extensions_and_leaves_the_trace() -> None:
    # Its sixteen figures are those of a card.
    card = "00-4111111111111111a3ce929d0e0e4736-4111111111111111-01"
    rules = Redaction(["preset"])
    for structured in (False, True):
        event = with_extensions(result("e1"), structured=structured, token="secret", traceparent=card)
        found = kept(event, rules)
        assert extensions_of(json.loads(found.extensions or found.body)) == {"token": REDACTED, "traceparent": card}


@pytest.mark.parametrize("value", [None, 5, "", "x", TRACE.upper(), TRACE + "0", TRACE[:-1]])
def test_what_is_no_trace_is_ignored(value: object) -> None:
    assert traceparent_of(TRACE) == TRACE
    assert traceparent_of(value) is None


def test_the_sdk_answers_in_the_trace_of_the_retry() -> None:
    retry = {
        "id": "00000000-0000-0000-0000-000000000001",
        "correlationid": "c1",
        "traceparent": TRACE,
        "data": {
            "account": "acme",
            "affiliate": "MLB",
            "key": "K",
            "integration_type": "price",
            "mode": "replay",
            "last_event_id": "e1",
            "attempt": 1,
            "expires_at": "2026-11-24T08:30:02Z",
        },
    }
    value = json.dumps(retry)[:-2] + ', "request": 1e400}}'
    assert read_retry(value.encode()).traceparent == TRACE
    record = result_record(Topics(prefix="t"), "price", data(), source="/s", traceparent=TRACE)
    assert kept(Event(record.key, record.value, list(record.headers))).extensions == json.dumps(
        {"traceparent": TRACE}, separators=(",", ":")
    )
