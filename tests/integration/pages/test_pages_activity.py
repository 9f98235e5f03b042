"""The activity as a page: pauses that are over are still there, with who, why and the key; filter and file."""

import re

from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Visit
from tests.support.events import result


async def test_a_pause_that_is_over_is_still_there(visit: Visit, store_events: Store) -> None:
    await store_events(result())
    browser = await visit("operator")
    page = (await browser.get("/acme/activity?kind=key&automatic=all")).text
    assert "<bdi>conexoes</bdi>" in page  # made the keys of the tests
    token = await browser.form_token("/acme/affiliates")
    for act in ("pause", "resume"):
        fields = {"form_token": token, "affiliate": "MLB", "reason": "campaign"}
        assert (await browser.post(f"/acme/affiliates/{act}", data=fields)).status_code == 303
    await browser.post("/acme/price/views", data={"form_token": token, "name": "<b>mine</b>", "query": "?status=error"})
    text = (await browser.get("/acme/activity", headers={"Accept-Language": "pt"})).text
    for shown in ("Pausou", "Retomou", "Salvou", "campaign", "&lt;b&gt;mine&lt;/b&gt;", "Preço"):
        assert shown in text
    found = (await browser.get("/acme/activity?kind=affiliate&at_from=2020-01-01T00:00")).text
    assert ("campaign" in found, "mine" in found) == (True, False)
    assert "Nothing matches these filters" in (await browser.get("/acme/activity?who=nobody")).text
    assert (await browser.get("/acme/activity?kind=moon")).status_code == 422
    file = await browser.get("/acme/activity/export.csv?kind=affiliate", headers={"Accept-Language": "es"})
    assert [each.count(";") for each in file.text.splitlines()] == [7, 7, 7]
    seeing = await visit("viewer")
    assert "campaign" in (await seeing.get("/acme/activity")).text
    assert (await seeing.get("/acme/activity/export.csv")).status_code == 403


async def test_an_export_leads_to_its_file(visit: Visit, operator: Caller, store_events: Store) -> None:
    await store_events(result())
    browser = await visit("operator")
    fields = {"form_token": await browser.form_token("/acme/price/export"), "format": "csv"}
    kept = (await browser.post("/acme/price/export", data=fields)).headers["location"]
    assert (await operator.get("/api/v1/accounts/acme/price/logs/export.csv")).status_code == 200  # kept nowhere
    [listed] = re.findall(r'href="(/acme/activity\?kind=export)"', (await browser.get("/acme/price/export")).text)
    links = re.findall(r'href="(/acme/exports/[0-9a-f-]{36})"', (await browser.get(listed)).text)
    assert (len(links), kept in links) == (2, True)
    pages = [(await browser.get(each)) for each in links]
    assert [each.status_code for each in pages] == [200, 200]
    assert sum("There is no file." in each.text for each in pages) == 1


async def test_an_act_is_a_link_to_what_it_was_about_and_calls_a_group_by_its_error(
    visit: Visit, store_events: Store
) -> None:
    await store_events(result())
    browser = await visit("operator")
    [group] = re.findall(r'id="group-([0-9a-f]{16})"', (await browser.get("/acme/price/groups")).text)
    fields = {"form_token": await browser.form_token("/acme/price/groups"), "state": "acknowledged"}
    assert (await browser.post(f"/acme/price/groups/{group}", data=fields)).status_code == 303
    row = (await browser.get("/acme/activity?kind=group")).text.split("<tbody>")[1]
    assert re.search(rf'<a href="/acme/price/groups\?fingerprint={group}"><b>', row)
    assert "price.minimum" in row
    assert row.count(group) == 1
