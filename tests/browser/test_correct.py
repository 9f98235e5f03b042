"""Correct and send: from a row to the marketplace, in a browser."""

import pytest
from playwright.async_api import expect

from broker.settings import BrokerSettings
from conexoes_connector.retry import Answer, Retry
from schemas.policy import Policy
from tests.browser.conftest import Arrive, connector
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.events import result, with_evidence

KEPT = '{"price": 10.00, "title": "Chair", "on": true, "all": [1.0]}'


@pytest.fixture
def policy() -> Policy:
    return Policy.model_validate({"price": {"MLB": {"editable": ["/price", "/title", "/on"]}}})


async def test_a_person_corrects_what_was_sent_and_the_connector_gets_it(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    got: list[Retry] = []

    async def fixed_when_corrected(retry: Retry) -> Answer:
        got.append(retry)
        return Answer(status="success", request=retry.data.request)

    await store_events(with_evidence(result("e1", key="SKU-1", message="The price is too low"), KEPT))
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?q=SKU-1&open=all")
    await page.get_by_role("link", name="Correct and send").click()
    await expect(page.get_by_label("/title")).to_have_value("Chair")
    assert await violations(page) == []
    person.expected_status = {422}
    await page.get_by_label("/price").fill("24,90")
    await page.get_by_role("button", name="See the difference").click()
    await expect(page.get_by_role("alert")).to_contain_text("written with a point")
    assert await violations(page) == []
    await page.get_by_label("/price").fill("24.90")
    await page.get_by_role("button", name="See the difference").click()
    await expect(page.locator(".changes tbody")).to_contain_text("24.90")
    assert await violations(page) == []
    await page.get_by_role("button", name="Send corrected").click()
    # What is opened while the page goes on reading itself anew stays open, to the end.
    await page.get_by_text("1 field").click(timeout=60_000)
    async with connector(broker_settings, fixed_when_corrected):
        await expect(page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    await expect(page.locator("tbody .state.fixed")).to_be_visible()
    await expect(page.locator(".changes tbody")).to_be_visible()
    await expect(page.locator(".changes tbody")).to_contain_text("24.90")
    assert await violations(page) == []
    [retry] = got
    assert b'"request":' + KEPT.replace("10.00", "24.90").encode() in retry.event
    assert (retry.data.mode, retry.data.corrected) == ("replay", ["/price"])
