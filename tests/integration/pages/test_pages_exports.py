"""What an export's file and the pages have to do with each other: its links lead here, and workbooks come back."""

from urllib.parse import urlsplit

import pytest

from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS, csv_rows, json_rows
from tests.integration.pages.conftest import Visit
from tests.support.events import result


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
async def test_the_link_of_a_row_leads_to_the_page_of_its_log(
    visit: Visit, operator: Caller, store_events: Store, format_: str
) -> None:
    await store_events(result(key="SKU-of-the-link", message="no price for it"))
    answer = await operator.get(f"{LOGS}/export.{format_}")
    link = csv_rows(answer)[1][10] if format_ == "csv" else json_rows(answer)[0]["link"]
    page = await (await visit("viewer")).get(urlsplit(link).path)
    assert page.status_code == 200
    assert "SKU-of-the-link" in page.text
    assert "no price for it" in page.text
