"""A result that was altered to be read, and names that nobody sees whole: in the API, exports and on pages."""

import html
import json
from typing import Any

import pytest

from tests.integration.api.conftest import Caller, Store
from tests.integration.api.test_api_logs import ACCOUNT, path_of
from tests.integration.pages.conftest import Visit, visit
from tests.support.events import result

__all__ = ["visit"]

CAME: dict[str, Any] = {
    "message": 7,
    "errors": [{"code": 400, "message": None, "own": "seen by operators"}, "plain", {"message": "no code"}],
    "aliases": {"ean": 789, "shipment_id": None},
}
DONE = [
    "data.message: a number was read as text",
    "data.errors[].code: a number was read as text",
    "data.errors[]: text was read as an error",
    "data.aliases.ean: a number was read as text",
    "data.aliases.shipment_id: null was left out",
]


async def test_a_log_shows_what_was_read_and_who_may_see_evidence_what_came(
    viewer: Caller, operator: Caller, store_events: Store
) -> None:
    await store_events(result(**CAME))
    for caller, came in ((operator, {"as_it_came": CAME}), (viewer, {})):
        log = (await caller.get(path_of())).json()
        attempt = log["last_attempt"]
        assert (log["message"], log["code"], log["errors"]) == ("7", "400", 3)
        assert (attempt["altered"], attempt["alterations"]) == (True, DONE)
        assert (attempt["message"], attempt["aliases"]) == ("7", {"ean": "789"})
        assert [each.get("code") for each in attempt["errors"]] == ["400", None, None]
        assert [each.get("message") for each in attempt["errors"]] == [None, "plain", "no code"]
        assert attempt["extra"] == came
    timeline = (await viewer.get(f"{path_of()}/timeline")).json()
    assert timeline["items"][0]["attempt"]["alterations"] == DONE


async def test_what_needs_no_altering_says_so(viewer: Caller, store_events: Store) -> None:
    await store_events(result(errors=[{"code": None, "message": "m"}, {"code": "c"}]))
    attempt = (await viewer.get(path_of())).json()["last_attempt"]
    assert (attempt["altered"], attempt["alterations"]) == (False, [])


@pytest.mark.parametrize("format_", ["csv", "jsonl", "xlsx"])
async def test_exports_have_errors_without_codes_and_altered_ones(
    operator: Caller, store_events: Store, format_: str
) -> None:
    await store_events(result("1", key="SKU\u00a01", **CAME), result("2", key="a\u200bb", errors=[{"code": "c"}, {}]))
    answer = await operator.get(f"{ACCOUNT}/price/logs/export.{format_}")
    assert answer.status_code == 200
    if format_ == "csv":
        assert "SKU\u00a01" in answer.text
        assert "400\nplain\nno code" in answer.text.replace("\r", "")
        assert "seen by operators" not in answer.text
    if format_ == "jsonl":
        logs = {log["key"]: log for log in map(json.loads, answer.text.splitlines())}
        assert logs["SKU\u00a01"]["errors"][1] == {"message": "plain"}
        assert logs["a\u200bb"]["aliases"] in ({}, None)


NAMES = {
    "SKU\u00a0NB-1": ["SKU\u00a0NB-1", "sku nb-1"],
    "商品\u3000ＡＢ-1": ["商品\u3000ＡＢ-1", "商品 AB-1"],
    "SKU-👩\u200d🔧": ["SKU-👩\u200d🔧", "sku-👩🔧"],
    "zero\u200bwidth": ["zero\u200bwidth", "zerowidth"],
    "soft\u00adhyphen": ["soft\u00adhyphen", "softhyphen"],
    "می\u200cخواهم": ["می\u200cخواهم"],
}


async def test_a_key_is_found_as_it_is_and_as_people_type_it(viewer: Caller, store_events: Store) -> None:
    await store_events(*(result(key, key=key, message=None) for key in NAMES))
    for key, typed in NAMES.items():
        for text in typed:
            logs = (await viewer.get(f"{ACCOUNT}/price/logs", params={"q": text})).json()["items"]
            assert [each["key"] for each in logs] == [key], text
    affiliate = "M\u00a0LB"
    await store_events(result("m", key="M", affiliate=affiliate))
    logs = (await viewer.get(f"{ACCOUNT}/price/logs", params={"affiliate": affiliate})).json()["items"]
    assert [each["affiliate"] for each in logs] == [affiliate]


async def test_pages_mark_what_nobody_sees_and_say_what_was_altered(visit: Visit, store_events: Store) -> None:
    await store_events(result(key="SKU\u00a01", affiliate="M\u200bLB", **CAME))
    browser = await visit("operator")
    space = '<span class="unseen" title="U+00A0 NO-BREAK SPACE">\u00a0</span>'
    width = '<span class="unseen" title="U+200B ZERO WIDTH SPACE">\u200b</span>'
    listed = (await browser.get("/acme/price", params={"open": "all"})).text
    assert f"SKU{space}1" in listed
    assert f"M{width}LB" in listed
    page = (await browser.get(path_of("SKU\u00a01", affiliate="M\u200bLB").removeprefix("/api/v1/accounts"))).text
    assert f"SKU{space}1" in page
    for done in DONE:
        assert done in html.unescape(page)
    assert "What was altered, as it came" in page
    path = path_of("SKU\u00a01", affiliate="M\u200bLB").removeprefix("/api/v1/accounts")
    assert json.loads((await browser.get(f"{path}/evidence/as_it_came?as_text=true")).text) == CAME
    found = await browser.get("/acme/search", params={"q": "sku 1"})
    assert found.headers["location"].startswith("/acme/price/logs/")  # the only hit
