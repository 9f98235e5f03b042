"""The whole answer by the prepared way, beside FastAPI's own: status, headers and every byte."""

import uuid

import pytest
from fastapi import FastAPI

from api.logs import PageOfLogs
from api.route_index import RouteIndex
from schemas.identity import log_id
from tests.integration.api.conftest import Caller
from tests.support.events import at, result
from tests.support.reprocess import Desk

API = "/api/v1/accounts/acme"
LOGS = f"{API}/price/logs"
ONE = f"{LOGS}/{uuid.UUID(log_id('acme', 'price', 'MLB', 'SKU-1'))}"
GOOD = (
    LOGS, f"{LOGS}?page_size=3", f"{LOGS}?status=error&status=success&page_size=2&q=SKU", f"{LOGS}?q=SKU-1%2Cnone",
    f"{LOGS}?affiliate=MLB&code=price.minimum", f"{LOGS}/summary", f"{LOGS}/summary?status=error", ONE,
    f"{ONE}/timeline", f"{ONE}/timeline?page_size=1", f"{API}/search?q=SKU-1", f"{API}/search?q=SKU-&page_size=2",
    f"{API}/affiliates", f"{API}/reprocess", f"{API}/playbook?page_size=1", f"{LOGS}/groups", "/api/v1/key", "/livez",
)  # fmt: skip
REFUSED = (
    f"{LOGS}?page_size=0", f"{LOGS}?page_size=1&page_size=2", f"{LOGS}?x=1&y=2", f"{LOGS}?page_token=x", f"{LOGS}?q=",
    f"{LOGS}?processed_from=2026-11-25T00:00:00Z&processed_to=2026-11-24T00:00:00Z", f"{ONE}?x=1", f"{LOGS}/none",
    f"{LOGS}/{uuid.UUID(int=1)}", f"{API}/prices/logs", "/api/v1/accounts/ACME/price/logs", f"{API}/search", f"{LOGS}/",
    f"{LOGS}//", "/api/v1/accounts/globex/price/logs", "/api/v1/none", f"{ONE}/timeline?page_size=x&page_token=%00",
)  # fmt: skip
#: Different for each answer.
OF_ONE_ANSWER = {"x-request-id"}


@pytest.fixture
async def stored(desk: Desk) -> None:
    """Logs of each kind: failed, succeeded, and sent back by a reprocess."""
    await desk.store(
        *(result(f"r{n}", key=f"SKU-{n}", processed_at=at(n)) for n in range(6)),
        result("ok", key="SKU-0", status="success", errors=None, processed_at=at(60)),
    )
    await desk.by_filter("open")
    await desk.answer(*(await desk.send())[:2], status="error")


async def answer(app: FastAPI, key: str | None, method: str, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    async with Caller(app, key) as client:
        response = await client.request(method, path)
    headers = sorted((name, value) for name, value in response.headers.multi_items() if name not in OF_ONE_ANSWER)
    return response.status_code, headers, response.content


@pytest.mark.usefixtures("stored")
async def test_both_ways_answer_alike(app: FastAPI, keys: dict[str, str]) -> None:
    prepared, own = app.router.middleware_stack, app.router.app
    assert isinstance(prepared, RouteIndex)
    codes = set()
    asked: list[tuple[str | None, str, str]]
    asked = [(key, "GET", path) for key in (keys["operator"], keys["viewer"]) for path in GOOD + REFUSED]
    asked += [(key, "GET", path) for key in (keys["other"], keys["connector"], "x", None) for path in (LOGS, ONE)]
    asked += [(keys["operator"], method, path) for method in ("HEAD", "POST", "PUT", "BREW") for path in (LOGS, ONE)]
    for key, method, path in asked:
        app.router.middleware_stack = prepared
        one = await answer(app, key, method, path)
        app.router.middleware_stack = own
        assert one == await answer(app, key, method, path), (method, path)
        codes.add(one[0])
    assert codes >= {200, 400, 401, 403, 404, 405, 422}


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("role", ["operator", "viewer"])
async def test_lists_are_written_as_their_model_is(app: FastAPI, keys: dict[str, str], role: str) -> None:
    for path in (LOGS, f"{LOGS}?q=SKU-1%2Cnone", f"{API}/search?q=SKU-"):
        _status, _headers, body = await answer(app, keys[role], "GET", path)
        page = PageOfLogs.model_validate_json(body)
        assert page.items
        assert page.model_dump_json().encode() == body
