"""Evidence by the query API: digit for digit, and what an event says beside its data."""

import json
from typing import Any

import pytest

from schemas.raw_json import elements, members
from tests.integration.api.conftest import Caller, Store
from tests.support.events import Event, at, result, with_evidence, with_extensions

LOGS = "/api/v1/accounts/acme/price/logs"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#: JSON that a parser would change.
TEXTS = [
    '{"price":19.90,"total":12345678901234567.89,"id":23958446825181076828}',
    "0.1234567890123456789",
    "1E2",
    "-0",
    "[1e400, -1E+400]",
    '{"z":1, "a":2,"z":3.00}',
    r'{"\u0061" : "\/\u00e9" ,"b":[ ]}',
    json.dumps('{"price": 19.90, "price": 1E2}'),
    "9" * 5000,
]


def structured(event: Event) -> Event:
    """Return the same event in structured mode, with its data digit for digit."""
    names = {name.removeprefix("ce_"): value.decode() for name, value in event.headers if name != "content-type"}
    value = (event.value or b"").decode()
    return event._replace(value=f'{json.dumps(names)[:-1]}, "data": {value}}}'.encode(), headers=[])


def fields(text: str, *path: str) -> dict[str, str]:
    """Texts of the members of an object within an answer."""
    for name in path:
        text = dict(members(text))[name]
    return dict(members(text))


@pytest.mark.parametrize("whole", [False, True], ids=["binary", "structured"])
async def test_evidence_comes_back_byte_for_byte(operator: Caller, store_events: Store, *, whole: bool) -> None:
    events = []
    for number, text in enumerate(TEXTS):
        event = result(f"e{number}", key=f"{number}", errors=None)
        for name in ("request", "response", "of_its_own"):
            event = with_evidence(event, text, name)
        event = with_evidence(event, f'[{{"code":"c","message":"m","limit":{text}}}]', "errors")
        events.append(structured(event) if whole else event)
    await store_events(*events)
    for log in (await operator.get(LOGS)).json()["items"]:
        text = TEXTS[int(log["key"])]
        answer = await operator.get(f"{LOGS}/{log['id']}")
        assert answer.headers["content-type"] == "application/json"
        attempt = fields(answer.text, "last_attempt")
        assert (attempt["request"], attempt["response"]) == (text, text)
        assert fields(attempt["extra"]) == {"of_its_own": text}
        [error] = elements(attempt["errors"])
        assert fields(error)["limit"] == text
        [entry] = elements(fields((await operator.get(f"{LOGS}/{log['id']}/timeline")).text)["items"])
        assert fields(entry, "attempt") == attempt


async def test_an_event_with_space_around_it_is_read_back(operator: Caller, store_events: Store) -> None:
    event = with_evidence(result("e1"), "19.90")
    await store_events(event._replace(value=b"\n\t " + (event.value or b"") + b"\r\n "))
    [log] = (await operator.get(LOGS)).json()["items"]
    assert fields((await operator.get(f"{LOGS}/{log['id']}")).text, "last_attempt")["request"] == "19.90"


async def test_a_viewer_gets_the_known_fields_of_an_error_digit_for_digit(viewer: Caller, store_events: Store) -> None:
    await store_events(
        with_evidence(result("e1", errors=None), '[{"code":"c", "message":"\\u00e9","own":1}]', "errors")
    )
    [log] = (await viewer.get(LOGS)).json()["items"]
    attempt = (await viewer.get(f"{LOGS}/{log['id']}")).text
    assert elements_of(attempt) == ['{"code":"c","message":"\\u00e9"}']


def elements_of(answer: str) -> list[str]:
    return list(elements(fields(answer, "last_attempt")["errors"]))


@pytest.mark.parametrize("whole", [False, True], ids=["binary", "structured"])
async def test_extensions_are_shown_to_whom_evidence_is(
    operator: Caller, viewer: Caller, store_events: Store, *, whole: bool
) -> None:
    own: dict[str, str] = {"traceparent": TRACE, "tracestate": "a=b", "correlationid": "theirs", "dataschema": "/s"}
    await store_events(with_extensions(result("e1"), structured=whole, **own))
    await store_events(result("e2", key="PLAIN"))

    async def shown(client: Caller, key: str) -> Any:
        [log] = (await client.get(LOGS, params={"q": key})).json()["items"]
        return (await client.get(f"{LOGS}/{log['id']}")).json()["last_attempt"]["extensions"]

    assert await shown(operator, "SKU-1") == own
    assert await shown(operator, "PLAIN") == {}
    assert await shown(viewer, "SKU-1") == {}


async def test_what_a_header_has_that_can_not_be_stored_is_replaced(operator: Caller, store_events: Store) -> None:
    event = result("e1")
    await store_events(event._replace(headers=[*event.headers, ("ce_own", b"a\x00\xffb")]))
    [log] = (await operator.get(LOGS)).json()["items"]
    attempt = (await operator.get(f"{LOGS}/{log['id']}")).json()["last_attempt"]
    assert attempt["extensions"] == {"own": "a\ufffd\ufffdb"}


async def test_a_refused_result_is_in_the_timeline_and_in_exports(operator: Caller, store_events: Store) -> None:
    await store_events(result("e1"))
    await store_events(result("e1", status="success", errors=None, processed_at=at(1)))
    [log] = (await operator.get(LOGS)).json()["items"]
    assert (log["status"], log["conflicts"]) == ("error", 1)
    entries = (await operator.get(f"{LOGS}/{log['id']}/timeline")).json()["items"]
    [conflict] = [each for each in entries if each["kind"] == "conflict"]
    assert (conflict["source"], conflict["event_id"], conflict["status"]) == ("/connectors/test", "e1", "success")
    line = json.loads((await operator.get(f"{LOGS}/export.jsonl")).text)
    assert line["conflicts"] == 1
