"""The pages that say why now: of an incident and of a group, whole and as a part of theirs."""

import re

import asyncpg
import pytest

from storage.why import sample
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.caused import have_a_cause


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no load of the machine cut a sample short: what is left out then is another test's."""
    monkeypatch.setattr(sample, "_STATEMENT_TIMEOUT", "60s")


async def test_why_is_shown_by_incident_and_by_group_in_every_language(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    fingerprint = await have_a_cause(store_events, owner)
    browser = await visit("operator")
    of_incident, of_group = "/acme/incidents/1/why", f"/acme/price/groups/{fingerprint}/why"
    assert f'href="{of_incident}"' in (await browser.get("/acme/incidents/1")).text
    group = (await browser.get("/acme/price/groups")).text
    assert f'href="{of_group}"' in group
    assert f'hx-get="{of_group}" hx-trigger="toggle from:closest details once"' in group
    for address in (of_incident, of_group):
        page = (await browser.get(address)).text
        causes = re.search(r'<ol class="causes">.*?</ol>', page, re.DOTALL)
        assert causes is not None
        for words in ("connectorversion", "2.5.0", "/gtin", "is missing", "100% of the affected", "Resumed", "maria"):
            assert words in re.sub(r"<wbr>|\u200b", "", causes[0]), words
        assert "KIT-0000" in re.sub(r"<wbr>|\u200b", "", page)
        assert "From the last successful request to the one that failed" in page
        part = (await browser.get(address, headers={"HX-Request": "true"})).text
        assert part.lstrip().startswith('<div class="why">')
        for language, word in (("pt", "está faltando"), ("es", "falta")):
            assert word in (await browser.get(f"{address}?lang={language}")).text
        await browser.get(f"{address}?lang=en")
    viewer = await visit("viewer")
    page = (await viewer.get(of_group)).text
    assert "Your key may not see evidence" in page
    assert "gtin" not in page
    assert "2.5.0" not in page
    for absent in ("/acme/incidents/3/why", "/acme/price/groups/0123456789abcdef/why", "/acme/price/groups/x/why"):
        assert (await browser.get(absent)).status_code == 404
