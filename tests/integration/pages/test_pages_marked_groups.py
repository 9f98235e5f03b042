"""Groups that are marked in their list go on in a form: an address has no room for as many as a page may have."""

import re
from html import unescape

import pytest

from admin.pages import reprocess
from schemas.filter import MAX_GROUPS
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import result

CHOSEN = "/acme/price/chosen-groups"


@pytest.fixture
async def browser(visit: Visit, store_events: Store) -> Browser:
    """Three groups of two logs each, of the codes a, b and c."""
    await store_events(
        *(
            result(f"{code}{n}", key=f"{code}{n}", errors=[{"code": code, "message": code}])
            for code in "abc"
            for n in "12"
        )
    )
    return await visit("operator")


async def marking(
    browser: Browser, where: str = "/acme/price/groups?status=error"
) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of the form of marks beside them, and the groups by their code."""
    page = (await browser.get(where)).text
    [form] = re.findall(r'<form id="all-but" method="post" action="/acme/price/chosen-groups">.*?</form>', page)
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    boxes = re.findall(
        r'form="all-but" name="exclude_fingerprint" value="(\w+)"><span class="hidden">Select (\w)<', page
    )
    return fields, {code: fingerprint for fingerprint, code in boxes}


def planned(page: str) -> tuple[str, list[str]]:
    """The number of logs to be sent, and the boxes of the plan that are ticked."""
    [total] = re.findall(r'<p class="plan-total"><b>(\d+)</b>', page)
    return total, re.findall(r'name="take" value="(\w+)" checked', page)


def form_of(page: str) -> dict[str, str]:
    [form] = re.findall(r'<form id="send".*?</form>', page, re.DOTALL)
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


async def test_these_all_but_these_and_the_list_of_all_others(browser: Browser) -> None:
    fields, groups = await marking(browser)
    asked = {**fields, "exclude_fingerprint": [f"{groups['a']} {groups['b']}", groups["a"]]}
    these = await browser.post(CHOSEN, data={**asked, "besides": ""})
    assert these.status_code == 200
    assert planned(these.text) == ("4", [groups["a"], groups["b"]]) or planned(these.text) == (
        "4",
        [groups["b"], groups["a"]],
    )
    rest = await browser.post(CHOSEN, data={**asked, "act": "rest"})
    assert planned(rest.text) == ("2", [groups["c"]])
    listed = await browser.post(CHOSEN, data={**asked, "act": "list"})
    others = f"?status=error&exclude_fingerprint={groups['a']}&exclude_fingerprint={groups['b']}"
    assert (listed.status_code, listed.headers["location"]) == (303, f"/acme/price{others}")
    for answer in (these, rest):
        assert 'href="/acme/price/groups?status=error"' in answer.text, "the way back"


async def test_what_the_list_leaves_out_stays_left_out(browser: Browser) -> None:
    _fields, groups = await marking(browser)
    where = f"/acme/price/groups?status=error&exclude_fingerprint={groups['c']}&sort=age"
    fields, left = await marking(browser, where)
    assert set(left) == {"a", "b"}
    these = await browser.post(CHOSEN, data={**fields, "exclude_fingerprint": groups["a"], "besides": groups["c"]})
    assert planned(these.text)[0] == "2"
    rest = await browser.post(CHOSEN, data={**fields, "exclude_fingerprint": groups["a"], "act": "rest"})
    assert planned(rest.text)[0] == "2"
    assert f'href="{where.replace("&", "&amp;")}"' in these.text
    none = await browser.post(CHOSEN, data=fields)
    assert (none.status_code, none.headers["location"]) == (303, where)


async def test_another_choice_in_such_a_plan_stays_in_the_form(browser: Browser) -> None:
    fields, groups = await marking(browser)
    these = await browser.post(CHOSEN, data={**fields, "exclude_fingerprint": [*groups.values()]})
    form = {**form_of(these.text), "take": [groups["a"], groups["b"]], "mode": "replay", "reason": "why"}
    for more, said in (({"update": "true"}, False), ({}, True)):
        again = await browser.post("/acme/price/reprocess", data={**form, **more})
        assert again.status_code == 200
        assert planned(again.text)[0] == "4"
        assert set(planned(again.text)[1]) == {groups["a"], groups["b"]}
        assert ("Nothing was sent." in again.text) is said
        assert re.findall(r'name="mode" value="(\w+)" checked', again.text) == ["replay"]
        assert 'value="why"' in again.text
        assert ("autofocus" in again.text) is not said
        assert form_of(again.text)["groups"] == "?status=error"
    # As it is, it is sent; Kafka is away.
    form = {**form_of(again.text), "take": [groups["a"], groups["b"]]}
    assert (await browser.post("/acme/price/reprocess", data=form)).status_code == 503


async def test_a_long_choice_stays_in_the_form_wherever_its_plan_came_from(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fields, groups = await marking(browser)
    plan = await browser.get("/acme/price/reprocess?status=error")
    form = {**form_of(plan.text), "take": [groups["a"]], "update": "true"}
    assert (await browser.post("/acme/price/reprocess", data=form)).status_code == 303
    monkeypatch.setattr(reprocess, "MOST_CHARACTERS", 50)
    again = await browser.post("/acme/price/reprocess", data=form)
    assert (again.status_code, planned(again.text)) == (200, ("2", [groups["a"]]))


@pytest.mark.parametrize("act", ["", "rest"])
async def test_marks_that_are_none_are_refused(browser: Browser, visit: Visit, act: str) -> None:
    fields, groups = await marking(browser)
    for marks in ("x", " ".join(f"{n:016x}" for n in range(MAX_GROUPS + 1))):
        answer = await browser.post(CHOSEN, data={**fields, "exclude_fingerprint": marks, "act": act})
        assert answer.status_code == 422, marks[:20]
    as_many = " ".join([groups["a"], *(f"{n:016x}" for n in range(MAX_GROUPS - 1))])
    answer = await browser.post(CHOSEN, data={**fields, "exclude_fingerprint": as_many, "act": act})
    assert planned(answer.text)[0] == ("4" if act else "2")
    other = await browser.post(
        CHOSEN, data={**fields, "form_token": "x", "exclude_fingerprint": groups["a"], "act": act}
    )
    assert other.status_code == 403
    viewer = await visit("viewer")
    own, _groups = await marking(viewer)
    answer = await viewer.post(CHOSEN, data={**own, "exclude_fingerprint": groups["a"], "act": act})
    assert answer.status_code == 403
    answer = await viewer.post(CHOSEN, data={**own, "exclude_fingerprint": groups["a"], "act": "list"})
    assert answer.status_code == 303


async def test_many_groups_of_a_filter_are_told_by_their_number(browser: Browser) -> None:
    _fields, groups = await marking(browser)
    marks = "".join(f"&fingerprint={each}" for each in [groups["a"], *(f"{n:016x}" for n in range(11))])
    page = (await browser.get(f"/acme/price/reprocess?status=error{marks}")).text
    [title] = re.findall("<h1[^>]*>(.*?)</h1>", page)
    assert "Group of equal errors: 12" in re.sub("<[^>]+>", "", title)
    few = (await browser.get(f"/acme/price/reprocess?status=error&fingerprint={groups['a']}")).text
    assert re.findall("<h1[^>]*>(.*?)</h1>", few)[0].endswith("<bdi>a</bdi>")
