"""Logs, changes and filters by chance, and the design's filter in Python to hold what is answered to."""

import json
import random
import re
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, get_args

import asyncpg

from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter, ReprocessState
from schemas.fingerprint import fingerprint
from schemas.item_state import FAILING_STATES, UNSENT_STATES, ItemState
from schemas.result import Result, read
from schemas.shown.log import StatusLog
from storage.database import Database
from storage.logs.compaction import compact
from storage.results import store
from tests.support.events import result

NOW = datetime.now(UTC).replace(microsecond=0)
AFFILIATES = ("MLB", "AMZ", "Shopee BR")
MESSAGES = (
    "Preço abaixo do mínimo",
    "The price is below the minimum of category MLB{n}",
    "Sem estoque, verifique {n}",
    "商品库存不足，请检查",
    None,
)
CODES = ("price.minimum", "stock", "a\x1fb", 'x","y\\')
CATEGORIES = ("PRICING", "stock", 'a","b', None)
SEVERITIES = ("error", "Warning", "info", "fatal", None)
#: A value for each field of the filter.
EVERY: Final[dict[str, Any]] = {
    "status": ("error",),
    "affiliate": ("MLB",),
    "processed_from": datetime(2026, 1, 2, tzinfo=UTC),
    "processed_to": datetime(2026, 1, 3, tzinfo=UTC),
    "q": "x",
    "code": ("c", "b"),
    "category": ("k", "j"),
    "fingerprint": ("0" * 16, "1" * 16),
    "reprocess": "silent",
    "failing_of": "c",
    "rest_of": "c",
    "exclude_affiliate": ("AMZ", "a'b"),
    "exclude_code": ("c", "d"),
    "exclude_fingerprint": ("2" * 16, "3" * 16),
}
#: Every state that a log can show.
STATES = tuple(each for each in get_args(ReprocessState) if each != "in_flight")
#: Commands that have items here.
COMMANDS = ("c", "d")


class Fault(NamedTuple):
    """One error of the result that a log shows."""

    code: str | None
    category: str | None
    fingerprint: str
    message: str | None


class Known(NamedTuple):
    """Names and faults of a log, which a list does not show; read from the body of its result."""

    aliases: list[str]
    faults: list[Fault]
    messages: list[str]  # of the result, and of each of its errors
    failing_of: set[str]  # commands that sent it in vain, if it fails
    rest_of: set[str]  # commands that did not send it

    @property
    def fingerprints(self) -> set[str]:
        return {each.fingerprint for each in self.faults}

    @property
    def codes(self) -> set[str]:
        return {each.code for each in self.faults if each.code is not None}

    @property
    def categories(self) -> set[str]:
        return {each.category for each in self.faults if each.category is not None}


async def known(owner: asyncpg.Connection) -> dict[str, Known]:
    """Return aliases and faults of every log, by its id."""
    aliases: dict[str, list[str]] = defaultdict(list)
    for row in await owner.fetch(
        "SELECT n.log_id::text, said.value FROM log_names n, aliases_of(n.account, n.log_id) AS said"
    ):
        aliases[row["log_id"]].append(row["value"])
    failing, rest = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for row in await owner.fetch("SELECT log_id::text, command_id, state, sent_at FROM reprocess_items"):
        if row["state"] in FAILING_STATES:
            failing[row["log_id"]].add(row["command_id"])
        elif row["sent_at"] is None:
            rest[row["log_id"]].add(row["command_id"])
    rows = await owner.fetch(
        "SELECT s.id::text, a.body, a.structured FROM status_logs s"
        " JOIN attempts a ON a.log_id = s.id AND a.version = s.version"
    )
    return {
        row["id"]: Known(
            aliases[row["id"]], faults(row["body"]), messages(row["body"]), failing[row["id"]], rest[row["id"]]
        )
        for row in rows
    }


def messages(body: str) -> list[str]:
    data = json.loads(body)
    return [each["message"] for each in (data, *data.get("errors", ())) if each.get("message")]


def faults(body: str) -> list[Fault]:
    """Return the faults of a result of a price in binary mode, as listed; an equal one as often as it is listed."""
    data = json.loads(body)
    if data["status"] == "success":
        return []
    found = []
    for each in data.get("errors") or [{}]:
        message = each.get("message") or data.get("message")
        named = fingerprint("price", data["affiliate"], each.get("code"), message, data["key"])
        found.append(Fault(each.get("code"), each.get("category"), named, message))
    return found


def some_error(draw: random.Random, number: int) -> dict[str, Any]:
    error = {
        "code": draw.choice(CODES),
        "message": draw.choice(
            ("x", "", "Category {n} wants a brand", "Falta a marca", "GET /items/MLB123?x=1", "재고가 부족합니다")
        ).format(n=number),
        "severity": draw.choice(SEVERITIES),
        "category": draw.choice(CATEGORIES),
    }
    return {name: value for name, value in error.items() if value is not None}


def some_result(draw: random.Random, number: int) -> Result:
    failed = draw.random() < 0.5
    number_of_key = draw.randrange(60)
    key = f"{'Ação ' if number_of_key % 7 == 0 else ''}SKU-{number_of_key:03}"
    event = result(
        f"e{number}",
        affiliate=draw.choice(AFFILIATES),
        key=key,
        account=draw.choice(("acme", "acme", "globex")),
        status=draw.choice(("error", "warning")) if failed else "success",
        # Over hours, days and weeks, so that every kind of part of a span has logs.
        processed_at=(NOW - timedelta(seconds=draw.choice((3600, 86400, 40 * 86400)) * draw.random())).isoformat(),
        message=(draw.choice(MESSAGES) or "").format(n=number) or None if failed else draw.choice((None, "Preço ok")),
        errors=[some_error(draw, number) for _ in range(draw.choice((0, 1, 1, 2, 3, 4)))] if failed else None,
        aliases={"ean": f"789{draw.randrange(30):02}"},
    )
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result), found
    return found


async def change_something(writer: Database, owner: asyncpg.Connection, draw: random.Random, numbers: Any) -> None:
    async with writer.transaction() as connection:
        await store(connection, [some_result(draw, next(numbers)) for _ in range(draw.randrange(1, 80))])
    # As storage.reprocess.writer shows an item on its log.
    await owner.execute(
        """UPDATE status_logs SET reprocess_state = $1, reprocess_item_id = $2, reprocess_command_id = 'c',
               reprocess_at = now()
           WHERE id = (SELECT id FROM status_logs ORDER BY md5(id::text || $3) LIMIT 1)""",
        draw.choice(STATES),
        uuid.UUID(int=draw.getrandbits(128)),
        str(draw.random()),
    )
    for _ in range(10):
        await add_item(owner, draw)
    if draw.random() < 0.5:
        async with writer.transaction() as connection:
            await compact(connection, draw.choice((5, 1000)))


async def add_item(owner: asyncpg.Connection, draw: random.Random) -> None:
    """An item of some command, in some state, about some log; its log does not show it."""
    state = draw.choice(tuple(ItemState))
    await owner.execute(
        """INSERT INTO reprocess_items (account, id, command_id, log_id, integration_type, state, mode,
               sent_at, expires_at, answered_at, after_status)
           SELECT account, gen_random_uuid(), $1, id, integration_type, $2, 'refresh',
               sent.at, sent.at, sent.at, 'error'
           FROM status_logs, (SELECT CASE WHEN $3 THEN now() END AS at) AS sent
           ORDER BY md5(id::text || $4) LIMIT 1
           ON CONFLICT DO NOTHING""",
        draw.choice(COMMANDS),
        state.value,
        state not in {*UNSENT_STATES, ItemState.FAILED} or (state is ItemState.QUEUED and draw.random() < 0.5),
        str(draw.random()),
    )


def some_filter(draw: random.Random, logs: list[StatusLog]) -> LogFilter:
    """Each field of the filter is set in three of ten, by itself. Raises KeyError for one that has no values here."""
    log = draw.choice(logs)
    fingerprints = sorted({each.fingerprint for each in logs if each.fingerprint}) or ["0123456789abcdef"]
    values: dict[str, Any] = {
        "status": draw.sample(("success", "warning", "error"), draw.randrange(1, 3)),
        "affiliate": draw.sample(AFFILIATES, draw.randrange(1, 3)),
        "code": draw.sample(CODES, draw.randrange(1, 3)),
        "category": draw.sample((*CATEGORIES[:-1], "none has this"), draw.randrange(1, 3)),
        "fingerprint": draw.sample(fingerprints, min(len(fingerprints), draw.randrange(1, 4))),
        "reprocess": draw.choice(get_args(ReprocessState)),
        "failing_of": draw.choice((*COMMANDS, "none")),
        "rest_of": draw.choice((*COMMANDS, "none")),
        "q": draw.choice(
            (
                *(log.key, log.key.lower(), log.key[:5], log.key[1:], "SKU-", "sku-0", "789", "890", " acao "),
                *("preco abaixo", "PREÇO", "category", "nothing", "库存", "存足", "재고", "MLB", "items"),
                *("estoque, VERIFIQUE", f"{log.key}\nsku-007;78907, nothing", f"{log.key.lower()}, sem"),
            )
        ),
        "processed_from": NOW - timedelta(seconds=draw.choice((3600, 86400, 40 * 86400)) * draw.random()),
        "processed_to": NOW - timedelta(seconds=draw.choice((600, 86400, 20 * 86400)) * draw.random()),
        "exclude_affiliate": draw.sample(AFFILIATES, draw.randrange(1, 3)),
        "exclude_code": draw.sample(CODES, draw.randrange(1, 3)),
        "exclude_fingerprint": draw.sample(fingerprints, min(len(fingerprints), draw.randrange(1, 4))),
    }
    fields = {name: values[name] for name in LogFilter.model_fields}
    chosen = {name: value for name, value in fields.items() if draw.random() < 0.3}
    if {"processed_from", "processed_to"} <= set(chosen) and chosen["processed_from"] >= chosen["processed_to"]:
        chosen["processed_from"], chosen["processed_to"] = chosen["processed_to"], chosen["processed_from"]
    return LogFilter.model_validate(chosen)


def plain(text: str) -> str:
    text = text.lower()
    for accented, letter in (("ç", "c"), ("í", "i"), ("ã", "a"), ("é", "e"), ("ü", "u"), ("e\u0301", "e")):
        text = text.replace(accented, letter)
    return text.strip()


def words(text: str) -> set[str]:
    """Words of these very texts: of those in Chinese and Korean the pairs of neighbours."""
    found = set()
    for word in re.findall(r"\w+", plain(text)):
        found |= {word} if word.isascii() else {word[at : at + 2] for at in range(len(word) - 1)}
    return found


def finds(text: str, names: list[str], messages: list[str]) -> bool:
    """The design's search, in Python."""
    part, names = plain(text), [plain(name) for name in names]
    listed = {plain(each) for each in re.split(r"[\n,;]", text)}
    return (
        any(part in name if len(part) >= 4 else name.startswith(part) for name in names)
        or (len(listed) > 1 and not listed.isdisjoint(names))
        or words(text) <= {word for message in messages for word in words(message)}
    )


def matches(filter_: LogFilter, log: StatusLog, beside: Known) -> bool:
    """The design's filter, in Python."""
    states = {"in_flight": ("queued", "sent")}.get(filter_.reprocess or "", (filter_.reprocess,))
    return (
        (filter_.q is None or finds(filter_.q, [log.key, *beside.aliases], beside.messages))
        and (not filter_.status or log.status in filter_.status)
        and (not filter_.affiliate or log.affiliate in filter_.affiliate)
        and (not filter_.code or not beside.codes.isdisjoint(filter_.code))
        and (not filter_.category or not beside.categories.isdisjoint(filter_.category))
        and (not filter_.fingerprint or not beside.fingerprints.isdisjoint(filter_.fingerprint))
        and log.affiliate not in filter_.exclude_affiliate
        and beside.codes.isdisjoint(filter_.exclude_code)
        and beside.fingerprints.isdisjoint(filter_.exclude_fingerprint)
        and (filter_.failing_of is None or (log.status != "success" and filter_.failing_of in beside.failing_of))
        and (filter_.rest_of is None or filter_.rest_of in beside.rest_of)
        and (filter_.reprocess is None or (log.reprocess is not None and log.reprocess.state in states))
        and (filter_.processed_from is None or log.processed_at >= filter_.processed_from)
        and (filter_.processed_to is None or log.processed_at < filter_.processed_to)
    )
