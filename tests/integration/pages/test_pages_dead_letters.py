"""Dead letters as a workbench: the list with its filter, one letter, the plan, the redrive, the erasure."""

import html
import json
import re
import uuid

import asyncpg
import pytest

from schemas.catalogue import LANGUAGES
from schemas.dead_letter import DeadLetter
from schemas.envelope import STRUCTURED
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from schemas.rereading import OF_COMMANDS, OF_NO_CONNECTOR
from schemas.topics import Topics
from storage.database import Database
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import Event, result, whole
from tests.support.letters import OTHER_SOURCES, insert_refused

BASE = "/acme/dead-letters"


@pytest.fixture
async def letters(writer: Database) -> list[DeadLetter]:
    events = [
        result("1", key="SKU-1"),
        result("2", key="SKU-2", status="maybe"),
        Event(b"acme/MLB/SKU-3", b'{"account": "acme", "a": <b>}', [("ce_id", b"\xff"), ("x", b"<i>")]),
    ]
    return await insert_refused(writer, events, OTHER_SOURCES)


def id_of(letter: DeadLetter) -> str:
    return str(uuid.UUID(letter.id))


async def send(browser: Browser, page: str, action: str, **fields: str) -> str:
    """Send the form of a page with this action, and its own hidden fields. Returns where it leads."""
    text = (await browser.get(page)).text
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', text, re.DOTALL)
    assert form is not None, text
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    answer = await browser.post(action, data={**{name: html.unescape(value) for name, value in hidden}, **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_the_list_has_counts_and_what_a_filter_leaves(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("operator")
    text = (await browser.get(BASE)).text
    assert all(id_of(each) in text for each in letters)
    for code in ("json", "not_allowed", "status_not_allowed"):
        assert f'name="code" value="{code}"' in text
    text = (await browser.get(f"{BASE}?code=json&q=sku-3&received_from=2026-01-01T00:00")).text
    assert id_of(letters[2]) in text
    assert id_of(letters[0]) not in text
    assert 'value="status_not_allowed"' not in text or 'value="json" checked' in text
    assert (await browser.get(f"{BASE}?code=nope")).status_code == 422
    assert "Nothing matches" in (await browser.get(f"{BASE}?q=nothing-has-this")).text


async def test_a_chip_counts_what_choosing_it_would_show(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("operator")
    of_state = re.compile(r'name="state" value="waiting".*?<b>(\d+)</b>')
    for query, states, codes in (("", 3, 3), ("?code=json", 1, 3), ("?state=waiting", 3, 3), ("?state=erased", 3, 0)):
        text = (await browser.get(f"{BASE}{query}")).text
        assert of_state.findall(text) == [str(states)], query
        assert len(re.findall(r'name="code" value="[a-z_]+".*?<b>1</b>', text)) == codes, query


async def test_nothing_chosen_is_not_everything(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("admin")
    listed = f"{BASE}?code=json"
    text = (await browser.get(listed)).text
    [chosen] = re.findall(
        r'<form id="selection" action="([^"]+)"><input type="hidden" name="(\w+)" value="true">', text
    )
    answer = await browser.get(f"{chosen[0]}?{chosen[1]}=true", headers={"Referer": f"http://conexoes.test{listed}"})
    assert answer.status_code == 422
    assert "nothing is marked: mark at least one" in answer.text
    assert f'href="{listed}"' in answer.text
    assert (await browser.get(f"{chosen[0]}?{chosen[1]}=true&id={id_of(letters[0])}")).status_code == 200


async def test_one_letter_is_shown_with_its_fault_marked(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("operator")
    text = (await browser.get(f"{BASE}/{id_of(letters[2])}")).text
    assert re.search(r"<mark title=[^>]+>[^<]+</mark>", text)
    assert "&lt;i&gt;" in text
    assert "<b>}" not in text
    assert "/w==" in text
    assert "SKU-3" in text
    text = (await browser.get(f"{BASE}/{id_of(letters[1])}")).text
    assert ">&#34;maybe&#34;</mark>" in text
    value = await browser.get(f"{BASE}/{id_of(letters[2])}/value")
    assert value.content == letters[2].value
    assert value.headers["content-disposition"].startswith("attachment")
    assert (await browser.get(f"{BASE}/{uuid.uuid4()}")).status_code == 404
    assert (await browser.get(f"{BASE}/export.jsonl")).text.count("\n") == 3


async def test_a_viewer_sees_no_bytes_and_may_do_nothing(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("viewer")
    for path in (BASE, f"{BASE}/{id_of(letters[2])}"):
        text = (await browser.get(path)).text
        assert "&lt;b&gt;" not in text
        assert "may not see what was sent" in html.unescape(text)
    assert (await browser.get(f"{BASE}/plan")).status_code == 403
    assert (await browser.get(f"{BASE}/{id_of(letters[2])}/value")).status_code == 403


async def test_the_chosen_ones_are_planned_and_redriven(
    visit: Visit, letters: list[DeadLetter], owner: asyncpg.Connection
) -> None:
    browser = await visit("operator")
    plan = f"{BASE}/plan?id={id_of(letters[0])}&id={id_of(letters[1])}"
    text = (await browser.get(plan)).text
    assert "<b>1</b> of 2 would become results" in text
    assert id_of(letters[1]) in text  # a sample of what would still be refused
    there = await send(browser, plan, f"{BASE}/redrive", reason="fixed", per_second="7")
    text = (await browser.get(there)).text
    assert "fixed" in text
    assert "at most 7 a second" in text
    assert text.count('<td class="num">') == 2
    row = await owner.fetchrow("SELECT * FROM redrives")
    assert row is not None
    assert (row["requested_by"], row["reason"], row["letters"]) == ("o", "fixed", 2)
    assert there in (await browser.get(f"{BASE}/redrives")).text
    for action, state in (("pause", "Paused"), ("resume", "Running"), ("cancel", "Cancelled")):
        assert await send(browser, there, f"{there}/{action}") == there
        assert f'role="status">{state}' in (await browser.get(there)).text
    token = await browser.form_token(BASE + "/plan")
    refused = await browser.post(f"{there}/pause", data={"form_token": token})
    assert refused.status_code == 409
    assert "its state is cancelled" in refused.text
    assert (await browser.post(f"{there}/stop", data={"form_token": token})).status_code == 404


async def test_all_that_match_are_redriven(visit: Visit, letters: list[DeadLetter], owner: asyncpg.Connection) -> None:
    browser = await visit("operator")
    await send(browser, f"{BASE}/plan?code=json", f"{BASE}/redrive")
    await send(browser, f"{BASE}/plan", f"{BASE}/redrive")
    rows = await owner.fetch("SELECT letters, request FROM redrives ORDER BY requested_at")
    assert [(row["letters"], json.loads(row["request"])) for row in rows] == [
        (1, {"filter": {"code": ["json"]}}),
        (2, {"filter": {}}),
    ]


async def test_an_edit_is_tried_then_kept(visit: Visit, letters: list[DeadLetter]) -> None:
    browser = await visit("operator")
    page = f"{BASE}/{id_of(letters[1])}"
    token = await browser.form_token(page)
    wrong = await browser.post(f"{page}/edit", data={"form_token": token, "value": "{", "act": "try"})
    assert "It would still be refused" in wrong.text
    right = letters[1].value.decode().replace("maybe", "error")
    tried = await browser.post(f"{page}/edit", data={"form_token": token, "value": right, "act": "try"})
    assert "It would become a result" in tried.text
    assert "Edit 1" not in tried.text
    assert await send(browser, page, f"{page}/edit", value=right, act="keep", reason="a slip") == f"{page}#edits"
    text = html.unescape((await browser.get(page)).text)
    assert "a slip" in text
    assert "+++ after" in text
    [form] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)
    assert form == right  # the next edit begins from the last
    await send(browser, f"{BASE}/plan?id={id_of(letters[1])}", f"{BASE}/redrive")
    late = await browser.post(f"{page}/edit", data={"form_token": token, "value": right, "act": "keep"})
    assert late.status_code == 409


@pytest.mark.parametrize("act", ["try", "keep"])
async def test_an_edit_that_names_another_account_is_refused_as_by_the_api(
    visit: Visit, writer: Database, act: str
) -> None:
    event = Event(None, json.dumps(whole(result(), type="x")).encode(), [("content-type", STRUCTURED.encode())])
    [letter] = await insert_refused(writer, [event])
    browser = await visit("operator")
    page = f"{BASE}/{id_of(letter)}"
    foreign = {"value": json.dumps(whole(result(account="globex"))), "act": act}
    refused = await browser.post(f"{page}/edit", data={"form_token": await browser.form_token(page), **foreign})
    assert (refused.status_code, "globex" in refused.text) == (403, True)  # what was written is kept in the form


NEVER_REDRIVEN = [(Topics().commands, OF_COMMANDS), (Topics().results("price", "gone"), OF_NO_CONNECTOR)]


@pytest.mark.parametrize(("topic", "reason"), NEVER_REDRIVEN)
async def test_a_letter_that_is_never_redriven_says_why(
    visit: Visit, letters: list[DeadLetter], owner: asyncpg.Connection, topic: str, reason: Reason
) -> None:
    """The letter of a reprocess command, or of a connector that is gone: no button, no form, the reason in the plan."""
    letter = id_of(letters[1])
    await owner.execute("UPDATE dead_letters SET topic = $1 WHERE id = $2", topic, uuid.UUID(letter))
    browser = await visit("operator")
    for language in LANGUAGES:
        browser.headers["Accept-Language"] = language
        why = say(reason, language)
        text = (await browser.get(f"{BASE}/{letter}")).text
        assert why in text
        assert f"{BASE}/plan?id={letter}" not in text
        assert f'action="{BASE}/{letter}/edit"' not in text
        for choice, is_disabled in (("", False), (f"?id={letter}", True)):
            plan = (await browser.get(f"{BASE}/plan{choice}")).text
            assert why in plan
            assert why not in plan[plan.index("<table") : plan.index("</table>")]  # a column of samples
            assert ('aria-describedby="none"' in plan) == is_disabled
        assert why not in (await browser.get(f"{BASE}/{id_of(letters[0])}")).text
    # Nor is an edit kept of a page that was open before.
    token = await browser.form_token(f"{BASE}/plan")
    for act in ("try", "keep"):
        late = await browser.post(f"{BASE}/{letter}/edit", data={"form_token": token, "value": "{}", "act": act})
        assert late.status_code == 409
        assert why in late.text
    assert await owner.fetchval("SELECT count(*) FROM dead_letter_edits") == 0


async def test_an_admin_erases_and_nobody_else(visit: Visit, letters: list[DeadLetter]) -> None:
    plan = f"{BASE}/plan?code=json"
    operator = await visit("operator")
    assert f"{BASE}/erase" not in (await operator.get(plan)).text
    fields = {"form_token": await operator.form_token(plan), "choice": '{"filter": {"code": ["json"]}}', "reason": "r"}
    assert (await operator.post(f"{BASE}/erase", data=fields)).status_code == 403
    browser = await visit("admin")
    there = await send(browser, plan, f"{BASE}/erase", reason="a person asked")
    assert there == f"{BASE}?state=erased"
    text = (await browser.get(there)).text
    assert id_of(letters[2]) in text
    assert "SKU-3" not in text
    assert "Its content was erased" in (await browser.get(f"{BASE}/{id_of(letters[2])}")).text


@pytest.mark.parametrize("choice", ["", "[", "[]", '{"ids": ["x"]}', '{"account": "globex", "filter": {}}', "{}"])
async def test_a_form_that_was_changed_is_refused(visit: Visit, letters: list[DeadLetter], choice: str) -> None:
    browser = await visit("admin")
    token = await browser.form_token(f"{BASE}/plan")
    for action in ("redrive", "erase"):
        answer = await browser.post(f"{BASE}/{action}", data={"form_token": token, "choice": choice, "reason": "r"})
        assert answer.status_code == 422, answer.text


async def test_a_log_leads_to_the_letters_that_it_came_of_and_they_lead_back(
    visit: Visit, letters: list[DeadLetter], store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(result("1", key="SKU-1"))
    log = await owner.fetchval("SELECT id FROM status_logs")
    browser = await visit("operator")
    page = f"/acme/price/logs/{log}"
    assert "dead letter first" not in (await browser.get(page)).text
    redrive = await send(browser, f"{BASE}/plan?id={id_of(letters[0])}", f"{BASE}/redrive")
    await owner.execute("UPDATE redrive_items SET state = 'stored', log_id = $1", log)
    assert f'href="{BASE}?log_id={log}"' in (await browser.get(page)).text
    listed = (await browser.get(f"{BASE}?log_id={log}")).text
    assert id_of(letters[0]) in listed
    assert id_of(letters[1]) not in listed
    for path in (redrive, f"{BASE}/{id_of(letters[0])}"):
        assert f'href="{page}"' in (await browser.get(path)).text
