"""The requests for measuring reads: every path, every field of the filter, two accounts."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg

from bench.loader.population import Account

SAMPLES = 40
TYPE = "price"
#: The promised p99 of each group of paths, in milliseconds, at ten million logs and 16 clients.
TARGETS_MS: Mapping[str, float] = {"list": 50, "one": 20, "summary": 150, "series": 150, "search": 50}


@dataclass(frozen=True, kw_only=True)
class Read:
    """One kind of request; `urls` are asked in turn."""

    name: str
    group: str  # key of TARGETS_MS, or "other"
    template: str  # as in the OpenAPI document
    urls: Sequence[str]


async def reads(owner: asyncpg.Connection, population: Sequence[Account], seed: int) -> list[Read]:
    """The requests for the biggest account, then for the smallest.

    The same population and seed give the same requests.
    """
    found = []
    for size, account in (("largest", population[0]), ("smallest", population[-1])):
        samples = await _samples(owner, account.name, seed)
        found += _of_account(size, account, samples)
    return found


async def _samples(owner: asyncpg.Connection, account: str, seed: int) -> Mapping[str, list[Any]]:
    """Logs and failed logs of one account, from places that a seeded draw chooses."""
    draw = random.Random(seed)
    rows: list[Any] = []
    failed: list[Any] = []
    columns = "id, key, affiliate, status, code, fingerprint, message, processed_at"
    [(oldest, newest)] = await owner.fetch(
        "SELECT min(processed_at), max(processed_at) FROM status_logs WHERE account = $1 AND integration_type = $2",
        account,
        TYPE,
    )
    for _ in range(SAMPLES):
        at = oldest + (newest - oldest) * draw.random()
        statement = (
            f"SELECT {columns} FROM status_logs WHERE account = $1 AND integration_type = $2 AND processed_at <= $3"
        )
        order = " ORDER BY processed_at DESC, id DESC LIMIT 1"
        rows += await owner.fetch(statement + order, account, TYPE, at)
        failed += await owner.fetch(statement + " AND status = 'error'" + order, account, TYPE, at)
    aliases = await owner.fetch(
        "SELECT n.value FROM unnest($2::uuid[]) AS log (id), aliases_of($1, log.id) AS n",
        account,
        [row["id"] for row in rows],
    )
    command = await owner.fetchval("SELECT id FROM reprocess_commands WHERE account = $1 ORDER BY id LIMIT 1", account)
    return {"logs": rows, "failed": failed or rows, "aliases": [row[0] for row in aliases], "commands": [command]}


def _of_account(size: str, account: Account, samples: Mapping[str, list[Any]]) -> list[Read]:
    base = f"/api/v1/accounts/{account.name}"
    logs, failed = samples["logs"], samples["failed"]
    word = "demasiado" if not failed[0]["message"] else max(failed[0]["message"].split(), key=len).strip(".,:;")
    half_way = logs[len(logs) // 2]["processed_at"].isoformat()
    newest = max(each["processed_at"] for each in logs)
    month, years = ({"processed_from": (newest - timedelta(days=days)).isoformat()} for days in (30, 1090))
    spans: dict[str, dict[str, Any]] = {
        "a week": {},
        "a month by the hour": {"bucket": "hour", **month},
        "a month by code": {"by": "code", "status": "error", **month},
        "years of local days": {"bucket": "day", "timezone": "America/Sao_Paulo", "by": "affiliate", **years},
    }
    filters: dict[str, list[dict[str, Any]]] = {
        "no filter": [{}],
        "status": [{"status": "error"}, {"status": "success"}],
        "affiliate": [{"affiliate": each} for each in account.affiliates],
        "status and affiliate": [{"status": "error", "affiliate": each} for each in account.affiliates],
        "processed_from": [{"processed_from": half_way}],
        "processed_to": [{"processed_to": each["processed_at"].isoformat()} for each in logs],
        "code": [{"code": each["code"]} for each in failed if each["code"]] or [{"code": "none"}],
        "fingerprint": [{"fingerprint": each["fingerprint"]} for each in failed if each["fingerprint"]]
        or [{"fingerprint": "0" * 16}],
        "reprocess": [{"reprocess": "in_flight"}, {"reprocess": "fixed"}],
        "q, a key": [{"q": each["key"]} for each in logs],
        "q, beginning of keys": [{"q": each["key"][:-2]} for each in logs],
        "q, an alias": [{"q": each} for each in samples["aliases"]] or [{"q": "none"}],
        "q, end of an alias": [{"q": each[-8:]} for each in samples["aliases"]] or [{"q": "none"}],
        "q, part of all keys": [{"q": logs[0]["key"][:4].lower()}],
        "q, a list of names": [{"q": "\n".join(each["key"].lower() for each in logs)}],
        "q, words of the message": [{"q": word}],
    }
    path = "/api/v1/accounts/{account}/{integration_type}/logs"

    def read(name: str, group: str, template: str, urls: Sequence[str]) -> Read:
        return Read(name=f"{name} ({size})", group=group, template=template, urls=urls)

    def filtered(suffix: str, each: Sequence[dict[str, Any]], **more: str) -> list[str]:
        return [f"{base}/{TYPE}/logs{suffix}?{urlencode(one | more)}".rstrip("?") for one in each]

    found = [read(f"list: {name}", "list", path, filtered("", each)) for name, each in filters.items()]
    found += [
        read("one log", "one", path + "/{log_id}", [f"{base}/{TYPE}/logs/{each['id']}" for each in logs]),
        read(
            "timeline",
            "other",
            path + "/{log_id}/timeline",
            [f"{base}/{TYPE}/logs/{each['id']}/timeline" for each in logs],
        ),
        read("summary: no filter", "summary", path + "/summary", filtered("/summary", [{}])),
        read("summary: status", "summary", path + "/summary", filtered("/summary", filters["status"])),
        read("summary: affiliate", "summary", path + "/summary", filtered("/summary", filters["affiliate"])),
        *(
            read(
                f"series: {name}",
                "series",
                "/api/v1/accounts/{account}/{integration_type}/results/series",
                [f"{base}/{TYPE}/results/series?{urlencode(each | {'processed_to': newest.isoformat()})}"],
            )
            for name, each in spans.items()
        ),
        read("groups", "other", path + "/groups", filtered("/groups", [{"status": "error"}])),
        read(
            "search: a key",
            "search",
            "/api/v1/accounts/{account}/search",
            [f"{base}/search?q={quote(each['key'])}" for each in logs],
        ),
        read(
            "search: an alias",
            "search",
            "/api/v1/accounts/{account}/search",
            [f"{base}/search?q={quote(each)}" for each in samples["aliases"]],
        ),
        read(
            "search: beginning of keys",
            "search",
            "/api/v1/accounts/{account}/search",
            [f"{base}/search?q={quote(each['key'][:-2])}" for each in logs],
        ),
        read(
            "search: end of an alias",
            "search",
            "/api/v1/accounts/{account}/search",
            [f"{base}/search?q={quote(each[-8:])}" for each in samples["aliases"]],
        ),
        read(
            "search: part of all keys",
            "search",
            "/api/v1/accounts/{account}/search",
            [f"{base}/search?q={quote(logs[0]['key'][:4].lower())}"],
        ),
        read(
            "reprocess plan",
            "other",
            "/api/v1/accounts/{account}/{integration_type}/reprocess-plan",
            [f"{base}/{TYPE}/reprocess-plan?status=error&affiliate={account.affiliates[-1]}"],
        ),
        read("commands", "other", "/api/v1/accounts/{account}/reprocess", [f"{base}/reprocess"]),
        read("dead letters", "other", "/api/v1/accounts/{account}/dead-letters", [f"{base}/dead-letters"]),
    ]
    [command] = samples["commands"]
    if command is not None:
        one = "/api/v1/accounts/{account}/reprocess/{command_id}"
        found += [
            read("one command", "other", one, [f"{base}/reprocess/{command}"]),
            read("items of a command", "other", one + "/items", [f"{base}/reprocess/{command}/items"]),
        ]
    return [each for each in found if each.urls]


def walk_url(account: Account, name: str) -> str:
    """The list that is walked a thousand pages deep, with the account and filter for which that is worst."""
    more = {"no filter": "", "status": "&status=success", "affiliate": f"&affiliate={account.affiliates[0]}"}[name]
    return f"/api/v1/accounts/{account.name}/{TYPE}/logs?page_size={{size}}{more}"


WALKS = ("no filter", "status", "affiliate")
