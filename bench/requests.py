"""The requests for measuring reads: every path, every field of the filter, two accounts."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg

from bench.loader.population import Account

SAMPLES = 40
TYPE = "price"
#: The promised p99 of each group of paths, in milliseconds, at ten million logs and 16 clients.
TARGETS_MS: Mapping[str, float] = {"list": 30, "one": 10, "summary": 150, "series": 150, "search": 25}


#: Templates of addresses in the OpenAPI document: of an account, and below it of logs.
_ACCOUNT, _LOGS = "/api/v1/accounts/{account}", "/{integration_type}/logs"
#: A request to be made: its name, its group, and template and addresses below the account.
_Wanted = tuple[str, str, str, list[str]]


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
    found = (
        *_of_logs(account, samples),
        *_of_series(samples),
        *_of_searches(samples),
        *_of_commands(account, samples),
    )
    base = f"/api/v1/accounts/{account.name}"
    return [
        Read(name=f"{name} ({size})", group=group, template=_ACCOUNT + template, urls=[base + url for url in urls])
        for name, group, template, urls in found
        if urls
    ]


def _of_logs(account: Account, samples: Mapping[str, list[Any]]) -> Iterator[_Wanted]:
    logs, filters = samples["logs"], _filters(account, samples)
    for name, each in filters.items():
        yield f"list: {name}", "list", _LOGS, _filtered("", each)
    yield "one log", "one", f"{_LOGS}/{{log_id}}", [f"/{TYPE}/logs/{each['id']}" for each in logs]
    timelines = [f"/{TYPE}/logs/{each['id']}/timeline" for each in logs]
    yield "timeline", "other", f"{_LOGS}/{{log_id}}/timeline", timelines
    for name in ("no filter", "status", "affiliate"):
        yield f"summary: {name}", "summary", f"{_LOGS}/summary", _filtered("/summary", filters[name])
    yield "groups", "other", f"{_LOGS}/groups", _filtered("/groups", [{"status": "error"}])


def _filters(account: Account, samples: Mapping[str, list[Any]]) -> dict[str, list[dict[str, Any]]]:
    """Parameters of lists, by the field that they are about."""
    logs, failed, aliases = samples["logs"], samples["failed"], samples["aliases"]
    word = "demasiado" if not failed[0]["message"] else max(failed[0]["message"].split(), key=len).strip(".,:;")
    half_way = logs[len(logs) // 2]["processed_at"].isoformat()
    return {
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
        "q, an alias": [{"q": each} for each in aliases] or [{"q": "none"}],
        "q, end of an alias": [{"q": each[-8:]} for each in aliases] or [{"q": "none"}],
        "q, part of all keys": [{"q": logs[0]["key"][:4].lower()}],
        "q, a list of names": [{"q": "\n".join(each["key"].lower() for each in logs)}],
        "q, words of the message": [{"q": word}],
    }


def _filtered(suffix: str, parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"/{TYPE}/logs{suffix}?{urlencode(each)}".rstrip("?") for each in parameters]


def _of_series(samples: Mapping[str, list[Any]]) -> Iterator[_Wanted]:
    newest = max(each["processed_at"] for each in samples["logs"])
    month, years = ({"processed_from": (newest - timedelta(days=days)).isoformat()} for days in (30, 1090))
    spans: dict[str, dict[str, Any]] = {
        "a week": {},
        "a month by the hour": {"bucket": "hour", **month},
        "a month by code": {"by": "code", "status": "error", **month},
        "years of local days": {"bucket": "day", "timezone": "America/Sao_Paulo", "by": "affiliate", **years},
    }
    for name, each in spans.items():
        url = f"/{TYPE}/results/series?{urlencode(each | {'processed_to': newest.isoformat()})}"
        yield f"series: {name}", "series", "/{integration_type}/results/series", [url]


def _of_searches(samples: Mapping[str, list[Any]]) -> Iterator[_Wanted]:
    keys, aliases = [each["key"] for each in samples["logs"]], samples["aliases"]
    searched: dict[str, Iterable[str]] = {
        "a key": keys,
        "an alias": aliases,
        "beginning of keys": (each[:-2] for each in keys),
        "end of an alias": (each[-8:] for each in aliases),
        "part of all keys": [keys[0][:4].lower()],
    }
    for name, names in searched.items():
        yield f"search: {name}", "search", "/search", [f"/search?q={quote(each)}" for each in names]


def _of_commands(account: Account, samples: Mapping[str, list[Any]]) -> Iterator[_Wanted]:
    plan = f"/{TYPE}/reprocess-plan?status=error&affiliate={account.affiliates[-1]}"
    yield "reprocess plan", "other", "/{integration_type}/reprocess-plan", [plan]
    yield "commands", "other", "/reprocess", ["/reprocess"]
    yield "dead letters", "other", "/dead-letters", ["/dead-letters"]
    [command] = samples["commands"]
    if command is not None:
        yield "one command", "other", "/reprocess/{command_id}", [f"/reprocess/{command}"]
        yield "items of a command", "other", "/reprocess/{command_id}/items", [f"/reprocess/{command}/items"]


def walk_url(account: Account, name: str) -> str:
    """The list that is walked a thousand pages deep, with the account and filter for which that is worst."""
    more = {"no filter": "", "status": "&status=success", "affiliate": f"&affiliate={account.affiliates[0]}"}[name]
    return f"/api/v1/accounts/{account.name}/{TYPE}/logs?page_size={{size}}{more}"


WALKS = ("no filter", "status", "affiliate")
