"""Search in every reader: by any part of a name, by a list of names, by words in any script."""

import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter
from schemas.search.query import MAX_NAMES
from schemas.search.words import words_of
from storage.database import Connection
from storage.exports.reader import snapshot
from storage.logs import newest_names
from storage.logs import page as log_page
from storage.logs.groups import list_groups
from storage.logs.newest_names import (
    CHARACTERS,
    FREQUENT,
    FRESH_SECONDS,
    SAMPLE,
    NewestNames,
    RememberedNames,
    read_names,
)
from storage.logs.reader import LogReader
from storage.logs.summary import summarize
from tests.support.events import at, result
from tests.support.reprocess import Desk
from tests.support.some_logs import finds

ACCOUNT, TYPE = "acme", "price"

#: Logs by key: aliases, message, messages of errors.
LOGS: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "SKU-00160": ({"ean": "7891234567895"}, "商品库存不足，请检查", ["库存"]),
    "PARENT BLUE-XL": ({"shipment_id": "2000004567891234"}, "재고가 부족합니다", ["zebra"]),
    "a,b;c": ({"name": "e\u0301t de Zurich"}, "商品の価格が無効です", ["giraffe", "okapi"]),
    "sku-00161": ({}, "ไม่พบสินค้าในคลัง", ["Preço, abaixo"]),
    " lead": ({"ean": "7891234567895"}, "GET /items/MLB123?x=1 (X.PK_1)", ["x" * 5000 + " beyond"]),
}
#: Texts that people type, and the keys that each finds.
ASKED: list[tuple[str, set[str]]] = [
    ("sku-00160", {"SKU-00160"}),
    ("SKU-0016", {"SKU-00160", "sku-00161"}),
    ("4567891234", {"PARENT BLUE-XL"}),
    ("blue-xl", {"PARENT BLUE-XL"}),
    ("arent b", {"PARENT BLUE-XL"}),
    ("PAR", {"PARENT BLUE-XL"}),
    ("ENT", set()),
    ("\u00e9t", {"a,b;c"}),
    ("ZÜRICH", {"a,b;c"}),
    ("a,b;c", {"a,b;c"}),
    (" lead", {" lead"}),
    ("SKU-00160 ", {"SKU-00160"}),
    ("库存", {"SKU-00160"}),
    ("价格", set()),
    ("価格", {"a,b;c"}),
    ("재고", {"PARENT BLUE-XL"}),
    ("สินค้า", {"sku-00161"}),
    ("MLB123", {" lead"}),
    ("pk_1", {" lead"}),
    ("beyond", {" lead"}),
    ("zebra", {"PARENT BLUE-XL"}),
    ("OKAPI giraffe", {"a,b;c"}),
    ("preco, ABAIXO", {"sku-00161"}),
    ("sku-00160\nparent blue-xl; nothing", {"SKU-00160", "PARENT BLUE-XL"}),
    ("SKU-0016, SKU-0017", set()),
    ("7891234567895\t2000004567891234", {"SKU-00160", "PARENT BLUE-XL", " lead"}),
]


async def _list(desk: Desk, filter_: LogFilter) -> set[str]:
    logs = await LogReader(desk.reader, lambda *_: []).page(ACCOUNT, TYPE, filter_, after=None, limit=50)
    return {log.key for log in logs}


async def _exported(desk: Desk, filter_: LogFilter) -> set[str]:
    found: set[str] = set()
    async with snapshot(desk.reader, ACCOUNT, TYPE, filter_, seconds=10) as taken:
        assert (await taken.count())[0] == sum([len(rows) async for rows in taken.rows()])
        async for rows in taken.rows():
            found |= {row["key"] for row in rows}
    return found


async def _planned(desk: Desk, filter_: LogFilter) -> set[str]:
    plan = await desk.plan(**filter_.model_dump(exclude_defaults=True))
    return {each.key for samples in plan.samples.values() for each in samples}


async def _commanded(desk: Desk, filter_: LogFilter) -> set[str]:
    command = str(uuid.uuid4())
    await desk.by_filter(command, filter=filter_.model_dump(exclude_defaults=True, mode="json"))
    async with desk.writer.transaction() as connection:
        return await _keys_of(connection, command)


async def _keys_of(connection: Connection, command: str) -> set[str]:
    rows = await connection.fetch("SELECT key FROM reprocess_items WHERE command_id = $1", command)
    return {row["key"] for row in rows}


READERS: dict[str, Callable[[Desk, LogFilter], Awaitable[set[str]]]] = {
    "list": _list,
    "export": _exported,
    "plan": _planned,
    "command": _commanded,
}


async def _counted(desk: Desk, filter_: LogFilter) -> list[int]:
    summary = await summarize(desk.reader, ACCOUNT, TYPE, filter_)
    now = datetime.now(UTC)
    groups = await list_groups(desk.reader, ACCOUNT, TYPE, filter_, now=now, after=None, limit=50)
    return [summary.total, sum(group.logs for group in groups)]


def _counts(keys: set[str]) -> list[int]:
    """Return what is counted of these logs: each, and each in the groups of all of its errors."""
    return [len(keys), sum(len(LOGS[key][2]) for key in keys)]


@pytest.fixture
async def stored(desk: Desk) -> None:
    await desk.store(
        *(
            result(
                f"e{number}",
                key=key,
                aliases=aliases or None,
                message=message,
                errors=[{"code": f"c{number}", "message": text} for text in errors],
                processed_at=at(number),
            )
            for number, (key, (aliases, message, errors)) in enumerate(LOGS.items())
        )
    )


@pytest.fixture(params=["picked", "scanned", "too old to be scanned", "common"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way by which a search is answered."""
    if request.param in {"scanned", "too old to be scanned"}:
        monkeypatch.setattr(log_page, "MAX_PICKED", 0)
        monkeypatch.setattr(log_page, "MAX_FOUND", 0)
    if request.param == "too old to be scanned":
        monkeypatch.setattr(log_page, "MAX_SCANNED", 1)
    if request.param == "common":
        monkeypatch.setattr(log_page, "COMMON", 1)


@pytest.mark.usefixtures("stored", "_way")
async def test_every_reader_finds_the_same(desk: Desk) -> None:
    for q, keys in ASKED:
        filter_ = LogFilter(q=q)
        for name, read in READERS.items():
            assert await read(desk, filter_) == keys, (name, q)
        assert await _counted(desk, filter_) == _counts(keys), q


@pytest.mark.usefixtures("stored", "_way")
async def test_any_part_finds_what_comparing_all_names_finds(desk: Desk) -> None:
    """Parts of names, whole names and lists of them, by chance."""
    draw = random.Random(1)
    names = [name for key, (aliases, _, _) in LOGS.items() for name in (key, *aliases.values()) if name.isascii()]
    messages = [text for _, message, errors in LOGS.values() for text in (message, *errors)]
    for _ in range(40):
        name = draw.choice(names)
        start = draw.randrange(len(name))
        part = name[start : start + draw.randrange(1, 9)]
        q = draw.choice((part, part.upper(), part.lower(), "; ".join(draw.sample(names, 2)), f"{name}\n{part}"))
        if not q.strip() or any(set(words_of(q)) <= set(words_of(message)) for message in messages):
            continue
        keys = {key for key, (aliases, _, _) in LOGS.items() if finds(q, [key, *aliases.values()], [])}
        for read in (_list, _exported, _planned):
            assert await read(desk, LogFilter(q=q)) == keys, q
        assert await _counted(desk, LogFilter(q=q)) == _counts(keys), q


async def test_words_of_another_result_do_not_stay(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.store(result("a", message="zebra"))
    as_of = (await desk.plan()).as_of
    await desk.store(result("b", message="okapi", processed_at=at(1)))
    await desk.store(result("c", message="giraffe", processed_at=at(-1)))  # late
    assert await _list(desk, LogFilter(q="okapi")) == {"SKU-1"}
    assert await _list(desk, LogFilter(q="zebra")) | await _list(desk, LogFilter(q="giraffe")) == set()
    assert sum((await desk.plan(as_of, q="zebra")).verdicts.values()) == 1
    assert sum((await desk.plan(as_of, q="okapi")).verdicts.values()) == 0


@pytest.mark.usefixtures("_way")
async def test_as_many_names_as_may_be_listed_are_found(desk: Desk) -> None:
    await desk.fail(range(0, 2 * MAX_NAMES, 2))
    names = [f"sku-{number}" for number in range(MAX_NAMES)]
    reader = LogReader(desk.reader, lambda *_: [])
    filter_ = LogFilter(q="\n".join(names))
    found = await reader.page(ACCOUNT, TYPE, filter_, after=None, limit=MAX_NAMES)
    assert {log.key for log in found} == {f"SKU-{number}" for number in range(0, MAX_NAMES, 2)}
    missing = await reader.not_found(ACCOUNT, [TYPE], filter_.q, has_logs=True)
    assert missing == [f"sku-{number}" for number in range(1, MAX_NAMES, 2)]


async def test_names_that_are_not_found_are_told_unless_the_text_is_words(desk: Desk) -> None:
    await desk.store(result(key="SKU-1", message="Sem estoque, verifique"))
    reader = LogReader(desk.reader, lambda *_: [])

    async def told(q: str, *, has_logs: bool) -> list[str]:
        return await reader.not_found(ACCOUNT, [TYPE], q, has_logs=has_logs)

    assert await told("sku-1; SKU-2 ;Sku-3", has_logs=True) == ["SKU-2", "Sku-3"]
    assert await told("SKU-2, SKU-3", has_logs=False) == ["SKU-2", "SKU-3"]
    assert await told("sem estoque, verifique", has_logs=True) == []
    assert await told("SKU-2", has_logs=False) == []
    # A name that other fields of the filter leave out is there all the same.
    assert await told("SKU-1, SKU-2", has_logs=False) == ["SKU-2"]


async def test_a_name_of_any_type_is_found_by_the_search_across_them(desk: Desk) -> None:
    await desk.store(
        *(result(each, each, key=f"K-{each}") for each in BY_NAME), result("a", "orders", key="O", aliases={"ean": "7"})
    )
    reader = LogReader(desk.reader, lambda *_: [])
    q = "\n".join(("7", "nowhere", *(f"k-{each}" for each in BY_NAME)))
    assert await reader.not_found(ACCOUNT, BY_NAME, q, has_logs=True) == ["nowhere"]
    assert len(await reader.search(ACCOUNT, q, 100)) == len(BY_NAME) + 1


async def test_search_across_types_has_whole_names_first_in_every_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.store(
        result("x", "orders", key="Z", aliases={"ean": "SKU-00"}, processed_at=at(-100)),
        *(result(f"e{n}", key=f"SKU-00{n:03}", processed_at=at(n)) for n in range(30)),
        result("t", "tracking", key="my sku-00", processed_at=at(-50)),
    )
    reader = LogReader(desk.reader, lambda *_: [])
    for common in (1, 10, 1000):
        monkeypatch.setattr(log_page, "COMMON", common)
        keys = [log.key for log in await reader.search(ACCOUNT, " sku-00 ", 50)]
        assert (keys[0], len(keys), keys[-1]) == ("Z", 32, "my sku-00")
        assert [log.key for log in await reader.search(ACCOUNT, "z; SKU-00001\nnothing", 50)] == ["SKU-00001", "Z"]
        assert await reader.search(ACCOUNT, "ku-0029x", 50) == []
        assert await reader.search("globex", "sku-00", 50) == []


async def test_a_search_finds_what_came_after_the_names_were_read(desk: Desk) -> None:
    """Names by which a search is judged are of some seconds ago: it finds no less by them, and the newest first."""
    reader = LogReader(desk.reader, lambda *_: [])
    assert await reader.search(ACCOUNT, "new-", 50) == []
    await desk.store(*(result(f"n{n}", key=f"NEW-{n:03}", processed_at=at(n)) for n in range(200)))
    found = await reader.search(ACCOUNT, "new-", 50)
    assert [log.key for log in found] == [f"NEW-{n:03}" for n in reversed(range(150, 200))]
    assert [log.key for log in await reader.search(ACCOUNT, "new-007", 50)] == ["NEW-007"]


async def test_names_of_the_newest_logs_are_few_and_short(desk: Desk) -> None:
    aliases = {f"alias{n:02}": f"{n:02}-" + "x" * 190 for n in range(40)}
    await desk.store(*(result(f"n{n}", key=f"NEW-{n:03}", aliases=aliases, processed_at=at(n)) for n in range(120)))
    async with desk.reader.reading(ACCOUNT) as connection:
        newest = await read_names(connection, ACCOUNT, BY_NAME)
    assert list(newest) == list(BY_NAME)
    names, frequent = newest[TYPE]
    assert (len(names), max(map(len, names)), newest["orders"].names) == (SAMPLE, CHARACTERS, [])
    assert 0 < len(frequent) <= CHARACTERS * SAMPLE / FREQUENT


def test_names_are_remembered_for_a_while_and_of_few_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_names, "MAX_REMEMBERED", 2)
    now = 0.0
    names = RememberedNames(lambda: now)
    one, two, three = ({TYPE: NewestNames([each], frozenset())} for each in "abc")
    names.put("acme", one)
    assert (names.get("acme"), names.get("globex")) == (one, None)
    now = FRESH_SECONDS - 1
    names.put("globex", two)
    assert names.get("acme") == one
    now = FRESH_SECONDS
    assert (names.get("acme"), names.get("globex")) == (None, two)
    names.put("acme", two)
    names.put("globex", three)
    names.put("initech", one)
    assert [names.get(each) for each in ("acme", "globex", "initech")] == [None, three, one]
