"""Two accounts, and every route: what one may not see answers like what never was.

Routes are enumerated from the app. One with a parameter, a body or no account that is not known here fails.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from schemas.dead_letter import DeadLetter
from schemas.notification.rule import Scope
from schemas.playbook import InEveryLanguage, WrittenEntry
from schemas.reasons.reason import own_words
from schemas.redrive import RedriveRequest
from schemas.refusal import DeadLetterCode, Refusal
from storage.access_keys import Grant, KeyAuthor, NewKey, list_of, make
from storage.dead_letters import Reach, insert_dead_letters
from storage.letter_audit import Author
from storage.notifications import definitions
from storage.playbook import save
from storage.redrive import make_redrive
from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import at, result
from tests.support.events import attributes as event_headers
from tests.support.notified import MARIA, add_channel, add_rule
from tests.support.reprocess import Desk

pytestmark = pytest.mark.law

CANARY = "BRAVOSECRET"
#: Routes without data of an account, or with those of the key alone that asks.
OPEN = {
    ("GET", path)
    for path in (
        "/openapi.json",
        "/api/v1/integration-types",
        "/api/v1/key",
        "/livez",
        "/readyz",
        "/metrics",
        "/",
        "/static/{digest}/{name:path}",
        "/favicon.ico",
        "/sign-in",
        "/styleguide",
        "/sign-in/oidc",
        "/sign-in/oidc/callback",
        "/preferences",
    )
} | {
    ("POST", path)
    for path in (
        "/sign-in",
        "/sign-out",
        "/preferences",
        "/preferences/sessions/{session_id}/end",
        "/preferences/sessions/end-others",
    )
}
ASKED = {"integration_type": "price", "requested_by": "m", "mode": "refresh"}
#: JSON bodies, whose account says whose it is.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/commands/reprocess"): {**ASKED, "log_ids": ["{log_id}"]},
    ("POST", "/commands/reprocess/{command_id}/cancel"): {"requested_by": "m"},
    ("POST", "/commands/affiliates/pause"): {"affiliate": "MLB", "requested_by": "m"},
    ("POST", "/commands/affiliates/resume"): {"affiliate": "MLB", "requested_by": "m"},
    ("PUT", "/commands/automatic-retries/rule"): {
        "integration_type": "price",
        "change": {"busy": False},
        "requested_by": "m",
    },
    ("POST", "/commands/automatic-retries/off"): {"requested_by": "m"},
    ("POST", "/commands/automatic-retries/on"): {"requested_by": "m"},
    ("PUT", "/commands/groups/{fingerprint}"): {"integration_type": "price", "state": "ignored", "set_by": "m"},
    ("POST", "/commands/groups/{fingerprint}/notes"): {"integration_type": "price", "note": "n", "noted_by": "m"},
    ("POST", "/commands/dead-letters/redrive"): {"ids": ["{letter_id}"], "requested_by": "m"},
    ("POST", "/commands/dead-letters/redrives/{redrive_id}/{action}"): {"requested_by": "m"},
    ("POST", "/commands/dead-letters/erase"): {"ids": ["{letter_id}"], "requested_by": "m", "reason": "r"},
    ("POST", "/commands/dead-letters/{letter_id}/edit"): {"value": "{}", "requested_by": "m"},
    ("POST", "/commands/exports"): {"integration_type": "price", "format": "csv", "filter": {}},
    ("POST", "/events/results"): {"affiliate": "MLB", "key": "SKU-1", "status": "success", "processed_at": at(0)},
}
#: Fields of forms, by the last words of the path.
FORMS: dict[str, dict[str, str]] = {
    "/affiliates/pause": {"affiliate": "MLB"},
    "/affiliates/resume": {"affiliate": "MLB"},
    "/affiliates/automatic-rule": {"integration_type": "price", "busy": "false"},
    "/affiliates/automatic-off": {},
    "/affiliates/automatic-on": {},
    "/dead-letters/redrive": {"choice": '{"ids": ["{letter_id}"]}'},
    "/dead-letters/erase": {"choice": '{"ids": ["{letter_id}"]}', "reason": "r"},
    "/dead-letters/redrives/{redrive_id:uuid}/{action}": {},
    "/dead-letters/{letter_id:uuid}/edit": {"value": "{}", "act": "keep"},
    "/views": {"name": "n", "query": ""},
    "/views/{view_id}/delete": {},
    "/export": {"format": "csv"},
    "/exports/{export_id}/cancel": {},
    "/marked": {},
    "/correct": {"corrections": "[]", "log_id": "{log_id}"},
    "/logs/{log_id}/correct": {"act": "review"},
    "/check": {"text": "{}"},
    "/notifications/channels": {"name": "n", "kind": "topic", "language": "pt", "time_zone": "UTC"},
    "/notifications/channels/{channel_id:uuid}/{act}": {},
    "/notifications/rules": {"name": "n", "severity": "warning", "rule": "{rule_id}"},
    "/notifications/rules/{rule_id:uuid}/remove": {},
    "/notifications/windows": {"begins_at": "2026-11-24T12:00", "ends_at": "2026-11-24T13:00"},
    "/notifications/windows/{window_id:uuid}/remove": {},
    "/people": {"name": "n", "role": "viewer"},
    "/people/{key_id}/revoke": {},
    "/groups/{fingerprint}": {"state": "ignored"},
    "/groups/{fingerprint}/notes": {"note": "n"},
    "/playbook/entries": {"text": "x", "who": "seller", "cause_en": "c", "what_to_do_en": "d"},
    "/playbook/entries/{entry_id:uuid}": {"act": "remove"},
    "/chosen": {"log_id": "{log_id}"},
    "/chosen-groups": {"exclude_fingerprint": "{fingerprint}"},
    "/reprocess": {"log_id": "{log_id}", "mode": "refresh"},
    "/reprocess/{command_id}/cancel": {},
}
#: Parameters of a path that belong to one account.
IDS = (
    *("log_id", "command_id", "export_id", "view_id", "fingerprint", "letter_id", "redrive_id"),
    *("entry_id", "incident_id", "channel_id", "rule_id", "window_id", "key_id"),
)
OTHERS = {
    "integration_type": ["price"],
    "side": ["request", "response"],
    "file_format": ["csv", "jsonl"],
    "action": ["pause", "resume", "cancel"],
    "act": ["test", "remove"],
}
PLACE = re.compile(r"\{(\w+)[^}]*\}")


def routes(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, str(each.path))
        for each in iter_route_contexts(app.routes)
        for method in sorted((each.methods or set()) - {"HEAD"})
    ]


def filled(text: str, known: dict[str, str]) -> str:
    return PLACE.sub(lambda found: known[found[1]], text)


def addresses(path: str, account: str, ids: dict[str, str]) -> Iterator[str]:
    """The path with everything filled in. KeyError for a parameter that nobody has said what it is."""
    names = PLACE.findall(path)
    for value in OTHERS.get(next((each for each in names if each in OTHERS and len(OTHERS[each]) > 1), ""), [""]):
        known = {"account": account, **ids, **{name: value or OTHERS[name][0] for name in OTHERS}}
        yield filled(path, {**known, "integration_type": "price"})


@pytest.fixture
async def ids(
    app: FastAPI, keys: dict[str, str], store_events: Store, desk: Desk, owner: asyncpg.Connection
) -> AsyncIterator[dict[str, str]]:
    """Store some of everything for globex, each with the canary in it, and a log for acme."""
    await store_events(
        result("a"),
        result(
            "g",
            account="globex",
            key=f"{CANARY}-1",
            errors=[{"code": CANARY, "message": CANARY}],
            aliases={"n": CANARY},
        ),
        result("h", account="globex", key=f"{CANARY}-2", message=f"{CANARY} 2", request={"cpf": CANARY}),
    )
    refusal = Refusal(DeadLetterCode.JSON, own_words(CANARY))
    letter = DeadLetter("globex", refusal, "t", 0, 0, 0, None, (), CANARY.encode())
    async with desk.writer.transaction() as connection:
        await insert_dead_letters(connection, [letter, letter._replace(offset=1)])
    redrive_id = await make_redrive(
        desk.writer,
        Reach("globex", every_account=False, evidence=True),
        RedriveRequest(account="globex", ids=(uuid.UUID(letter.id),), requested_by=CANARY),
        Author(CANARY, CANARY),
        topics=["t"],
        as_of=datetime.now(UTC) + timedelta(minutes=1),
    )
    row = await owner.fetchrow("SELECT id::text, fingerprint FROM status_logs WHERE key = $1", f"{CANARY}-1")
    assert row is not None
    await desk.command(
        "bravo-command", account="globex", requested_by=CANARY, reason=CANARY, mode="refresh", log_ids=[row["id"]]
    )
    incident_id = await owner.fetchval(
        """INSERT INTO incidents
               (incident_id, account, kind, affiliate, subject, state, severity, opened_at, changed_at, facts)
           OVERRIDING SYSTEM VALUE
           VALUES (
               470123047, 'globex', 'new_fault', $1, $1, 'open', 'warning', now(), now(),
               jsonb_build_object('code', $1::text)
           )
           RETURNING incident_id""",
        CANARY,
    )
    await owner.execute(
        """INSERT INTO incident_edges (incident_id, account, edge, at, facts)
           VALUES ($1, 'globex', 'opened', now(), '{}')""",
        incident_id,
    )
    view = str(uuid.uuid4())
    texts = {"pt": CANARY, "en": CANARY, "es": CANARY}
    entry_id = await save(
        desk.writer,
        "globex",
        None,
        WrittenEntry(code="x", who="seller", cause=InEveryLanguage(**texts), what_to_do=InEveryLanguage(**texts)),
        changed_by=CANARY,
        grant=Grant("globex", "operator", CANARY, may_export=False, may_see_evidence=False, key_id=None),
    )
    await owner.execute("INSERT INTO saved_views VALUES ('globex', $1, 'price', $2, '', $2)", uuid.UUID(view), CANARY)
    channel = await add_channel(desk.writer, "topic", account="globex", name=CANARY)
    await add_rule(desk.writer, channel, account="globex", name=CANARY)
    [rule] = await definitions.list_rules(desk.reader, "globex")
    window = await definitions.make_window(
        desk.writer,
        "globex",
        begins_at=datetime.now(UTC),
        ends_at=datetime.now(UTC) + timedelta(hours=1),
        scope=Scope(),
        reason=CANARY,
        author=MARIA,
    )
    key = NewKey(account="globex", role="viewer", name=CANARY)
    await make(desk.writer, key, KeyAuthor(CANARY))
    [key_id] = [each.id for each in await list_of(desk.writer, ["globex"]) if each.name == CANARY]
    async with Caller(app, keys["other"]) as globex:
        job = await globex.post(
            "/commands/exports", json={"account": "globex", "integration_type": "price", "format": "csv", "filter": {}}
        )
        assert job.status_code == 202, job.text
        for _ in range(300):
            if (await globex.get(job.headers["Location"])).json()["state"] == "done":
                break
            await asyncio.sleep(0.1)
    yield {
        "log_id": row["id"],
        "fingerprint": row["fingerprint"],
        "command_id": "bravo-command",
        "view_id": view,
        "letter_id": str(uuid.UUID(letter._replace(offset=1).id)),
        "redrive_id": str(redrive_id),
        "export_id": job.json()["id"],
        "entry_id": str(entry_id),
        "incident_id": str(incident_id),
        "channel_id": str(channel),
        "rule_id": rule.id,
        "window_id": str(window),
        "key_id": str(key_id),
    }
    await app.state.jobs.close()


@pytest.fixture
async def callers(app: FastAPI, keys: dict[str, str], visit: Visit) -> AsyncIterator[tuple[Caller, Browser, str]]:
    """acme's admin by key and by session, with a form token."""
    async with Caller(app, keys["admin"]) as by_key:
        browser = await visit("admin")
        yield by_key, browser, await browser.form_token("/acme/price")


Callers = tuple[Caller, Browser, str]


async def ask(
    callers: Callers, method: str, path: str, address: str, account: str, ids: dict[str, str]
) -> httpx.Response:
    """Ask one route as acme, with a body that would be good for the one whose it is."""
    by_key, browser, token = callers
    if (method, path) in BODIES:
        body = {
            name: [filled(each, ids) for each in value] if isinstance(value, list) else value
            for name, value in BODIES[method, path].items()
        }
        attributes = {name.replace("_", "-"): value for name, value in event_headers("e", "price", "SKU-1", at(0))}
        headers = {"Idempotency-Key": str(uuid.uuid4()), **{name: value.decode() for name, value in attributes.items()}}
        return await by_key.request(method, address, json={"account": account, **body}, headers=headers)
    if path.startswith(("/api/", "/commands/", "/vtex/")):
        return await by_key.request(method, address)
    if method == "POST":
        rest = re.sub(r"^/\{account:account\}(/\{integration_type:integration_type\})?", "", path)
        fields = {name: filled(value, ids) for name, value in FORMS[rest].items()}
        return await browser.post(address, data={"form_token": token, **fields})
    return await browser.request(method, address)


def told(answer: httpx.Response, *names: str) -> tuple[int, str | None, str]:
    """Return an answer without the parts of one request, and without the names that were asked for."""
    text = answer.text
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "NAME")
    text = re.sub(r'(name="form_token" value=|"request_id": ?)"[^"]+"', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?|\d\d:\d\d(:\d\d)?", "TIME", text)
    return answer.status_code, answer.headers.get("content-type"), text


def test_every_route_is_known_here(app: FastAPI, ids: dict[str, str]) -> None:
    for method, path in routes(app):
        if (method, path) in OPEN:
            assert "{account" not in path
            continue
        list(addresses(path, "acme", ids))
        if "{account" not in path:
            assert (method, path) in BODIES, f"{method} {path}: whose is it?"
    assert set(routes(app)) >= OPEN | BODIES.keys()


async def test_another_account_answers_like_one_that_never_was(
    app: FastAPI, ids: dict[str, str], callers: Callers
) -> None:
    asked = 0
    for method, path in routes(app):
        if (method, path) in OPEN:
            continue
        for there, nowhere in zip(addresses(path, "globex", ids), addresses(path, "initech", ids), strict=True):
            for query in ("", "?q=BRAVO", "?status=error&page_size=1") if method == "GET" else ("",):
                found = await ask(callers, method, path, there + query, "globex", ids)
                absent = await ask(callers, method, path, nowhere + query, "initech", ids)
                assert CANARY not in found.text, there
                # Events are refused for what the key is bound to, before anybody knows which accounts there are.
                expected = 403 if path == "/events/results" else 404
                assert found.status_code == expected, (method, there, found.status_code, found.text[:300])
                assert told(found, "globex") == told(absent, "initech"), (method, there)
                asked += 1
    assert asked > 100


async def test_ids_of_another_account_are_ids_that_never_were(
    app: FastAPI, ids: dict[str, str], callers: Callers, owner: asyncpg.Connection
) -> None:
    absent = {
        **{name: str(uuid.uuid4()) for name in IDS if name not in {"command_id", "fingerprint"}},
        "command_id": "never-was",
        "incident_id": "470123048",
        "fingerprint": "0123456789abcdef",
    }
    before = await everything_of(owner, "globex")
    asked = 0
    for method, path in routes(app):
        names = set(PLACE.findall(path)) | set(PLACE.findall(str(BODIES.get((method, path), ""))))
        if (method, path) in OPEN or not names & set(IDS) or path == "/commands/reprocess":
            continue
        for theirs, none in zip(addresses(path, "acme", ids), addresses(path, "acme", absent), strict=True):
            found = await ask(callers, method, path, theirs, "acme", ids)
            never = await ask(callers, method, path, none, "acme", absent)
            assert CANARY not in found.text, theirs
            assert found.status_code != 403, theirs
            assert told(found, *ids.values()) == told(never, *absent.values()), (method, theirs)
            asked += 1
    assert asked > 20
    assert await everything_of(owner, "globex") == before


async def test_page_tokens_of_another_account_are_refused(
    app: FastAPI, keys: dict[str, str], ids: dict[str, str], callers: Callers
) -> None:
    refused = 0
    async with Caller(app, keys["other"]) as globex:
        for method, path in routes(app):
            if method != "GET" or not path.startswith("/api/v1/accounts/"):
                continue
            for theirs, ours in zip(addresses(path, "globex", ids), addresses(path, "acme", ids), strict=True):
                query = "?page_size=1&q=BRAVO" if path.endswith("/search") else "?page_size=1"
                answer = await globex.get(theirs + query)
                token = answer.json().get("next_page_token") if "json" in answer.headers["content-type"] else None
                if token is not None:
                    tried = await callers[0].get(f"{ours}?page_size=1&page_token={token}")
                    assert tried.status_code in (400, 404, 422), ours
                    assert CANARY not in tried.text
                    refused += 1
    assert refused >= 3


async def test_its_owner_sees_the_canary_everywhere(app: FastAPI, keys: dict[str, str], ids: dict[str, str]) -> None:
    """Or the walks above would look for what nobody shows."""
    seen = set()
    async with Caller(app, keys["other"]) as globex:
        for method, path in routes(app):
            if method == "GET" and path.startswith(("/api/v1/accounts/", "/commands/")):
                for each in addresses(path, "globex", ids):
                    query = f"?q={CANARY}-1&status=error" if path.endswith(("/search", "-plan")) else ""
                    if CANARY in (await globex.get(each + query)).text:
                        seen.add(path)
    assert len(seen) >= 10, seen


async def everything_of(owner: asyncpg.Connection, account: str) -> dict[str, list[str]]:
    """Every row of an account in every table, as text."""
    tables = await owner.fetch(
        """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account'
           WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
    )
    return {
        name: sorted(row[0] for row in await owner.fetch(f"SELECT t::text FROM {name} t WHERE account = $1", account))
        for (name,) in tables
    }
