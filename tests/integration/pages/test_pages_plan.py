"""A policy that always wants a reason: every page that offers reprocessing leads to the plan, which asks for it."""

import re
import uuid
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from fastapi import FastAPI

from api.edge import MAX_URL_BYTES
from schemas.policy import Policy
from schemas.reprocess import MAX_LOG_IDS
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS
from tests.integration.pages.conftest import Browser, Visit
from tests.integration.pages.test_pages_exports import mark, send
from tests.support.events import result

ALWAYS = Policy.model_validate('{"price": {"*": {"reason_required_above": 0}}}')
WHY = "A reason is required for more than 0 logs of MLB; these are 1."


@pytest.fixture
async def browser(app: FastAPI, visit: Visit, store_events: Store) -> Browser:
    """An operator, before one failed price."""
    app.state.policy = ALWAYS
    await store_events(result(key="SKU-1"))
    return await visit("operator")


def asks_for_a_reason(page: str) -> bool:
    """Tell if `page` is a plan that is sent with a reason only, and says why."""
    [field] = re.findall(r'<input id="reason"[^>]*>', page)
    return "<b>1</b> of 1 will be sent" in page and " required" in field and WHY in page


async def log_link(browser: Browser) -> str:
    """The address of the page of the one log."""
    [found] = set(re.findall(r'href="(/acme/price/logs/[0-9a-f-]+)"', (await browser.get("/acme/price")).text))
    return str(found)


async def test_a_row_leads_to_the_plan(browser: Browser) -> None:
    page = (await browser.get("/acme/price")).text
    assert "hx-post" not in page
    [link] = re.findall(r'href="(/acme/price/reprocess\?log_id=[^"]+)"', page)
    assert asks_for_a_reason((await browser.get(link)).text)


async def test_so_does_the_page_of_its_log(browser: Browser) -> None:
    page = (await browser.get(await log_link(browser))).text
    assert 'action="/acme/price/reprocess"' not in page
    [link] = re.findall(r'href="(/acme/price/reprocess\?log_id=[^"]+)"', page)
    assert asks_for_a_reason((await browser.get(link)).text)


async def test_a_row_can_be_chosen_with_others(browser: Browser) -> None:
    [box] = re.findall(r'<input type="checkbox" form="selection"[^>]*>', (await browser.get("/acme/price")).text)
    assert "disabled" not in box
    [log_id] = re.findall(r'value="([^"]+)"', box)
    assert asks_for_a_reason((await browser.get("/acme/price/reprocess", params={"log_id": log_id})).text)


async def test_a_filter_asks_too(browser: Browser) -> None:
    assert asks_for_a_reason((await browser.get("/acme/price/reprocess?status=error&chosen=true")).text)


async def test_a_workbook_asks_too(browser: Browser, operator: Caller, tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    assert asks_for_a_reason((await send(browser, mark(path, 2))).text)


@pytest.mark.parametrize(("reason", "status"), [("", 422), ("  ", 422), ("the table was corrected", 503)])
async def test_the_form_is_taken_with_a_reason_only(browser: Browser, reason: str, status: int) -> None:
    """Kafka is away: the form is accepted as a command, and the page says that it could not be sent."""
    log_id = (await log_link(browser)).rpartition("/")[2]
    page = (await browser.get("/acme/price/reprocess", params={"log_id": log_id})).text
    [once] = re.findall(r'name="once" value="([^"]+)"', page)
    [token, *_] = re.findall(r'name="form_token" value="([^"]+)"', page)
    data = {"form_token": token, "once": once, "log_id": log_id, "reason": reason}
    answer = await browser.post("/acme/price/reprocess", data=data)
    assert answer.status_code == status
    assert (WHY in answer.text) == (status == 422)


async def test_as_many_rows_as_a_command_takes_can_be_marked(visit: Visit, store_events: Store) -> None:
    """Their ids are more than an address has room for. One more than that is refused, and so is none."""
    await store_events(*(result(f"r{n}", key=f"SKU-{n:04}") for n in range(MAX_LOG_IDS)))
    browser = await visit("operator")
    following, ids = "/acme/price?status=error&page_size=200", list[str]()
    while following:
        listed = (await browser.get(following)).text
        ids += re.findall(r'form="selection" name="log_id" value="([^"]+)"', listed)
        following = unescape(next(iter(re.findall(r'rel="next" href="([^"]+)"', listed)), ""))
    assert len("&log_id=".join(ids)) > MAX_URL_BYTES
    answer = await browser.mark(listed, ids)
    assert f"<b>{MAX_LOG_IDS:,}</b> of {MAX_LOG_IDS:,} will be sent" in answer.text
    assert re.findall(r'name="log_id" value="([^"]+)"', answer.text) == ids
    assert 'href="/acme/price?status=error&amp;page_size=200"' in answer.text
    form = dict(
        re.findall(
            r'type="hidden" name="(form_token|once)" value="([^"]*)"', answer.text[answer.text.index('id="send"') :]
        )
    )
    sent = await browser.post("/acme/price/reprocess", data={**form, "log_id": ids})
    assert sent.status_code == 503  # all of them are read; there is no Kafka here
    too_many = await browser.mark(listed, [*ids, str(uuid.uuid4())])
    assert (too_many.status_code, f"must have at most {MAX_LOG_IDS} values" in too_many.text) == (422, True)
    none = await browser.mark(listed, [])
    assert (none.status_code, "nothing is marked" in none.text) == (422, True)
    # The answer of a form has an address that leads to the list.
    reloaded = await browser.get("/acme/price/chosen")
    assert (reloaded.status_code, reloaded.headers["location"]) == (303, "/acme/price")
    viewer = await visit("viewer")
    assert (
        await viewer.post("/acme/price/chosen", data={"form_token": await viewer.form_token("/acme/price")})
    ).status_code == 403


async def test_a_plan_of_rows_counts_each_verdict(visit: Visit, store_events: Store) -> None:
    """Verdicts are those of a filter, and `not_found`."""
    await store_events(result(key="SKU-1"), result("e2", key="SKU-2", status="success", errors=None))
    browser = await visit("operator")
    ids = set(re.findall(r'href="/acme/price/logs/([0-9a-f-]+)"', (await browser.get("/acme/price")).text))
    missing = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
    page = (await browser.get("/acme/price/reprocess", params={"log_id": [*ids, *ids, missing]})).text
    assert "<b>1</b> of 3 will be sent" in page
    for words in ("Succeeded already", "The last result is a success.", "Not found", "There is no such log"):
        assert words in page
    assert " required" not in re.findall(r'<input id="reason"[^>]*>', page)[0]


@pytest.mark.parametrize("by_filter", [False, True], ids=["rows", "filter"])
@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("pt-BR", "É preciso informar um motivo para mais de 0 registros de MLB; estes são 1."),
        ("es", "Se requiere un motivo para más de 0 registros de MLB; estos son 1."),
    ],
)
async def test_a_blank_reason_shows_the_plan_again_in_the_readers_language(
    browser: Browser, language: str, why: str, *, by_filter: bool
) -> None:
    """Blanks pass `required`. What was chosen in the form stays chosen."""
    browser.headers["accept-language"] = language
    log_id = (await log_link(browser)).rpartition("/")[2]
    chosen = {"status": "error", "chosen": "true"} if by_filter else {"log_id": log_id}
    page = (await browser.get("/acme/price/reprocess", params=chosen)).text
    hidden = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
    hidden |= {} if by_filter else {"workbook": "list.xlsx"}
    ticked = {"take": hidden.get("shown", "").split()}
    data = {**hidden, **ticked, "reason": "  ", "mode": "replay", "release": "steps"}
    answer = await browser.post("/acme/price/reprocess", data=data)
    assert answer.status_code == 422
    assert answer.text.count(why) == 2  # as what is wrong, and beside the field
    assert answer.text.count("list.xlsx") == (0 if by_filter else 2)  # in words, and in the form
    assert re.search(r'value="replay" checked', answer.text)
    assert re.search(r'value="steps" checked', answer.text)
    assert re.search(r'<input id="reason"[^>]* aria-invalid="true"[^>]* autofocus>', answer.text)
    assert "autofocus" not in re.findall(r'<input id="not-before"[^>]*>', answer.text)[0]
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    assert {name for name, _value in kept} == set(hidden)
    assert all(unescape(value) == hidden[name] for name, value in kept if name in {"log_id", "filter"})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/acme/search?q=%EF%BF%BD", "Busca deve ser UTF-8 válido, sem NUL"),
        ("/acme/price?status=no", "status.0 deve ser um destes: success, warning, error"),
        ("/acme/price?page_size=0", "page_size deve estar entre 1 e "),
        ("/acme/price?processed_from=no&period=custom", "De não é uma data e hora que existe"),
    ],
)
async def test_what_is_wrong_with_an_address_is_said_in_the_readers_language(
    browser: Browser, path: str, said: str
) -> None:
    browser.headers["accept-language"] = "pt-BR"
    answer = await browser.get(path)
    assert answer.status_code == 422
    assert said in answer.text
    assert "must be" not in answer.text


BUSY = {"code": "http.429", "message": "too many requests"}
MINIMUM = {"code": "price.minimum", "message": "below the minimum"}


class Shown(NamedTuple):
    """A plan on the page: its groups by code, whether each is ticked, and the fields of its form."""

    groups: dict[str, list[str]]  # code: entities, of these sent, outcome
    ticked: dict[str, bool]
    fields: dict[str, Any]
    text: str


def shown(page: str) -> Shown:
    rows = re.findall(
        r'name="take" value="(\w+)"( checked)?>.*?class="code">(.*?)</bdi>(.*?)</tr>', page, flags=re.DOTALL
    )
    fields: dict[str, Any] = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.partition('id="send"')[2])
    }
    codes = [re.sub("<[^>]+>", "", code) for _name, _checked, code, _rest in rows]
    return Shown(
        groups={
            code: [re.sub("<[^>]+>", "", each) for each in re.findall(r'<td class="num"[^>]*>(.*?)</td>', rest)]
            for code, (*_, rest) in zip(codes, rows, strict=True)
        },
        ticked={code: bool(checked) for code, (_name, checked, *_) in zip(codes, rows, strict=True)},
        fields={**fields, "take": [name for name, checked, *_ in rows if checked]},
        text=page,
    )


@pytest.fixture
async def mixed(visit: Visit, store_events: Store) -> Browser:
    """An operator, before 3 prices that are too low, 2 of a busy marketplace, one of both, and one that is well."""
    await store_events(
        *(result(f"m{n}", key=f"MIN-{n}", errors=[MINIMUM]) for n in range(3)),
        *(result(f"b{n}", key=f"BUSY-{n}", errors=[BUSY]) for n in range(2)),
        result("both", key="BOTH", errors=[BUSY, MINIMUM]),
        result("well", key="WELL", status="success", errors=None),
    )
    return await visit("operator")


async def test_what_is_to_be_corrected_first_is_left_out_and_can_be_taken(
    mixed: Browser, owner: asyncpg.Connection
) -> None:
    where = "/acme/price/reprocess?affiliate=MLB&period=30d"
    first = shown((await mixed.get(where)).text)
    assert first.ticked == {"price.minimum": False, "http.429": True}
    assert first.groups == {"price.minimum": ["4", "0", "Not tried yet"], "http.429": ["3", "2", "Not tried yet"]}
    for words in (
        "<b>2</b> of 3 will be sent",  # one has succeeded
        "Correct it first: reprocessing repeats the error",
        "The store must act:",
        "4 entities are in groups that are not ticked, and are left out.",
        "1 entity is in several groups, and counts in each of them.",
        "Without an error",
    ):
        assert words in first.text, words
    [title] = re.findall("<h1>(.*?)</h1>", first.text)
    assert re.sub("<[^>]+>", "", title) == "Reprocess · Price: 3 · Mercado Livre MLB · Last 30 days"

    every = [*first.fields["shown"].split()]
    updated = await mixed.post("/acme/price/reprocess", data={**first.fields, "take": every, "update": "true"})
    assert (updated.status_code, updated.headers["location"]) == (303, f"{where}&chosen=true#update")
    both = shown((await mixed.get(updated.headers["location"])).text)
    assert both.groups == {"price.minimum": ["4", "4", "Not tried yet"], "http.429": ["3", "3", "Not tried yet"]}
    assert "<b>6</b> of 7 will be sent" in both.text
    assert "not ticked" not in both.text

    changed = await mixed.post("/acme/price/reprocess", data={**both.fields, "take": first.fields["take"]})
    [minimum] = set(every) - set(first.fields["take"])
    address = f"/acme/price/reprocess?affiliate=MLB&exclude_fingerprint={minimum}&period=30d&chosen=true&unsent=true"
    assert (changed.status_code, changed.headers["location"]) == (303, address)
    assert await owner.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    again = shown((await mixed.get(address)).text)
    assert (again.ticked, again.groups) == (first.ticked, first.groups)
    assert "Nothing was sent." in again.text
    assert "All but group of errors: <bdi>1</bdi>" in again.text  # which one is seen by its box
    assert (await mixed.post("/acme/price/reprocess", data=again.fields)).status_code == 503  # Kafka is away
    assert f'href="/acme/price?affiliate=MLB&amp;exclude_fingerprint={minimum}&amp;period=30d"' in again.text


@pytest.mark.parametrize("listed", [0, 1, 2])
async def test_what_is_to_be_corrected_first_is_left_out_however_small_it_is(
    mixed: Browser, store_events: Store, monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    await store_events(*(result(f"more{n}", key=f"MORE-{n}", errors=[BUSY]) for n in range(5)))
    monkeypatch.setattr("api.plan_groups.LISTED", listed)
    plan = shown((await mixed.get("/acme/price/reprocess?affiliate=MLB")).text)
    assert plan.ticked == ({"http.429": True} if listed else {}) | {"price.minimum": False}
    assert "<b>7</b> of 8 will be sent" in plan.text
    assert ("1 smaller group is not listed, and is taken." in plan.text) is (listed == 0)
    assert "better left out" not in plan.text
    # What the filter has no room for is said to be taken.
    monkeypatch.setattr("api.plan_groups.MAX_GROUPS", 0)
    plan = shown((await mixed.get("/acme/price/reprocess?affiliate=MLB")).text)
    assert plan.ticked == dict.fromkeys(["http.429", "price.minimum"][:listed], True)
    assert ("1 of them is better left out" in plan.text) is (listed == 1)


def chosen_in(page: str) -> dict[str, str]:
    """Choices in the form of a plan, by field."""
    return {
        **dict(re.findall(r'name="(mode|release|when)" value="(\w+)" checked', page)),
        **{
            name: unescape(value)
            for name, value in re.findall(r'<input id="[\w-]+"[^>]* name="(not_before)" value="([^"]*)"', page)
            + re.findall(r'<input id="reason" name="(reason)"[^>]* value="([^"]*)"', page)
        },
    }


async def test_another_choice_of_groups_keeps_how_when_and_why(mixed: Browser) -> None:
    where = "/acme/price/reprocess?affiliate=MLB&period=30d"
    first = shown((await mixed.get(where)).text)
    plain = chosen_in(first.text)
    assert (plain["mode"], plain["release"], plain["when"], plain["reason"]) == ("refresh", "all", "now", "")
    every = first.fields["shown"].split()
    form = {
        "mode": "replay",
        "release": "steps",
        "when": "at",
        "not_before": "2999-01-01T02:00",
        "reason": 'the "table" & more: ação',
    }
    asked = {**first.fields, **form, "take": every}
    for update, said in (({"update": "true"}, False), ({}, True)):
        answer = await mixed.post("/acme/price/reprocess", data={**asked, **update})
        assert answer.status_code == 303
        page = (await mixed.get(answer.headers["location"])).text
        assert chosen_in(page) == form
        assert set(shown(page).ticked.values()) == {True}
        assert ("Nothing was sent." in page) is said
    # What a plan begins with anyway is not in its address.
    data = {**asked, **plain, "reason": " ", "update": "true"}
    assert (await mixed.post("/acme/price/reprocess", data=data)).headers["location"] == f"{where}&chosen=true#update"


@pytest.mark.parametrize(("usual", "then"), [("all", "steps"), ("steps", "all")])
async def test_a_plan_that_grows_goes_in_steps_unless_all_at_once_was_chosen(
    visit: Visit, store_events: Store, usual: str, then: str
) -> None:
    """A plan of 51 begins with steps, one of a single log does not: there all at once is what nobody chose."""
    few, many = (BUSY, MINIMUM) if usual == "all" else (MINIMUM, BUSY)  # the one to correct first is not ticked
    await store_events(
        *(result(f"m{n}", key=f"MANY-{n}", errors=[many]) for n in range(51)),
        result("f", key="FEW", errors=[few]),
    )
    browser = await visit("operator")
    first = shown((await browser.get("/acme/price/reprocess?status=error")).text)
    assert first.fields["usual"] == usual == chosen_in(first.text)["release"]
    data = {**first.fields, "release": "all", "take": first.fields["shown"].split(), "update": "true"}
    answer = await browser.post("/acme/price/reprocess", data=data)
    assert chosen_in((await browser.get(answer.headers["location"])).text)["release"] == then


@pytest.mark.parametrize(
    ("query", "ticked"),
    [
        ("code=price.minimum", {"price.minimum": True, "http.429": True}),
        ("status=error", {"price.minimum": False, "http.429": True}),
    ],
)
async def test_who_names_a_code_means_it(mixed: Browser, query: str, ticked: dict[str, bool]) -> None:
    assert shown((await mixed.get(f"/acme/price/reprocess?{query}")).text).ticked == ticked


async def test_marked_groups_are_planned_together_and_none_are_no_plan(mixed: Browser) -> None:
    groups = (await mixed.get("/acme/price/groups?status=error")).text
    assert 'name="besides" value=""' in groups
    names = re.findall(r'id="group-([0-9a-f]{16})"', groups)
    marks = "".join(f"&exclude_fingerprint={each}" for each in names)
    answer = await mixed.get(f"/acme/price/reprocess?status=error{marks}&besides=")
    both = "".join(f"&fingerprint={each}" for each in names)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/acme/price/reprocess?status=error{both}")
    assert shown((await mixed.get(answer.headers["location"])).text).ticked == {"price.minimum": True, "http.429": True}
    left = await mixed.get(f"/acme/price/reprocess?status=error{marks}&besides={names[0]}")
    asked = f"?status=error&fingerprint={names[1]}&exclude_fingerprint={names[0]}"
    assert left.headers["location"] == f"/acme/price/reprocess{asked}"
    assert set(shown((await mixed.get(f"/acme/price/reprocess{asked}")).text).ticked.values()) == {True, False}
    none = await mixed.get("/acme/price/reprocess?status=error&besides=")
    assert none.headers["location"] == "/acme/price/groups?status=error"


@pytest.mark.parametrize(("logs", "checked"), [(50, "all"), (51, "steps")])
async def test_many_go_in_steps_unless_somebody_chooses_otherwise(
    visit: Visit, store_events: Store, logs: int, checked: str
) -> None:
    await store_events(*(result(f"b{n}", key=f"BUSY-{n}", errors=[BUSY]) for n in range(logs)))
    page = (await (await visit("operator")).get("/acme/price/reprocess?status=error")).text
    assert re.findall(r'name="release" value="(\w+)" checked', page) == [checked]
    assert "In steps: 5" in page
