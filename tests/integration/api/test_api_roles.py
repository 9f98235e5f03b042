"""Every route with every kind of key; what belongs to another account does not exist."""

import json
import re
from itertools import product
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from schemas.fingerprint import fingerprint
from schemas.identity import log_id
from schemas.role import USUAL_RIGHTS, Rights, Role
from storage import access_keys
from storage.database import Database
from tests.integration.api.conftest import Caller, Store
from tests.support.events import at, result
from tests.support.learned import an_incident

LOG = log_id("acme", "price", "MLB", "SKU-1")
COMMAND = "c1"
LETTER = "11111111-1111-1111-1111-111111111111"
REDRIVE = "22222222-2222-2222-2222-222222222222"
EVIDENCE = "canary-of-evidence"
FAULT = fingerprint("price", "MLB", "price.minimum", "below the minimum", "SKU-1")
#: Every path that reads what is an account's, without the prefix /api/v1; a test below holds the list to the app's own
#: document.
PATHS = {
    "/accounts/{account}/search": "/accounts/acme/search?q=SKU-1",
    "/accounts/{account}/{integration_type}/logs": "/accounts/acme/price/logs",
    "/accounts/{account}/{integration_type}/logs/summary": "/accounts/acme/price/logs/summary",
    "/accounts/{account}/{integration_type}/results/series": "/accounts/acme/price/results/series",
    "/accounts/{account}/{integration_type}/logs/groups": "/accounts/acme/price/logs/groups",
    "/accounts/{account}/{integration_type}/logs/groups/{fingerprint}/why": (
        f"/accounts/acme/price/logs/groups/{FAULT}/why"
    ),
    "/accounts/{account}/{integration_type}/logs/{log_id}": f"/accounts/acme/price/logs/{LOG}",
    "/accounts/{account}/{integration_type}/logs/{log_id}/timeline": f"/accounts/acme/price/logs/{LOG}/timeline",
    "/accounts/{account}/reprocess": "/accounts/acme/reprocess",
    "/accounts/{account}/reprocess/{command_id}": f"/accounts/acme/reprocess/{COMMAND}",
    "/accounts/{account}/reprocess/{command_id}/items": f"/accounts/acme/reprocess/{COMMAND}/items",
    "/accounts/{account}/{integration_type}/reprocess-plan": "/accounts/acme/price/reprocess-plan?status=error",
    "/accounts/{account}/affiliates": "/accounts/acme/affiliates",
    "/accounts/{account}/automatic-retries": "/accounts/acme/automatic-retries",
    "/accounts/{account}/freshness": "/accounts/acme/freshness",
    "/accounts/{account}/incidents": "/accounts/acme/incidents",
    "/accounts/{account}/incidents/{incident_id}": "/accounts/acme/incidents/1",
    "/accounts/{account}/incidents/{incident_id}/why": "/accounts/acme/incidents/1/why",
    "/accounts/{account}/dead-letters": "/accounts/acme/dead-letters",
    "/accounts/{account}/dead-letters/summary": "/accounts/acme/dead-letters/summary",
    "/accounts/{account}/dead-letters/{letter_id}": f"/accounts/acme/dead-letters/{LETTER}",
    "/accounts/{account}/dead-letters/redrives": "/accounts/acme/dead-letters/redrives",
    "/accounts/{account}/dead-letters/redrives/{redrive_id}": f"/accounts/acme/dead-letters/redrives/{REDRIVE}",
    "/accounts/{account}/dead-letters/redrives/{redrive_id}/items": (
        f"/accounts/acme/dead-letters/redrives/{REDRIVE}/items"
    ),
    "/accounts/{account}/exports": "/accounts/acme/exports",
    "/accounts/{account}/activity": "/accounts/acme/activity",
    "/accounts/{account}/playbook": "/accounts/acme/playbook",
    "/accounts/{account}/playbook/coverage": "/accounts/acme/playbook/coverage",
    **{
        f"/accounts/{{account}}/notifications/{each}": f"/accounts/acme/notifications/{each}"
        for each in ("channels", "rules", "windows", "messages", "changes")
    },
    "/vtex/{account}/logs/": f"/vtex/acme/logs/?DateAt={at(0)[:10]}",
}
INSERT_COMMAND = """
    INSERT INTO reprocess_commands
        (account, id, integration_type, state, mode, requested_by, request, requested_at)
    VALUES ('acme', 'c1', 'price', 'done', 'refresh', 'maria', '{}', now())
"""


INSERT_LETTER = """
    INSERT INTO dead_letters
        (account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
    VALUES ('acme', $1, 'json', '{"code": "no_bytes", "parameters": {}}', 't', 0, 9, 0, '[]', 'x', 1)
"""
INSERT_REDRIVE = """
    INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by)
    VALUES ('acme', $1, 'done', 0, 1, '{}', 'maria')
"""


def address(path: str) -> str:
    return path if path.startswith("/vtex/") else f"/api/v1{path}"


@pytest.fixture(autouse=True)
async def _one_of_each(store_events: Store, owner: asyncpg.Connection) -> None:
    await store_events(result())
    await owner.execute(INSERT_COMMAND)
    await owner.execute(INSERT_LETTER, LETTER)
    await owner.execute(INSERT_REDRIVE, REDRIVE)
    assert await an_incident(owner) == 1


def test_every_path_of_an_account_is_walked_here(app: FastAPI) -> None:
    documented = {
        path.removeprefix("/api/v1")
        for path in app.openapi()["paths"]
        if "{account}" in path and path.startswith(("/api", "/vtex"))
    }
    # What a key may export is a right of its own: test_api_exports.py and test_api_reprocess.py walk these.
    exports = {f"/accounts/{{account}}/{{integration_type}}/logs/export.{each}" for each in ("xlsx", "csv", "jsonl")}
    exports.add("/accounts/{account}/reprocess/{command_id}/items/export.{file_format}")
    exports |= {f"/accounts/{{account}}/activity/export.{each}" for each in ("csv", "jsonl")}  # test_api_activity.py
    # So is what a key may see of bytes: test_api_dead_letters.py walks these.
    exports |= {f"/accounts/{{account}}/dead-letters/{each}" for each in ("export.jsonl", "{letter_id}/value")}
    assert documented == set(PATHS) | exports


@pytest.mark.parametrize("path", [*PATHS.values(), "/integration-types", "/key"])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("viewer", 200),
        ("operator", 200),
        ("admin", 200),
        ("every", 200),
        ("bootstrap", 200),
        ("other", 404),
        ("connector", 403),
        ("", 401),
    ],
)
async def test_every_route_by_every_role(app: FastAPI, keys: dict[str, str], path: str, who: str, status: int) -> None:
    if path in {"/integration-types", "/key"} and who == "other":
        status = 200  # the catalogue is nobody's, and a key its bearer's
    async with Caller(app, keys.get(who)) as client:
        response = await client.get(address(path))
    assert response.status_code == status, response.text


async def test_a_connector_only_posts_results(app: FastAPI, keys: dict[str, str]) -> None:
    """No operation that needs a key takes a connector's, but one; no page does either."""
    needing = 0
    async with Caller(app, None) as nobody, Caller(app, keys["connector"]) as connector:
        for path, methods in app.openapi()["paths"].items():
            filled = re.sub(r"\{\w+\}", "x", path.replace("{account}", "acme").replace("{integration_type}", "price"))
            for method in methods:
                if (await nobody.request(method, filled)).status_code != 401:
                    continue
                needing += 1
                answer = await connector.request(method, filled)
                posts = (method, path) == ("post", "/events/results")
                assert (method, path, answer.status_code) == (method, path, 422 if posts else 403)
        signed_in = await nobody.post("/sign-in", data={"access_key": keys["connector"]})
    assert needing > len(PATHS)
    assert signed_in.status_code == 403
    assert "set-cookie" not in signed_in.headers


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize("query", ["", "page_size=0", "nope=1", "page_token=x"])
async def test_another_accounts_things_are_like_things_that_do_not_exist(
    app: FastAPI, keys: dict[str, str], viewer: Caller, path: str, query: str
) -> None:
    absent = await viewer.get("/api/v1/accounts/acme/price/logs/00000000-0000-0000-0000-000000000000")
    async with Caller(app, keys["other"]) as client:
        response = await client.get(f"{address(path)}{'&' if '?' in path else '?'}{query}")
    assert (response.status_code, response.content) == (404, absent.content)
    assert response.headers["content-type"] == absent.headers["content-type"] == "application/problem+json"


BAD = {
    "none": {},
    "empty": {"Authorization": ""},
    "bare": {"Authorization": "Bearer"},
    "blank": {"Authorization": "Bearer "},
    "unknown": {"Authorization": f"Bearer cnx_{'A' * 43}"},
    "basic": {"Authorization": "Basic YTpi"},
    "jwt without algorithm": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."},
    "long": {"Authorization": f"Bearer {'A' * 5000}"},
    "not ASCII": {"Authorization": "Bearer ção".encode("latin-1")},
    "star": {"Authorization": "Bearer *"},
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD)
@pytest.mark.parametrize("query", ["", "?nope=1", "?page_size=1&page_size=2"])
async def test_without_a_good_key_every_answer_is_the_same_401(
    app: FastAPI, headers: dict[str, str], query: str
) -> None:
    async with Caller(app, None) as client:
        plain = await client.get("/api/v1/accounts/acme/price/logs")
        response = await client.get(f"/api/v1/accounts/acme/price/logs{query}", headers=headers)
    assert (response.status_code, response.content) == (401, plain.content)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_key_is_no_key(app: FastAPI, keys: dict[str, str], owning: Database) -> None:
    [key] = [each for each in await access_keys.list_all(owning) if each.name == "v"]
    assert await access_keys.revoke(owning, key.id)
    async with Caller(app, keys["viewer"]) as client:
        assert (await client.get("/api/v1/integration-types")).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", PATHS.values())
async def test_the_query_api_only_reads(viewer: Caller, method: str, path: str) -> None:
    response = await viewer.request(method, address(path))
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("path", ["/api/v1/accounts/acme/price/logs", "/livez", "/api/v1/integration-types"])
async def test_head_is_get_without_a_body(viewer: Caller, path: str) -> None:
    get, head = await viewer.get(path), await viewer.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


async def test_a_request_has_an_id_that_the_caller_may_choose(viewer: Caller) -> None:
    response = await viewer.get("/api/v1/integration-types", headers={"X-Request-Id": "mine-1"})
    assert response.headers["X-Request-Id"] == "mine-1"
    assert (await viewer.get("/nowhere")).headers["X-Request-Id"]


async def test_what_is_answered_is_never_sniffed_or_cached(viewer: Caller) -> None:
    responses: list[httpx.Response] = [
        await viewer.get("/api/v1/integration-types"),
        await viewer.get("/nowhere"),
        await viewer.get("/api/v1/accounts/acme/price/logs?nope=1"),
    ]
    for response in responses:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_bug_is_a_problem_that_tells_nothing(app: FastAPI, method: str) -> None:
    async def broken() -> None:
        raise RuntimeError("a secret of ours")

    app.add_api_route("/broken", broken)
    async with Caller(app, None) as client:
        response = await client.request(method, "/broken", headers={"X-Request-Id": "mine-1"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    assert (response.headers["X-Request-Id"], response.headers["X-Content-Type-Options"]) == ("mine-1", "nosniff")


async def test_metrics_are_by_route_and_name_no_account(viewer: Caller) -> None:
    for method in ("GET", "HEAD", "BREW"):
        await viewer.request(method, "/api/v1/accounts/acme/price/logs")
    await viewer.get("/nowhere/acme")
    text = (await viewer.get("/metrics")).text
    assert 'method="GET",route="/accounts/{account}/{integration_type}/logs"' in text
    assert 'method="HEAD",route="/accounts/{account}/{integration_type}/logs"' in text
    assert 'method="other"' in text
    assert "acme" not in text
    assert "BREW" not in text


async def test_evidence_is_a_right_of_its_own(
    app: FastAPI, owning: Database, owner: asyncpg.Connection, store_events: Store
) -> None:
    """Every answer of the API about an account, with and without it."""
    event = result(
        "evidence",
        processed_at=at(1),
        errors=[{"code": "c", "message": "m", "own": EVIDENCE}],
        request={"a": EVIDENCE},
        response=EVIDENCE,
        mine=EVIDENCE,
    )
    await store_events(event)
    await owner.execute(
        """INSERT INTO dead_letters
               (account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
           VALUES ('acme', gen_random_uuid(), 'json', $1, 't', 0, 0, 0, '[]', $2, 1)""",
        '{"code": "no_bytes", "parameters": {}}',
        EVIDENCE.encode(),
    )
    seen: dict[bool, set[str]] = {}
    for given in (False, True):
        key = await access_keys.create(owning, "acme", "viewer", "k", may_export=True, may_see_evidence=given)
        async with Caller(app, key) as client:
            answers = {path: (await client.get(address(filled))).text for path, filled in PATHS.items()}
            exported = [
                await client.get(f"/api/v1/accounts/acme/price/logs/export.{each}") for each in ("csv", "jsonl")
            ]
            attempt = (await client.get(f"/api/v1/accounts/acme/price/logs/{LOG}")).json()["last_attempt"]
        seen[given] = {path for path, text in answers.items() if EVIDENCE in text}
        assert all(each.status_code == 200 and EVIDENCE not in each.text for each in exported)
        assert json.loads(exported[1].text)["errors"] == [{"code": "c", "message": "m"}]
        assert attempt["evidence"] == ("shown" if given else "not_permitted")
        assert (attempt["evidence_until"] is None) is not given
        assert attempt["errors"][0]["message"] == "m"
    of_a_log = "/accounts/{account}/{integration_type}/logs/{log_id}"
    assert seen[False] == set()
    assert seen[True] >= {of_a_log, f"{of_a_log}/timeline", "/accounts/{account}/dead-letters"}


@pytest.mark.parametrize("role", USUAL_RIGHTS)
async def test_a_key_has_the_usual_rights_of_its_role_unless_it_is_given_others(owning: Database, role: Role) -> None:
    usual = USUAL_RIGHTS[role]
    own: dict[str, Any] = {"source": "/a", "affiliates": ["MLB"]} if role == "connector" else {}
    for given in (None, *(Rights(*each) for each in product((False, True), repeat=2))):
        secret = await access_keys.create(owning, "acme", role, "k", **own, **(given._asdict() if given else {}))
        found = await access_keys.find(owning, access_keys.digest(secret))
        assert found is not None
        assert (found.role, Rights(found.may_export, found.may_see_evidence)) == (role, given or usual)
