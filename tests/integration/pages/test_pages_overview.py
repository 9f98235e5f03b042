"""The overview: what changed first, then each affiliate and type beside its own usual, each with its way on."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest
from fastapi import FastAPI

from schemas.catalogue import BY_NAME, LANGUAGES
from schemas.series import SeriesQuery
from schemas.words import word
from storage.database import Database
from storage.overview import read_overview
from storage.statements import Statement
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.account import account
from tests.support.events import result
from tests.support.traded import QUIET, traded

CHANGED = {
    "pt": ("Mais falhas que o normal", "Nada chega", "Menos resultados que na semana passada", "normal"),
    "en": ("More failures than usual", "Nothing arrives", "Fewer results than last week", "usual"),
    "es": ("Más fallas de lo normal", "No llega nada", "Menos resultados que la semana pasada", "normal"),
}


def plain(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup.replace("<wbr>", ""))).split())


def cells(page: str) -> dict[tuple[str, str], str]:
    """The cells of the matrix by affiliate and type."""
    [table] = re.findall(r'<table class="matrix".*?</table>', page, re.DOTALL)
    found: dict[tuple[str, str], str] = {}
    for row in re.findall(r"<tr role=\"row\"><th role=\"rowheader\".*?</tr>", table, re.DOTALL):
        name = plain(re.findall(r"<th .*?</th>", row, re.DOTALL)[0]).split()[-1]
        own = re.findall(r"<td.*?</td>", row, re.DOTALL)
        found |= {(name, type_): each for type_, each in zip(BY_NAME, own, strict=True)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_changed_comes_first_worst_first_each_with_one_way_on(
    visit: Visit, store_events: Store, owner: asyncpg.Connection, language: str
) -> None:
    await store_events(result(key="SKU-1"))
    await traded(owner, changed=True)
    browser = await visit("operator")
    page = (await browser.get(f"/acme/overview?lang={language}&wait=true")).text
    found = re.findall(r'<li class="finding (\w+)">(.*?)</li>', page, re.DOTALL)
    said = [plain(each) for _kind, each in found]
    share, silence, fewer, usual = CHANGED[language]
    assert [kind for kind, _each in found] == ["critical", "warning", "compared"]
    assert all(words in text for words, text in zip((share, silence, fewer), said, strict=True))
    opened_at = await owner.fetchval("SELECT opened_at FROM incidents WHERE affiliate = 'MLB'")
    asked = {"status": "error", "affiliate": "MLB", "processed_from": opened_at.isoformat()}
    failing = html.escape(urlencode(asked))
    assert [re.findall(r'<a class="button" href="([^"]+)"', each) for _kind, each in found] == [
        [f"/acme/price/reprocess?{failing}"],
        ["/acme/incidents/2"],
        ["/acme/inventory?affiliate=SHP&amp;period=24h"],
    ]
    for _kind, each in found:
        assert each.count('<svg class="spark"') == 1
        assert each.count("<time ") == 1
        assert len(re.findall(r'<p class="finding-number">.*?<b>[^<]*\d[^<]*</b>', each, re.DOTALL)) == 1
    only_looks = (await (await visit("viewer")).get("/acme/overview?wait=1")).text
    assert re.findall(r'<a class="button" href="([^"]+)"', only_looks)[0] == f"/acme/price?{failing}"
    assert page.index('id="changed"') < page.index('id="matrix"') < page.index('class="cards"')
    table = cells(page)
    assert set(table) == {(name, type_) for name in ("MLB", "AMZ", *QUIET) for type_ in BY_NAME}
    departed = {pair for pair, cell in table.items() if 'class="departs more"' in cell}
    assert departed == {("MLB", "price")}
    assert not any("departs fewer" in cell for cell in table.values())
    assert f"{usual} 5" in plain(table["MLB", "price"])
    for (name, type_), cell in table.items():
        [address] = re.findall(r'href="([^"]+)"', cell)
        assert html.unescape(address).startswith(f"/acme/{type_}?")
        assert f"affiliate={name}" in address
        state = "silent" if name == "AMZ" else "fresh"
        assert word("freshness", state, language) in plain(cell)  # type: ignore[arg-type]


async def test_a_quiet_store_is_told_so_in_one_sentence(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    browser = await visit("viewer")
    await store_events(result(key="SKU-1"))
    page = (await browser.get("/acme/overview?wait=1")).text
    assert "There is nothing to compare with yet" in page
    await traded(owner, changed=False)
    page = (await browser.get("/acme/overview?wait=1")).text
    [calm] = re.findall(r'<p class="calm">.*?</p>', page, re.DOTALL)
    assert plain(calm).startswith("Nothing has changed: no incident is open")
    assert calm.count("<time ") == 1
    assert '<li class="finding' not in page
    assert "departs" not in page.replace("A cell has a colour only where it departs", "")


async def test_an_empty_account_is_told_what_comes_next(app: FastAPI, visit: Visit, store_events: Store) -> None:
    for role, words in (("viewer", False), ("admin", True), ("every", True)):
        page = (await (await visit(role)).get("/acme/overview?wait=1")).text
        assert "Connect the first marketplace" in page
        assert app.state.topics.results("inventory") in plain(page)
        assert "http://conexoes.test/events/results" in page
        assert "Nothing in this span" not in page
        assert ("/acme/people" in page) is words
    browser = await visit("viewer")
    await store_events(*account())
    assert "Connect the first marketplace" not in (await browser.get("/acme/overview?wait=1")).text


async def test_the_figures_take_as_many_statements_for_thirty_affiliates_as_for_one(
    owner: asyncpg.Connection, reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none of them reads a log or an attempt, of which there may be ten million."""
    run: list[Statement] = []
    arguments = Statement.arguments

    def seen(statement: Statement, *rows: Any, **named: Any) -> list[Any]:
        run.append(statement)
        return arguments(statement, *rows, **named)

    monkeypatch.setattr(Statement, "arguments", seen)
    now = datetime.now(UTC)
    week, day = (SeriesQuery(processed_from=now - timedelta(days=days)) for days in (7, 1))
    numbers = []
    for names in (("MLB",), tuple(f"A{number}" for number in range(30))):
        await traded(owner, changed=False, affiliates=names)
        run.clear()
        figures = await read_overview(reader, "acme", tuple(BY_NAME), span=week, last_day=day, now=now)
        assert len(figures.results.pairs) >= len(names) * len(BY_NAME)
        numbers.append(len(run))
        read = "\n".join(re.sub(r"--.*", "", each.text) for each in run)
        assert re.search(r"\b(status_logs|attempts)\b", read) is None
    assert numbers[0] == numbers[1] <= 5 + 4 * len(BY_NAME)
