"""Pages: newest first, no row twice, tokens that are good for one list only."""

import base64
import random
from typing import Any

import asyncpg
import orjson
import pytest

from schemas.filter import LogFilter
from storage.database import Database
from storage.filters import filtered
from tests.integration.api.conftest import Caller, Store
from tests.support.events import at, result
from tests.support.explained import explained, nodes

LOGS = "/api/v1/accounts/acme/price/logs"


async def walk(client: Caller, path: str) -> list[list[dict[str, Any]]]:
    """Every page of a list, by following its links."""
    pages, next_path = [], path
    while next_path:
        response = await client.get(next_path)
        assert response.status_code == 200, response.text
        pages.append(response.json()["items"])
        link = response.headers.get("Link", "")
        assert bool(link) == (response.json()["next_page_token"] is not None)
        next_path = link.partition(">")[0].removeprefix("<")
    return pages


async def test_pages_are_newest_first_and_complete(viewer: Caller, store_events: Store) -> None:
    """Seven logs, three of them of one instant, which a page may part."""
    seconds = [1, 2, 2, 2, 3, 4, 5]
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=at(s)) for n, s in enumerate(seconds)))
    pages = await walk(viewer, f"{LOGS}?page_size=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    order = [(each["processed_at"], each["id"]) for page in pages for each in page]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 7


async def test_a_full_last_page_has_no_next(viewer: Caller, store_events: Store) -> None:
    await store_events(*(result(f"e{n}", key=f"K{n}") for n in range(4)))
    assert [len(page) for page in await walk(viewer, f"{LOGS}?page_size=2")] == [2, 2]


@pytest.mark.law
async def test_walking_while_rows_change_never_repeats_a_row(viewer: Caller, store_events: Store) -> None:
    rng = random.Random(7)
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=at(n % 5)) for n in range(40)))
    seen: list[str] = []
    path, serial = f"{LOGS}?page_size=4", 0
    while path:
        body = (await viewer.get(path)).json()
        seen += [each["key"] for each in body["items"]]
        token = body["next_page_token"]
        path = f"{LOGS}?page_size={rng.randint(1, 7)}&page_token={token}" if token else ""
        for _ in range(3):  # old rows get newer results, late ones and copies; new rows come in
            serial += 1
            key, when = f"K{rng.randrange(50)}", at(rng.choice([-3, 2, 10 + serial]))
            await store_events(result(f"n{serial}", key=key, processed_at=when))
    assert len(seen) == len(set(seen))


@pytest.fixture
async def token(viewer: Caller, store_events: Store) -> str:
    """The token of the first page of two, page_size=1, status=error."""
    await store_events(result("a"), result("b", key="SKU-2"))
    body = (await viewer.get(f"{LOGS}?page_size=1&status=error")).json()
    return str(body["next_page_token"])


@pytest.mark.parametrize(
    "path",
    [
        f"{LOGS}?status=warning",
        LOGS,
        f"{LOGS}?status=error&q=S",
        "/api/v1/accounts/acme/orders/logs?status=error",
        "/api/v1/accounts/globex/price/logs?status=error",
        "/api/v1/accounts/acme/reprocess?",
        "/api/v1/accounts/acme/dead-letters?",
    ],
)
async def test_a_token_of_another_list_is_400(every: Caller, token: str, path: str) -> None:
    response = await every.get(f"{path}{'&' if '?' in path else '?'}page_token={token}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_token_is_good_for_another_page_size_and_the_same_filter_said_otherwise(
    viewer: Caller, token: str
) -> None:
    response = await viewer.get(f"{LOGS}?status=error&page_size=7&page_token={token}")
    assert [each["key"] for each in response.json()["items"]] == ["SKU-1"] or response.status_code == 200
    assert response.json()["next_page_token"] is None


def forged(token: str, **changes: Any) -> str:
    """The token with some of its parts changed."""
    content = orjson.loads(base64.urlsafe_b64decode(token + "=="))
    for position, value in changes.items():
        content[int(position[1:])] = value
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


TAMPERED: list[tuple[str, Any]] = [
    ("empty", lambda token: ""),
    ("cut", lambda token: token[:-5]),
    ("one character more", lambda token: token + "A"),
    ("not base64", lambda token: "%C3%A7"),
    ("not JSON", lambda token: "AAAA"),
    ("a number", lambda token: base64.urlsafe_b64encode(b"1").decode().rstrip("=")),
    ("null", lambda token: base64.urlsafe_b64encode(b"null").decode().rstrip("=")),
    ("an object", lambda token: base64.urlsafe_b64encode(b'{"a":1,"b":2,"c":3,"d":4}').decode().rstrip("=")),
    ("older version", lambda token: forged(token, p0=0)),
    ("newer version", lambda token: forged(token, p0=2)),
    ("no id", lambda token: forged(token, p3="not-a-uuid")),
    ("NUL in the id", lambda token: forged(token, p3="\x00")),
    ("a number as id", lambda token: forged(token, p3=5)),
    ("text as time", lambda token: forged(token, p2="x")),
    ("year 300,000", lambda token: forged(token, p2=10**19)),
    ("infinite time", lambda token: forged(token, p2=1e300)),
    ("a list as time", lambda token: forged(token, p2=[1])),
]


@pytest.mark.parametrize("tamper", [each for _name, each in TAMPERED], ids=[name for name, _each in TAMPERED])
async def test_a_token_that_we_did_not_make_is_400(viewer: Caller, token: str, tamper: Any) -> None:
    response = await viewer.get(f"{LOGS}?status=error&page_token={tamper(token)}")
    assert response.status_code == 400, response.text


@pytest.mark.parametrize("place", ["\x00", "a" * 900, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
async def test_a_forged_place_in_a_list_of_texts_is_never_a_500(
    viewer: Caller, owner: asyncpg.Connection, place: str
) -> None:
    """The lists of commands and of a timeline end in texts, which are not parsed."""
    await owner.execute("""
        INSERT INTO reprocess_commands (
            account, id, integration_type, state, mode, requested_by, request, requested_at)
        SELECT 'acme', 'c' || n, 'price', 'done', 'refresh', 'm', '{}', now() FROM generate_series(1, 2) n
    """)
    body = (await viewer.get("/api/v1/accounts/acme/reprocess?page_size=1")).json()
    response = await viewer.get(
        "/api/v1/accounts/acme/reprocess", params={"page_token": forged(body["next_page_token"], p3=place)}
    )
    assert response.status_code in (200, 400, 422), response.text


async def test_the_link_names_no_host(viewer: Caller, token: str) -> None:
    """A Host header is the caller's text: what is shown back must not depend on it."""
    response = await viewer.get(f"{LOGS}?page_size=1", headers={"Host": "evil.example"})
    assert response.headers["Link"].startswith("</api/v1/accounts/acme/price/logs?")


FILTERS: list[dict[str, Any]] = [
    {},
    {"status": ["error"]},
    {"affiliate": ["MLB", "AMZ"]},
    {"processed_from": "2026-01-01T00:00:00Z"},
    {"code": "c"},
]


@pytest.mark.parametrize("filter_", FILTERS, ids=str)
async def test_a_deep_page_uses_the_index_and_sorts_nothing(
    reader: Database, owner: asyncpg.Connection, filter_: dict[str, Any]
) -> None:
    await owner.execute("""
        INSERT INTO status_logs (account, id, integration_type, affiliate, key, status, processed_at, version, source,
            event_id, message, code, fingerprint, errors, attempts, first_seen_at)
        SELECT 'acme', gen_random_uuid(), 'price', 'MLB', 'K' || n, 'error',
            timestamptz '2026-06-01' + n * interval '1 s',
            '\\x00', '/s', 'e' || n, 'm', 'c', '0123456789abcdef', 1, 1, now()
        FROM generate_series(1, 20000) n
    """)
    await owner.execute("ANALYZE status_logs")
    place = await owner.fetchrow("SELECT processed_at, id FROM status_logs WHERE key = 'K100'")
    assert place is not None
    time, id_ = place
    own: dict[str, Any] = {
        "account": "acme",
        "integration_type": "price",
        "after_at": time,
        "after_id": id_,
        "limit": 51,
    }
    statement = filtered("list_logs", LogFilter.model_validate(filter_), **own)
    async with reader.reading("acme") as connection:
        told = list(nodes(await explained(connection, statement.text, statement.arguments)))
    assert "Sort" not in [node["Node Type"] for node in told]
    [scan] = [node for node in told if node.get("Index Name") == "status_logs_by_time"]
    assert scan.get("Rows Removed by Filter", 0) + scan["Actual Rows"] < 200, "it read its way from the first page"
