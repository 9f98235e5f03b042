"""Differences by reader: language of the help, numbers of the region, plurals; and names that are told apart."""

import html
import re
from typing import Any

import pytest

from schemas.catalogue import CATALOGUE, LANGUAGES
from storage.statements import Statement
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.account import account
from tests.support.events import result


def text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_help_is_in_the_readers_language_and_has_one_name(
    visit: Visit, store_events: Store, language: str
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    for kind in CATALOGUE:
        listed = (await browser.get(f"/acme/{kind.name}?lang={language}&open=all")).text
        [one, *_] = re.findall(rf'href="(/acme/{kind.name}/logs/[0-9a-f-]{{36}})"', listed) or [None]
        pages = [listed] if one is None else [listed, (await browser.get(f"{one}?lang={language}")).text]
        for page in pages:
            links = re.findall(r'<a [^>]*href="(https://help[^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
            assert all(url.startswith(f"https://help.vtex.com/{language}/") for url, _ in links), kind.name
            names: dict[str, set[str]] = {}
            for url, inner in links:
                names.setdefault(url, set()).add(text(inner))
            assert [each for each in names.values() if len(each) > 1] == [], kind.name
        assert "https://help.vtex.com/" in listed


async def test_a_link_is_on_a_logs_page_once(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    [order] = re.findall(r'data-id="([^"]+)"', (await browser.get("/acme/orders?status=error")).text)
    assert (await browser.get(f"/acme/orders/logs/{order}")).text.count("https://help.vtex.com/") == 1


@pytest.mark.parametrize(
    ("tags", "lang", "size"),
    [
        ("es-AR", "es-AR", r"\d{3},\d kB"),
        ("es-CL,es;q=0.9", "es-CL", r"\d{3},\d kB"),
        ("es-MX", "es-MX", r"\d{3}\.\d kB"),
        ("es", "es-419", r"\d{3}\.\d kB"),
        ("pt-PT", "pt-PT", r"\d{3},\d kB"),
        ("pt", "pt-BR", r"\d{3},\d kB"),
        ("en-GB", "en-GB", r"\d{3}\.\d kB"),
        ("de", "pt-BR", r"\d{3},\d kB"),
    ],
)
async def test_numbers_are_as_the_readers_region_writes_them(
    visit: Visit, store_events: Store, tags: str, lang: str, size: str
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    page = (await browser.get("/acme/inventory?open=all", headers={"Accept-Language": tags})).text
    assert f'<html lang="{lang}"' in page
    assert re.search(size, page)


@pytest.mark.parametrize(("language", "words"), [("pt", "registros"), ("en", "records"), ("es", "registros")])
async def test_none_is_many(visit: Visit, store_events: Store, language: str, words: str) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    for nothing in ("/acme/price?q=nothing-has-this&wait=true", "/acme/price?status=warning&wait=true"):
        page = (await browser.get(f"{nothing}&lang={language}")).text
        assert re.search(rf"<b>0</b> {words}\b", page)
    one = (await browser.get(f"/acme/price?q=SKU-3&wait=true&lang={language}")).text
    assert re.search(rf"<b>1</b> {words[:-1]}\b", one)


async def test_affiliates_are_in_the_order_of_their_counts(visit: Visit, store_events: Store) -> None:
    counts = {"AAA": 1, "ZZZ": 3, "MMM": 2}
    await store_events(
        *(
            result(f"{name}{n}", key=f"SKU-{name}-{n}", affiliate=name)
            for name, many in counts.items()
            for n in range(many)
        )
    )
    browser = await visit("viewer")
    page = (await browser.get("/acme/price?wait=true&affiliate=GONE&affiliate=MMM")).text
    assert re.findall(r'name="affiliate" value="(\w+)"', page)[:4] == ["ZZZ", "MMM", "AAA", "GONE"]


async def test_names_of_marketplaces_stand_beside_their_affiliates(visit: Visit, store_events: Store) -> None:
    await store_events(result("a", affiliate="MLB", status="error", errors=[{"code": "E1"}]))
    browser = await visit("operator")
    for path, told in (
        ("/acme/price?affiliate=MLB&exclude_affiliate=AMZ&wait=true", 3),  # the chip, and two of the filter in force
        ("/acme/price/reprocess?affiliate=MLB", 2),
    ):
        page = (await browser.get(path)).text
        named = re.findall(r'<bdi>(Mercado Livre|Amazon)</bdi> <small class="soft"><bdi>(MLB|AMZ)</bdi>', page)
        assert len(named) >= told, path
    for path, begins in (("/acme/price", "<tbody"), ("/acme/price/groups", '<ol class="group-list"')):
        rows = (await browser.get(path)).text.partition(begins)[2]  # where it is as narrow as a code
        assert '<bdi title="Mercado Livre, MLB">MLB</bdi><span class="hidden"> Mercado Livre</span>' in rows, path


async def test_the_same_code_twice_is_told_apart(visit: Visit, store_events: Store) -> None:
    await store_events(
        *(
            result(
                f"{name}{n}",
                key=f"SKU-{name}-{n}",
                affiliate=name,
                message=f"{name} takes no less than {words}",
                errors=[{"code": "price.below_minimum", "message": name}],
            )
            for name, words in (("MLB", "twelve"), ("AMZ", "its list price"))
            for n in range(2)
        )
    )
    page = (await (await visit("viewer")).get("/acme/overview?wait=true")).text
    [price] = re.findall(r'<ol class="codes groups">(.*?)</ol>', page, re.DOTALL)
    shown = re.findall(r'class="code">(.*?)</bdi></a> <span class="soft">(.*?)</span>', price)
    assert {text(code) for code, _ in shown} == {"price.below_minimum"}
    assert sorted(text(names) for _, names in shown) == ["Amazon AMZ", "Mercado Livre MLB"]


async def test_a_row_says_by_which_alias_it_was_found(
    visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows of a page take one statement more, and none where the key says it."""
    aliases = {"ean": "7891234567890", "shipment_id": "<b>555 666</b>"}
    await store_events(
        *(result(f"e{n}", key=f"SKU-{n}", aliases=aliases) for n in range(3)),
        result("k", key="K-7891234567890", message="of 7891234567890"),
        result("m", key="M-1", message="about shipment 7891234567890"),
    )
    browser = await visit("viewer")
    for query, shown, count in (
        ("8912345", "ean: 7891234567890", 3),
        ("555 6", "shipment_id: <b>555 666</b>", 3),
        ("7891234567890, nothing", "ean: 7891234567890", 3),
        ("SKU-", "ean", 0),
        ("shipment", "shipment_id", 0),
    ):
        for path in ("/acme/price", "/acme/search"):
            page = (await browser.get(path, params={"q": query})).text
            rows = page.partition("<tbody")[2]
            assert text(rows).count(shown) == count, (path, query)
    run: list[str] = []
    arguments = Statement.arguments

    def seen(statement: Statement, *rows: Any, **named: Any) -> list[Any]:
        run.append(statement.name)
        return arguments(statement, *rows, **named)

    monkeypatch.setattr(Statement, "arguments", seen)
    for query, more in (("8912345", 1), ("SKU-1", 0)):
        run.clear()
        await browser.get(f"/acme/price/rows?q={query}")
        assert run.count("list_aliases") == more, query
