"""Every bad request is the caller's: a problem that names what is wrong, never a 500."""

import asyncpg
import pytest

from schemas.catalogue import BY_NAME
from schemas.filter import MAX_SEARCH_CHARACTERS
from tests.integration.api.conftest import Caller, Store
from tests.support.events import result

LOGS = "/api/v1/accounts/acme/price/logs"
ACCOUNT = "/api/v1/accounts/acme"
TOO_LONG = "q=" + "a" * (MAX_SEARCH_CHARACTERS + 1)
UNPROCESSABLE = [
    ("page_size=0", "query.page_size"),
    ("page_size=-1", "query.page_size"),
    ("page_size=201", "query.page_size"),
    ("page_size=1000000000", "query.page_size"),
    ("page_size=99999999999999999999999999", "query.page_size"),
    ("page_size=1e3", "query.page_size"),
    ("page_size=abc", "query.page_size"),
    ("page_size=", "query.page_size"),
    ("page_size=1&page_size=2", "query.page_size"),
    ("q=a&q=b", "query.q"),
    ("offset=10", "query.offset"),
    ("sort=;drop", "query.sort"),
    ("account=globex", "query.account"),
    ("status=failed", "query.status.0"),
    ("status=", "query.status.0"),
    ("status[]=error", "query.status[]"),
    ("affiliate=", "query.affiliate.0"),
    ("affiliate=a%00b", "query.affiliate.0"),
    ("&".join("affiliate=x" for _ in range(51)), "query.affiliate"),
    ("q=", "query.q"),
    ("q=a%00b", "query.q"),
    ("q=a%ffb", "query.q"),
    ("q=%ed%a0%80", "query.q"),
    (TOO_LONG, "query.q"),
    ("q=" + ",".join(map(str, range(201))), "query.q"),
    ("code=" + "a" * 201, "query.code.0"),
    ("code=a%00b", "query.code.0"),
    ("fingerprint=xyz", "query.fingerprint.0"),
    ("reprocess=gone", "query.reprocess"),
    ("processed_from=2026-01-02", "query.processed_from"),
    ("processed_from=2026-01-02T00:00:00", "query.processed_from"),
    ("processed_from=1700000000", "query.processed_from"),
    ("processed_from=2026-01-02T00:00:00+00:00", "query.processed_from"),  # a space, as it comes
    ("processed_from=2026-01-02T00:00:00%2B24:00", "query.processed_from"),
    ("processed_from=0001-01-01T00:00:00%2B14:00", "query.processed_from"),
    ("processed_to=9999-12-31T23:59:59-14:00", "query.processed_to"),
    ("processed_to=10000-01-01T00:00:00Z", "query.processed_to"),
    ("processed_from=2026-01-02T00:00:00Z&processed_to=2026-01-02T00:00:00Z", "query"),
    ("page_token=" + "A" * 3001, "query.page_token"),
]


@pytest.mark.parametrize(("query", "field"), UNPROCESSABLE, ids=[query[:40] for query, _field in UNPROCESSABLE])
async def test_a_bad_parameter_is_422_and_named(viewer: Caller, query: str, field: str) -> None:
    response = await viewer.get(f"{LOGS}?{query}")
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert field in [each["field"] for each in response.json()["errors"]]


@pytest.mark.parametrize("query", ["", "?page_size=1&q=x"])
@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v1",
        f"{LOGS}/",
        "/api/v2/accounts/acme/price/logs",
        f"{LOGS}/not-an-id",
        f"{LOGS}/00000000-0000-0000-0000-000000000000",
        f"{LOGS}/a%00b",
        f"{ACCOUNT}/reprocess/unknown",
        f"{ACCOUNT}/reprocess/{'x' * 129}",
        f"{ACCOUNT}/reprocess/a%00b",
        f"{ACCOUNT}/reprocess/%ff",
        f"{ACCOUNT}/reprocess/a%00b/items",
        "/api/v1/accounts/a%00b/price/logs",
        "/api/v1/accounts/a%00b/reprocess",
        "/api/v1/accounts/%2a/price/logs",
        "/api/v1/accounts/ACME/price/logs",
        "/api/v1/accounts/acme%27--/price/logs",
        f"/api/v1/accounts/{'a' * 300}/price/logs",
    ],
)
async def test_what_is_not_there_is_the_same_404(every: Caller, path: str, query: str) -> None:
    """Keys of all accounts get the same 404, though no check comes before the database."""
    if query and await _takes_parameters(every, path):
        return  # a path that exists for other ids: its parameters are looked at before the database
    absent = await every.get("/nowhere")
    response = await every.get(path)
    assert (response.status_code, response.content) == (404, absent.content)


@pytest.mark.parametrize("name", ["prices", "Price", "%00"])
async def test_a_mistyped_type_is_a_404_that_names_the_types(viewer: Caller, name: str) -> None:
    response = await viewer.get(f"{ACCOUNT}/{name}/logs")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")
    assert ", ".join(BY_NAME) in response.json()["detail"]
    foreign = await viewer.get(f"/api/v1/accounts/globex/{name}/logs")
    assert foreign.content == (await viewer.get("/nowhere")).content


async def _takes_parameters(every: Caller, path: str) -> bool:
    return (await every.get(f"{path}?nope=1")).status_code == 422


@pytest.mark.parametrize("q", ["q=a%00b", "q=", TOO_LONG, "", "q=a&q=b", "q=a&page_token=x", "q=a%ffb"])
async def test_a_bad_search_is_422(viewer: Caller, q: str) -> None:
    response = await viewer.get(f"{ACCOUNT}/search?{q}")
    assert response.status_code == 422, response.text


@pytest.mark.parametrize(
    "path", ["/reprocess", "/dead-letters", "/reprocess/c1", "/reprocess/c1/items", "/price/logs", "/search"]
)
async def test_an_unknown_parameter_is_422_everywhere(viewer: Caller, path: str, owner: asyncpg.Connection) -> None:
    response = await viewer.get(f"{ACCOUNT}{path}?nope=1")
    assert response.status_code == 422
    assert "query.nope" in [each["field"] for each in response.json()["errors"]]


async def test_an_unknown_state_of_items_is_422(viewer: Caller) -> None:
    response = await viewer.get(f"{ACCOUNT}/reprocess/c1/items?state=gone")
    assert response.status_code == 422


@pytest.mark.parametrize(
    "q", ["%25", "_", "%5C", "SKU%25", "SKU_1", "*", "a:*", "!x", "(", "'", "a%20%26%20b", "%22x%22", "💥", "\\"]
)
async def test_patterns_and_query_syntax_are_literal(viewer: Caller, store_events: Store, q: str) -> None:
    """LIKE, regular expressions and tsquery mean nothing in the search bar; no key or message here has these."""
    await store_events(result())
    for path in (f"{LOGS}?q={q}", f"{ACCOUNT}/search?q={q}"):
        response = await viewer.get(path)
        assert (response.status_code, response.json()["items"]) == (200, []), response.text


async def test_a_url_of_40_kilobytes_is_414(viewer: Caller) -> None:
    response = await viewer.get(f"{LOGS}?q={'a' * 40_000}")
    assert (response.status_code, response.headers["content-type"]) == (414, "application/problem+json")


async def test_a_thousand_parameters_are_422(viewer: Caller) -> None:
    assert (await viewer.get(LOGS + "?" + "&".join(f"p{n}=1" for n in range(1000)))).status_code in (414, 422)
