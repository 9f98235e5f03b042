"""Two charts: results as they came, and logs as they are now. A retry that succeeds changes the second one only."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from admin.pages.view import view_of
from schemas.filter import FIELDS, LogFilter
from schemas.series import SeriesQuery
from schemas.words import word
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import result
from tests.support.some_logs import EVERY

HOUR = timedelta(hours=1)
FAILED_AT = datetime.now(UTC) - 2 * HOUR
NAMES = {
    "pt": ("Resultados ao longo do tempo", "Registros por status"),
    "en": ("Results over time", "Logs by status"),
    "es": ("Resultados a lo largo del tiempo", "Registros por estado"),
}


def tables(page: str) -> dict[str, list[list[str]]]:
    """Return the rows of numbers of each chart's table, without those of nothing, by the chart's name."""
    found = {}
    for figure in re.findall(r'<figure class="chart">(.*?)</figure>', page, re.DOTALL):
        [name] = re.findall(r"<figcaption><b>([^<]+)</b>", figure)
        rows = [re.findall(r'<td class="num">([^<]+)</td>', row) for row in re.findall(r"<tr>(.*?)</tr>", figure)]
        found[name] = [row for row in rows if set(row) - {"0"}]
    return found


async def page_of(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("path", "both"), [("/acme/price?period=24h&wait=true", True), ("/acme/overview?period=24h&wait=true", False)]
)
async def test_history_stays_when_what_failed_is_solved(
    visit: Visit, store_events: Store, path: str, *, both: bool
) -> None:
    keys = ("A", "B", "C")
    await store_events(
        *(result(f"1{key}", key=key, processed_at=FAILED_AT.isoformat()) for key in keys),
        result("last week", key="D", processed_at=(FAILED_AT - timedelta(days=7)).isoformat()),
    )
    browser = await visit("viewer")
    page = await page_of(browser, path)
    assert "Errors: 3 of 3 results (100%); in the same time last week 1 of 1 (100%)" in page
    # Success, warning, error; and the week before.
    logs = {"Logs by status": [["0", "0", "3"]]} if both else {}
    assert tables(page) == {"Results over time": [["0", "0", "3", "1"]], **logs}
    solved: dict[str, Any] = {"status": "success", "errors": None, "message": None}
    await store_events(
        *(result(f"2{key}", key=key, processed_at=(FAILED_AT + HOUR).isoformat(), **solved) for key in keys)
    )
    page = await page_of(browser, path)
    logs = {"Logs by status": [["3", "0", "0"]]} if both else {}
    assert tables(page) == {"Results over time": [["0", "0", "3", "1"], ["3", "0", "0", "0"]], **logs}


@pytest.mark.parametrize("language", NAMES)
async def test_the_charts_have_two_names_in_each_language(visit: Visit, store_events: Store, language: str) -> None:
    await store_events(result(processed_at=FAILED_AT.isoformat()))
    browser = await visit("viewer")
    browser.headers["Accept-Language"] = language
    for path, names in (("/acme/price?wait=true", NAMES[language]), ("/acme/overview", NAMES[language][:1])):
        page = await page_of(browser, path)
        assert tuple(tables(page)) == names
        assert word("status", "error", language) in page  # type: ignore[arg-type]


@pytest.mark.parametrize("name", LogFilter.model_fields)
async def test_a_list_says_by_which_of_its_fields_results_are_not_counted(
    visit: Visit, store_events: Store, name: str
) -> None:
    await store_events(result(key="A", processed_at=FAILED_AT.isoformat()))
    view = view_of(LogFilter.model_validate({name: EVERY[name]}))
    page = await page_of(await visit("viewer"), f"/acme/price{view.query()}&wait=true")
    said = f"Results over time are not counted by: {FIELDS[name].shown.label['en']}</p>"
    assert (said in page) is (name not in SeriesQuery.model_fields)


async def test_a_list_of_more_years_than_results_are_shown_of_says_so(visit: Visit, store_events: Store) -> None:
    await store_events(result(key="A", processed_at=FAILED_AT.isoformat()))
    page = await page_of(await visit("viewer"), "/acme/price?processed_from=2010-01-01T00:00:00Z&wait=true")
    assert set(tables(page)) == {"Logs by status"}
    assert "Results over time are counted for at most 1,100 days." in page


async def test_a_day_of_logs_is_hours_though_others_are_old(visit: Visit, store_events: Store) -> None:
    """The histogram was one block as wide as the chart."""
    await store_events(
        result("old", key="OLD", processed_at=(FAILED_AT - timedelta(days=60)).isoformat(), affiliate="AMZ"),
        *(
            result(f"e{number}", key=f"K{number}", processed_at=(FAILED_AT - number * HOUR).isoformat())
            for number in range(20)
        ),
    )
    page = await page_of(await visit("viewer"), "/acme/price?affiliate=MLB&wait=true")
    assert len(tables(page)["Logs by status"]) == 20
