"""A log: its fields, evidence, names, timeline, and the actions that the caller may take."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from fastapi import FastAPI

from schemas.catalogue import CATALOGUE, ORDERS
from schemas.identity import log_id
from tests.integration.api.conftest import Caller, Store
from tests.support.events import Event, at, attributes, data, result

ACCOUNT = "/api/v1/accounts/acme"


def path_of(key: str = "SKU-1", integration_type: str = "price", affiliate: str = "MLB") -> str:
    return f"{ACCOUNT}/{integration_type}/logs/{uuid.UUID(log_id('acme', integration_type, affiliate, key))}"


async def keys_of(client: Caller, query: str) -> list[str]:
    response = await client.get(f"{ACCOUNT}/price/logs?{query}")
    assert response.status_code == 200, response.text
    return sorted(each["key"] for each in response.json()["items"])


@pytest.mark.parametrize("integration_type", [each.name for each in CATALOGUE])
async def test_each_type_has_its_own_list(viewer: Caller, store_events: Store, integration_type: str) -> None:
    await store_events(*(result(each.name, each.name, key=each.name) for each in CATALOGUE))
    body = (await viewer.get(f"{ACCOUNT}/{integration_type}/logs")).json()
    assert [each["key"] for each in body["items"]] == [integration_type]


@pytest.mark.parametrize("between", ["\n", "\r\n", ", ", "\t"])
@pytest.mark.parametrize("characters", [36, 75])
async def test_two_hundred_pasted_names_fit_into_an_address(
    viewer: Caller, store_events: Store, characters: int, between: str
) -> None:
    """A spreadsheet or a person puts this or that between them. The link to the next page has them too."""
    names = [f"sku-{number:03d}-{'x' * (characters - 8)}" for number in range(200)]
    await store_events(*(result(name, key=name) for name in names[:3]))
    found = await viewer.get(f"{ACCOUNT}/price/logs?page_size=2&q={quote(between.join(names), safe='')}")
    assert found.status_code == 200, found.text[:300]
    assert [len(each["key"]) for each in found.json()["items"]] == [characters] * 2
    [following] = re.findall(r"<([^>]+)>", found.headers["link"])
    assert len((await viewer.get(following)).json()["items"]) == 1


@pytest.mark.law
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["A1", "A10", "B2", "a1"]),
        ("status=error", ["A1", "B2"]),
        ("status=error&status=success", ["A1", "A10", "B2"]),
        ("affiliate=AMZ", ["B2"]),
        ("affiliate=amz", []),
        ("q=A1", ["A1", "A10", "a1"]),
        ("q=a1", ["A1", "A10", "a1"]),
        ("q=A10", ["A10"]),
        ("q=789", ["B2"]),
        ("q=7891234567895", ["B2"]),
        ("q=891", []),
        ("q=8912", ["B2"]),
        ("q=a1, b2", ["A1", "B2", "a1"]),
        ("q=minimum", ["A1"]),
        ("q=MINIMUM below", ["A1"]),
        ("q=minimum above", []),
        ("q=mini", []),
        ("code=price.minimum", ["A1"]),
        ("code=price", []),
        ("code=E-2", ["B2"]),
        ("reprocess=silent", []),
    ],
)
async def test_the_filter(viewer: Caller, store_events: Store, query: str, expected: list[str]) -> None:
    """Keys and aliases by beginning, part or list; messages by whole words; all in any case."""
    await store_events(
        result("1", key="A1", message="The price 10.00 is below the minimum"),
        result("2", key="A10", status="success", errors=None, message="done"),
        result(
            "3",
            key="B2",
            affiliate="AMZ",
            message="refused",
            errors=[{"code": "E-2", "message": "x"}],
            aliases={"ean": "7891234567895"},
        ),
        result("4", key="a1", status="warning", errors=None, message="slow"),
    )
    assert await keys_of(viewer, query) == expected


async def test_times_are_half_open(viewer: Caller, store_events: Store) -> None:
    await store_events(*(result(str(n), key=f"K{n}", processed_at=at(n)) for n in range(4)))
    start, end = (at(n).replace("+", "%2B") for n in (1, 3))
    assert await keys_of(viewer, f"processed_from={start}&processed_to={end}") == ["K1", "K2"]


async def test_keys_with_every_character_are_found_by_themselves(viewer: Caller, store_events: Store) -> None:
    keys = ["00123", "123", "PG-2404С1", "PG-2404C1", "a/b&c+d", "100%", "a_b", "axb", "\\", "=1+1", "😀", "é", "a b"]
    await store_events(*(result(f"e{n}", key=key, message=None) for n, key in enumerate(keys)))
    for key in keys:
        response = await viewer.get(f"{ACCOUNT}/price/logs", params={"q": key})
        assert key in [each["key"] for each in response.json()["items"]]
        [log] = [each for each in response.json()["items"] if each["key"] == key]
        assert (await viewer.get(f"{ACCOUNT}/price/logs/{log['id']}")).json()["key"] == key


async def test_a_group_of_equal_errors_is_one_fingerprint(viewer: Caller, store_events: Store) -> None:
    await store_events(
        *(
            result(key, key=key, errors=[{"code": "price", "message": message}])
            for key, message in {"A": "SKU 123 has no price", "B": "SKU 456 has no price", "C": "other"}.items()
        ),
    )
    log = (await viewer.get(path_of("A"))).json()
    assert await keys_of(viewer, f"fingerprint={log['fingerprint']}") == ["A", "B"]


EVIDENCE: dict[str, Any] = {
    "operation": "update-price",
    "request": {"price": 10.0, "id": 123456789012345678901234567890, "deep": [[{"a": None}]]},
    "response": "<html><script>alert(1)</script>\r\n\x0b %s ${jndi:x}</html>",
    "errors": [{"code": "price.minimum", "message": "m", "field": "price", "more": {"x": 1}}],
    "aliases": {"ean": "7891234567895"},
    "their_field": {"kept": True},
}


@pytest.mark.parametrize("structured", [False, True])
async def test_one_log_has_the_evidence_as_it_came(operator: Caller, store_events: Store, *, structured: bool) -> None:
    event = result("e1", **EVIDENCE)
    if structured:
        body = data(**EVIDENCE)
        names = {name.removeprefix("ce_"): value.decode() for name, value in attributes("e1", "price", "SKU-1", at(0))}
        names.pop("content-type")
        event = Event(event.key, json.dumps({**names, "data": body}).encode(), [])
    await store_events(event)
    log = (await operator.get(path_of())).json()
    attempt = log["last_attempt"]
    for name in ("operation", "request", "response", "errors", "aliases"):
        assert attempt[name] == EVIDENCE[name], name
    assert attempt["extra"] == {"their_field": {"kept": True}}
    assert log["aliases"] == {"ean": ["7891234567895"]}
    assert (attempt["event_id"], attempt["source"], attempt["late"], attempt["altered"]) == (
        "e1",
        "/connectors/test",
        False,
        False,
    )
    assert log["first_seen_at"].endswith("Z")
    assert log["processed_at"].endswith("Z")


async def test_the_last_attempt_is_the_one_that_is_shown_not_the_last_to_come(
    viewer: Caller, store_events: Store
) -> None:
    await store_events(result("new", processed_at=at(5), aliases={"ean": "1"}))
    await store_events(result("old", processed_at=at(1), status="success", errors=None, aliases={"ean": "2"}))
    log = (await viewer.get(path_of())).json()
    assert (log["status"], log["attempts"], log["last_attempt"]["event_id"]) == ("error", 2, "new")
    assert log["aliases"] == {"ean": ["1", "2"]}
    entries = (await viewer.get(f"{path_of()}/timeline")).json()["items"]
    assert [(each["attempt"]["event_id"], each["attempt"]["late"]) for each in entries] == [
        ("new", False),
        ("old", True),
    ]


async def test_a_log_says_whose_its_results_are_the_last_one_first(viewer: Caller, store_events: Store) -> None:
    """A connector that speaks for another's entity is seen, whichever result is shown."""

    def of(source: str, id_: str, seconds: int) -> Event:
        event = result(id_, processed_at=at(seconds))
        return event._replace(
            headers=[(name, source.encode() if name == "ce_source" else value) for name, value in event.headers]
        )

    await store_events(of("/a", "1", 1), of("/a", "2", 3), of("/forged", "3", 2), of("/a", "4", 0))
    assert (await viewer.get(path_of())).json()["sources"] == [
        {"source": "/a", "results": 3},
        {"source": "/forged", "results": 1},
    ]


async def test_an_attempt_that_came_from_the_future_is_marked_by_the_time_when_it_came(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    in_six, in_four = (f"{datetime.now(UTC) + timedelta(minutes=minutes):%FT%TZ}" for minutes in (6, 4))
    await store_events(result("six", processed_at=in_six), result("four", processed_at=in_four), result("past"))
    expected = [("six", True), ("four", False), ("past", False)]
    # Now and also when all of it is long ago.
    for shift in ("0", "1 day"):
        await owner.execute(
            "UPDATE attempts SET processed_at = processed_at - $1::text::interval, "
            "received_at = received_at - $1::text::interval",
            shift,
        )
        entries = (await viewer.get(f"{path_of()}/timeline")).json()["items"]
        assert [(each["attempt"]["event_id"], each["attempt"]["ahead"]) for each in entries] == expected


async def test_a_log_whose_attempt_retention_has_dropped_is_still_shown(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(result())
    await owner.execute("DELETE FROM attempts")
    log = (await viewer.get(path_of())).json()
    assert (log["key"], log["last_attempt"]) == ("SKU-1", None)


ITEM = """
    INSERT INTO reprocess_items (
        account, id, command_id, log_id, integration_type, affiliate, key, state, mode, attempt,
        created_at, sent_at, expires_at, silent_at, answered_at, after_status)
    SELECT 'acme', gen_random_uuid(), 'c1', s.id, 'price', 'MLB', s.key, $1::text, 'refresh', 1,
        now() - interval '5 min', now() - interval '4 min', now(), $2::timestamptz, $3::timestamptz, $4::text
    FROM status_logs s
"""
COMMAND = """
    INSERT INTO reprocess_commands
        (account, id, integration_type, state, mode, requested_by, reason, request, requested_at)
    VALUES ('acme', 'c1', 'price', 'done', 'refresh', 'maria', 'because', '{}', now())
"""


async def test_a_timeline_tells_attempts_and_reprocess_steps_newest_first(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    """The attempt is an hour old; the reprocess began five minutes ago, fell silent, and was answered late."""
    await store_events(result())
    await owner.execute(COMMAND)
    now = await owner.fetchval("SELECT now()")
    silent = await owner.fetchval("SELECT now() - interval '2 min'")
    await owner.execute(ITEM, "fixed", silent, now, "success")
    entries = (await viewer.get(f"{path_of()}/timeline")).json()["items"]
    assert [each.get("step", each["kind"]) for each in entries] == [
        "answered",
        "silent",
        "sent",
        "requested",
        "attempt",
    ]
    assert [each["state"] for each in entries[:4]] == ["fixed", "silent", "sent", "queued"]
    assert {(each["requested_by"], each["reason"], each["command_id"]) for each in entries[:4]} == {
        ("maria", "because", "c1")
    }
    paged: list[Any] = []
    path = f"{path_of()}/timeline?page_size=2"
    while path:
        body = (await viewer.get(path)).json()
        paged += body["items"]
        token = body["next_page_token"]
        path = f"{path_of()}/timeline?page_size=2&page_token={token}" if token else ""
    assert paged == entries


async def test_a_page_of_a_timeline_stays_small_when_its_evidence_is_large(viewer: Caller, store_events: Store) -> None:
    """Twenty results of 900 kB: a page ends early rather than hold 18 MB, and the walk still tells them all."""
    for n in range(20):
        await store_events(result(f"e{n}", processed_at=at(n), response="x" * 900_000))
    seen: list[str] = []
    path = f"{path_of()}/timeline?page_size=200"
    while path:
        response = await viewer.get(path)
        assert len(response.content) < 9_000_000
        seen += [each["attempt"]["event_id"] for each in response.json()["items"]]
        token = response.json()["next_page_token"]
        path = f"{path_of()}/timeline?page_size=200&page_token={token}" if token else ""
    assert seen == [f"e{n}" for n in reversed(range(20))]


async def action(client: Caller, integration_type: str = "price") -> dict[str, Any]:
    [log] = (await client.get(f"{ACCOUNT}/{integration_type}/logs")).json()["items"]
    [only] = log["actions"]
    detail = (await client.get(f"{ACCOUNT}/{integration_type}/logs/{log['id']}")).json()
    assert detail["actions"] == [only]
    return dict(only)


async def test_an_error_may_be_reprocessed_by_an_operator_only(
    operator: Caller, viewer: Caller, store_events: Store
) -> None:
    await store_events(result())
    assert await action(operator) == {
        "name": "reprocess",
        "allowed": True,
        "verdict": None,
        "reason": None,
        "link": None,
    }
    assert (await action(viewer))["allowed"] is False
    assert "read" in (await action(viewer))["reason"]


async def test_a_success_is_not_reprocessed(operator: Caller, store_events: Store) -> None:
    await store_events(result(status="success", errors=None))
    assert (await action(operator))["verdict"] == "already_succeeded"


async def test_an_order_has_a_guide_instead(operator: Caller, store_events: Store) -> None:
    await store_events(result(integration_type="orders"))
    found = await action(operator, "orders")
    assert (found["allowed"], found["verdict"], found["reason"]) == (
        False,
        "not_reprocessable",
        "Orders are not reprocessed: follow the troubleshooting guide of the marketplace.",
    )
    assert found["link"] == ORDERS.troubleshooting_link("MLB")
    log = (await operator.get(path_of(integration_type="orders"))).json()
    assert log["troubleshooting"] == found["link"]


@pytest.mark.parametrize("state", ["queued", "sent"])
async def test_what_is_in_flight_is_not_reprocessed_again(
    operator: Caller, store_events: Store, owner: asyncpg.Connection, state: str
) -> None:
    await store_events(result())
    await owner.execute(
        "UPDATE status_logs SET reprocess_state = $1, reprocess_item_id = gen_random_uuid(),"
        " reprocess_command_id = 'c1', reprocess_at = now()",
        state,
    )
    assert (await action(operator))["verdict"] == "in_flight"
    assert await keys_of(operator, "reprocess=in_flight") == ["SKU-1"]
    assert await keys_of(operator, f"reprocess={state}") == ["SKU-1"]
    assert await keys_of(operator, "reprocess=silent") == []


async def test_search_finds_an_entity_by_any_name_across_types(viewer: Caller, store_events: Store) -> None:
    await store_events(
        result("1", "orders", key="2000", aliases={"marketplace_order_id": "MLB-77"}),
        result("2", "tracking", key="2000"),
        result("3", "price", key="20001"),
        result("4", "products", key="X", aliases={"ean": "2000"}),
        result("5", "inventory", key="12000"),
        result("6", "inventory", key="2 000"),
    )
    items = (await viewer.get(f"{ACCOUNT}/search?q=2000")).json()["items"]
    assert {each["integration_type"] for each in items[:3]} == {"orders", "tracking", "products"}
    assert {each["key"] for each in items[3:]} == {"20001", "12000"}
    assert (await viewer.get(f"{ACCOUNT}/search?q=%202000%20")).json()["items"] == items
    [found] = (await viewer.get(f"{ACCOUNT}/search?q=MLB-77")).json()["items"]
    assert (found["integration_type"], found["key"]) == ("orders", "2000")
    assert len((await viewer.get(f"{ACCOUNT}/search?q=2000&page_size=1")).json()["items"]) == 1


async def test_a_list_says_which_names_it_did_not_find(viewer: Caller, store_events: Store) -> None:
    await store_events(result("1", key="SKU 1"), result("2", key="SKU 2", aliases={"ean": "789"}))
    for q, keys, missing in (
        ("sku 1\n789\nSku 3", ["SKU 1", "SKU 2"], ["Sku 3"]),
        ("sku 1; sku 2", ["SKU 1", "SKU 2"], []),
        ("x,y", [], ["x", "y"]),
        ("the minimum, price", ["SKU 1", "SKU 2"], []),
        ("sku 1", ["SKU 1"], []),
    ):
        answer = (await viewer.get(f"{ACCOUNT}/price/logs", params={"q": q})).json()
        assert (sorted(each["key"] for each in answer["items"]), answer["not_found"]) == (keys, missing), q
        if "minimum" not in q:  # words, which no search across the types finds
            everywhere = (await viewer.get(f"{ACCOUNT}/search", params={"q": q})).json()
            assert (len(everywhere["items"]), everywhere["not_found"]) == (len(keys), missing), q


async def test_an_exact_name_comes_first_however_many_begin_with_it(viewer: Caller, store_events: Store) -> None:
    """The exact one is an alias, and older than every other."""
    await store_events(
        result("x", "orders", key="Z", aliases={"ean": "20"}, processed_at=at(-100)),
        *(result(f"e{n}", key=f"20{n:03}", processed_at=at(n)) for n in range(30)),
    )
    items = (await viewer.get(f"{ACCOUNT}/search?q=20&page_size=2")).json()["items"]
    assert items[0]["key"] == "Z"


DEAD = """
    INSERT INTO dead_letters (
        account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
    VALUES ($1, gen_random_uuid(), 'json', '{"code": "no_bytes", "parameters": {}}', 't', 0, 1, 0, '[]', $2,
        length($2::bytea))
"""


async def test_dead_letters_are_the_accounts_own_and_nobodys_for_who_sees_everything(
    viewer: Caller, every: Caller, owner: asyncpg.Connection
) -> None:
    for account in ("acme", "globex", ""):
        await owner.execute(DEAD, account, b"x")
    path = f"{ACCOUNT}/dead-letters"
    assert [each["account"] for each in (await viewer.get(path)).json()["items"]] == ["acme"]
    seen = [each["account"] for each in (await every.get(path)).json()["items"]]
    assert sorted(seen, key=str) == [None, "acme"]


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff\xfe\x00", b"a\x00b", "ç".encode() * 3000, b'{"a": "\\ud800"}'],
    ids=["empty", "not UTF-8", "NUL", "long", "lone surrogate"],
)
async def test_a_dead_letter_of_any_bytes_is_shown(operator: Caller, owner: asyncpg.Connection, value: bytes) -> None:
    await owner.execute(DEAD, "acme", value)
    [letter] = (await operator.get(f"{ACCOUNT}/dead-letters")).json()["items"]
    assert letter["value_bytes"] == len(value)
    assert len(letter["value"].encode()) <= 3 * 4096


async def test_commands_count_their_items_and_list_them_by_state(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(result("1"), result("2", key="SKU-2"))
    await owner.execute(COMMAND)
    await owner.execute(ITEM, "sent", None, None, None)
    await owner.execute(
        "UPDATE reprocess_items SET state = 'fixed', answered_at = now(), after_status = 'success' WHERE key = 'SKU-2'"
    )
    command = (await viewer.get(f"{ACCOUNT}/reprocess/c1")).json()
    assert command["items"] == {"sent": 1, "fixed": 1}
    assert sum(command["items"].values()) == command["total"]
    assert (await viewer.get(f"{ACCOUNT}/reprocess")).json()["items"] == [{**command, "joined": None}]
    items = (await viewer.get(f"{ACCOUNT}/reprocess/c1/items?state=fixed")).json()["items"]
    assert [(each["key"], each["state"], each["after_status"]) for each in items] == [("SKU-2", "fixed", "success")]
    first = (await viewer.get(f"{ACCOUNT}/reprocess/c1/items?page_size=1")).json()
    second = (
        await viewer.get(f"{ACCOUNT}/reprocess/c1/items?page_size=1&page_token={first['next_page_token']}")
    ).json()
    assert {each["key"] for each in first["items"] + second["items"]} == {"SKU-1", "SKU-2"}
    assert second["next_page_token"] is None


async def test_a_command_may_be_called_like_a_part_of_a_path(
    viewer: Caller, owner: asyncpg.Connection, app: FastAPI
) -> None:
    """Ids of commands are the caller's words; `logs` is one, and no integration type is called `reprocess`."""
    await owner.execute(COMMAND.replace("'c1'", "'logs'"))
    response = await viewer.get(f"{ACCOUNT}/reprocess/logs")
    assert (response.status_code, response.json().get("id")) == (200, "logs")
