"""The ledger page: all of a command, while it goes on and when it is over."""

import csv
import json
import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from admin.pages import ledger
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.reprocess import MAX_LOG_IDS
from schemas.shown.command import ReprocessItem
from storage.reprocess.reader import get_command
from storage.reprocess.writer import cancel
from storage.settings import StorageSettings
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import at, result
from tests.support.reprocess import Desk

POLLS = 'hx-trigger="every 2s,'


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    one = Desk(database_url, storage_settings, Policy(), chunk=7)
    yield one
    await one.close()


async def test_a_command_by_filter_with_steps_is_shown_whole(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(30))
    wanted = {"status": ["error"], "affiliate": ["MLB"]}
    await desk.by_filter("c1", filter=wanted, reason="because", pace={"steps": [1, 10], "fixed_share": 0.5})
    browser = await visit("operator")
    page = (await browser.get("/acme/reprocess/c1")).text
    for words in (
        "because",
        "In steps: 1, 10, the rest",
        "50%",
        "1 of 3",
        "As of",
        "status=error&amp;affiliate=MLB",
    ):
        assert words in page
    await desk.answer(*await desk.send(), status="error")
    await desk.judge()
    stopped = (await browser.get("/acme/reprocess/c1")).text
    assert "Stopped after step 1: 0 of 1 fixed (0%), less than 50%" in stopped
    assert '<bdi class="code">price.minimum</bdi>' in stopped
    assert '<span class="tag big" role="status">Stopped by itself</span>' in stopped
    assert ">Stopped by itself</span>" in (await browser.get("/acme/reprocess")).text
    browser.headers["Accept-Language"] = "pt-BR"
    in_portuguese = (await browser.get("/acme/reprocess/c1")).text
    assert "Parou após a etapa 1: 0 de 1 corrigidos (0%), menos de 50%" in in_portuguese


@pytest.mark.parametrize(("answer", "said"), [("warning", True), ("success", False)])
async def test_what_is_fixed_by_a_warning_is_said_to_be(visit: Visit, desk: Desk, answer: str, said: bool) -> None:  # noqa: FBT001
    await desk.fail(range(1))
    await desk.by_filter("c1")
    await desk.answer(*await desk.send(), status=answer)
    page = (await (await visit("viewer")).get("/acme/reprocess/c1")).text
    assert '<span class="state fixed">' in page
    assert ("less bad than before: counts as fixed" in page) == said
    assert "<dt>Filter</dt>" in page
    browser = await visit("viewer")
    assert "<dt>Filtro</dt>" in (await browser.get("/acme/reprocess/c1?lang=pt")).text


async def test_the_bar_is_of_all_that_the_filter_matched(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(28))
    await desk.command("c1", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    while True:
        command = await get_command(desk.reader, "acme", "c1")
        assert command is not None
        if command.total:
            break
        assert await desk.make_once()
    assert (command.total, command.selected) == (7, 28)
    page = (await (await visit("viewer")).get("/acme/reprocess/c1")).text
    assert "7 of 28 that the filter matched are in it so far." in page
    assert re.search(r'class="part queued" x="0[.0]*" width="25\.0"', page)


async def test_a_cancelled_command_is_followed_while_answers_are_awaited(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c1")
    sent = await desk.send(room=1)
    browser = await visit("operator")
    token = await browser.form_token("/acme/reprocess/c1")
    answer = await browser.post("/acme/reprocess/c1/cancel", data={"form_token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/acme/reprocess/c1")
    await desk.let_go()
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "<bdi>Cancelled by o.</bdi>" in page
    assert POLLS in page
    await desk.answer(*sent)
    assert POLLS not in (await browser.get("/acme/reprocess/c1")).text


async def test_cancelling_what_is_done_says_that_it_is(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c1")
    await desk.answer(*await desk.send())
    browser = await visit("operator")
    token = await browser.form_token("/acme/price")
    answer = await browser.post("/acme/reprocess/c1/cancel", data={"form_token": token})
    assert answer.status_code == 409
    assert "There is nothing left to cancel" in answer.text
    assert '<span class="tag big" role="status">Done</span>' in answer.text


async def test_what_it_joined_and_what_came_since_is_shown(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(4))
    await desk.by_filter("c1")
    await desk.by_filter("c2")
    page = (await (await visit("viewer")).get("/acme/reprocess/c2")).text
    joined = page[page.index("Covered by earlier reprocesses") :]
    assert re.search(r"Queued</span> <b>4</b>", joined)


async def test_a_page_of_items_stays_while_it_is_read_anew(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(101))
    await desk.by_filter("c1")
    browser = await visit("viewer")
    polled = re.compile(r'<div id="view" hx-get="([^"]*)"')
    first = (await browser.get("/acme/reprocess/c1?state=queued")).text
    assert polled.findall(first) == ["/acme/reprocess/c1?state=queued&amp;"]
    [following] = re.findall(r'rel="next" href="([^"]+)"', (await browser.get("/acme/reprocess/c1")).text)
    second = (await browser.get(unescape(following))).text
    [again] = polled.findall(second)
    rows = re.compile(r'<tr id="item-([0-9a-f-]+)"')
    assert rows.findall((await browser.get(unescape(again))).text) == rows.findall(second) != []


async def test_the_items_are_a_file_too_for_whom_may_export(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(30))
    await desk.by_filter("c1")
    browser = await visit("operator")
    assert 'href="/acme/reprocess/c1/items.csv"' in (await browser.get("/acme/reprocess/c1")).text
    answer = await browser.get("/acme/reprocess/c1/items.csv")
    assert "attachment" in answer.headers["content-disposition"]
    heading, *rows = _rows(answer.text)
    assert {row[heading.index("Key")] for row in rows} == {f"SKU-{n}" for n in range(30)}
    assert len(_rows((await browser.get("/acme/reprocess/c1/items.csv?state=sent")).text)) == 1
    assert (await browser.get("/acme/reprocess/none/items.csv")).status_code == 404
    viewer = await visit("viewer")
    assert "items.csv" not in (await viewer.get("/acme/reprocess/c1")).text
    refused = await viewer.get("/acme/reprocess/c1/items.csv")
    assert refused.status_code == 403
    assert "Your key does not allow exporting" in refused.text
    assert "read-only" not in refused.text


@pytest.mark.parametrize(
    ("language", "heading", "said"),
    [
        ("pt-BR", "Resultado", ("Alerta", "Já teve sucesso", "O último resultado é um sucesso.")),
        ("es", "Resultado", ("Alerta", "Ya tuvo éxito", "El último resultado es un éxito.")),
        ("en", "Outcome", ("Warning", "Succeeded already", "The last result is a success.")),
    ],
)
async def test_a_file_of_items_speaks_the_readers_language(
    visit: Visit, desk: Desk, language: str, heading: str, said: tuple[str, ...]
) -> None:
    """JSON Lines have the words of the API, in every language."""
    await desk.store(result("ok", key="OK", status="success", errors=None), result("w", key="W", status="warning"))
    await desk.by_filter("c1", filter={"all": True})
    browser = await visit("operator")
    browser.headers["accept-language"] = language
    headings, *rows = _rows((await browser.get("/acme/reprocess/c1/items.csv")).text)
    assert heading in headings
    assert len(headings) == len(ReprocessItem.model_fields)
    assert set(said) <= {cell for row in rows for cell in row}
    lines = (await browser.get("/acme/reprocess/c1/items.jsonl")).text.splitlines()
    assert "already_succeeded" in {json.loads(each)["state"] for each in lines}


def _rows(text: str) -> list[list[str]]:
    text = text.removeprefix("\ufeff")
    return list(csv.reader(text.splitlines(), delimiter=";" if ";" in text.splitlines()[0] else ","))


async def test_a_command_that_is_over_offers_the_rest_and_what_still_fails(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(30))
    await desk.by_filter("c1", pace={"steps": [5]})
    browser = await visit("operator")
    assert "/again?what=" not in (await browser.get("/acme/reprocess/c1")).text
    for what in ("rest", "failing"):  # there is none yet
        answer = await browser.get(f"/acme/reprocess/c1/again?what={what}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/acme/reprocess/c1")
    await desk.answer(*await desk.send(), status="error")
    await desk.judge()
    while await desk.let_go():
        pass
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "Send the rest: 25" in page
    assert "Send those still failing: 5" in page
    assert re.findall(r'<tr id="item-.*?class="state (\w+)"', page, flags=re.DOTALL) == [
        *("same_error",) * 5,
        *("cancelled",) * 25,
    ]
    healed = next(each for each in await desk.items("c1") if each.state == "cancelled")
    await desk.store(result("healed", key=healed.key or "", status="success", processed_at=at(90)))
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "Continue in steps: 24" in page
    assert "Send the rest: 24" in page
    in_steps = await planned_again(browser, "continue", "rest_of=c1&mode=refresh&release=steps")
    assert re.findall(r'name="release" value="(\w+)" checked', in_steps) == ["steps"]
    rest = await planned_again(browser, "rest", "rest_of=c1&mode=refresh&release=all")
    assert re.findall(r'name="release" value="(\w+)" checked', rest) == ["all"]
    assert "<b>24</b> of 25 will be sent" in rest
    assert "Send 24" in rest
    assert "Succeeded already" in rest
    failing = await planned_again(browser, "failing", "failing_of=c1&mode=refresh")
    assert "<b>5</b> of 5 will be sent" in failing
    assert "Still failing, of command: <bdi>c1</bdi>" in failing
    assert (await browser.get("/acme/reprocess/c1/again?what=all")).status_code == 422
    assert (await browser.get("/acme/reprocess/other/again?what=rest")).status_code == 404
    viewer = await visit("viewer")
    assert (await viewer.get("/acme/reprocess/c1/again?what=rest")).status_code == 403
    assert "/again?what=" not in (await viewer.get("/acme/reprocess/c1")).text


async def planned_again(browser: Browser, what: str, query: str) -> str:
    """Return the plan that a link of the command leads to."""
    answer = await browser.get(f"/acme/reprocess/c1/again?what={what}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/acme/price/reprocess?{query}")
    return (await browser.get(answer.headers["location"])).text


async def test_a_rest_of_more_logs_than_a_command_may_name_is_all_of_them_and_no_others(
    visit: Visit, desk: Desk
) -> None:
    await desk.fail(range(MAX_LOG_IDS + 1))
    await desk.by_filter("c1", filter={"status": ["error"], "affiliate": ["MLB"]}, mode="replay")
    await stop(desk)
    while await desk.let_go():
        pass
    # Its own filter matches these too, and a filter of cancelled items those.
    await desk.fail(range(2000, 2003))
    await desk.by_filter("c2", filter={"q": "SKU-2000"})
    await stop(desk, "c2")
    assert await desk.let_go() == 1
    browser = await visit("operator")
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "Send the rest: 1,001" in page
    pages = [page]
    while following := re.findall(r'rel="next" href="([^"]+)"', pages[-1]):
        pages.append((await browser.get(unescape(following[0]))).text)
    assert len({each for page in pages for each in re.findall(r'<tr id="item-([0-9a-f-]+)"', page)}) == 1001
    plan = await planned_again(browser, "rest", "rest_of=c1&mode=replay&release=all")
    assert "<b>1,001</b> of 1,001 will be sent" in plan
    assert re.search(r'value="replay" checked', plan)
    [asked] = re.findall(r'name="filter" value="([^"]*)"', plan)
    assert json.loads(unescape(asked)) == {"rest_of": "c1", "ignored": True}
    listed = (await browser.get("/acme/price?rest_of=c1")).text
    assert "Rest of command:" in listed


async def stop(desk: Desk, command_id: str = "c1") -> None:
    async with desk.writer.transaction() as connection:
        assert await cancel(connection, "acme", command_id, requested_by="maria", note=own_words("enough"))


async def test_outcomes_that_are_many_have_one_link_that_says_how_many_there_are_at_most(
    visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "COUNTED", 5)
    await desk.fail(range(9))
    await desk.by_filter("c1", filter={"status": ["error"], "affiliate": ["MLB"]})
    sent = await desk.send()
    await desk.answer(*sent[:7], status="error")
    await desk.answer(*sent[7:], status="error", errors=[{"code": "other", "message": "another error"}])
    await desk.store(result("healed", key=sent[0].key, status="success", processed_at=at(90)))
    browser = await visit("operator")
    page = (await browser.get("/acme/reprocess/c1")).text
    assert re.findall(r"/again\?what=(\w+)", page) == ["failing"]
    assert "Send those still failing: up to 9" in page
    assert "<b>8</b> of 8 will be sent" in await planned_again(browser, "failing", "failing_of=c1&mode=refresh")


async def test_the_rest_of_a_command_that_was_stopped_while_it_chose_is_offered_when_all_of_it_is_known(
    visit: Visit, desk: Desk
) -> None:
    await desk.fail(range(28))
    await desk.command("c1", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    for _ in range(2):
        assert await desk.make_once()
    sent = await desk.send(3)
    browser = await visit("operator")
    token = await browser.form_token("/acme/reprocess/c1")
    await browser.post("/acme/reprocess/c1/cancel", data={"form_token": token})
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "It sends nothing more. What it chose is still being recorded, 7 of 28 so far" in page
    assert "/again?what=" not in page
    assert POLLS in page
    assert "still being recorded" not in (await browser.get("/acme/reprocess/c1?lang=pt")).text
    await desk.answer(*sent)
    await desk.make()
    while await desk.let_go():
        pass
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "still being recorded" not in page
    assert POLLS not in page
    assert "Send the rest: 25" in page
    assert "<b>25</b> of 25 will be sent" in await planned_again(browser, "rest", "rest_of=c1&mode=refresh&release=all")


async def test_a_command_that_is_done_has_decided_about_all(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(2))
    await desk.by_filter("c0", filter={"q": "SKU-0"})
    await desk.by_filter("c1")
    await desk.answer(*await desk.send())
    assert (await desk.ledger("c1")).items == {"in_flight": 1, "fixed": 1}
    assert "/again?what=" not in (await (await visit("operator")).get("/acme/reprocess/c1")).text


async def test_what_was_before_is_said_and_so_is_the_mode_that_was_asked_for(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c1", mode="replay")
    browser = await visit("viewer")
    page = (await browser.get("/acme/reprocess/c1")).text
    how = re.findall(r"<dt>How</dt><dd>(.*?)</dd>", page)
    assert [re.sub("<[^>]+>", "", each).strip() for each in how] == ["asked for: Send the same again"]
    await desk.fail(range(1), processed_at=at(30), errors=[{"code": "since", "message": "it changed"}])
    [item] = await desk.claim()
    await desk.mark([item._replace(mode="refresh")])
    page = (await browser.get("/acme/reprocess/c1")).text
    assert "is what each showed when its retry left" in page
    [before] = re.findall(r'data-label="Before">(.*?)</td>', page)
    assert "since" in before
    assert "Read the source again" in re.findall(r"<dt>How</dt><dd>(.*?)</dd>", page)[0]


async def test_items_say_when_they_are_tried_again_and_what_changed(visit: Visit, desk: Desk) -> None:
    two = [{"code": "a", "message": "first"}, {"code": "b", "message": "second"}]
    await desk.fail(range(2), errors=two)
    await desk.by_filter("c1", mode="replay")
    busy, other = await desk.send()
    await desk.answer(busy, status="error", errors=[{"code": "QuotaExceeded", "message": "later"}])
    await desk.answer(other, status="error", errors=[two[1], {"code": "c", "message": "third"}])
    page = (await (await visit("viewer")).get("/acme/reprocess/c1")).text
    assert "Marketplace busy" in page
    assert "tried again from" in page
    assert "1 went, 1 stayed, 1 came" in page
    assert "Send the same again" in page


async def test_an_outcome_of_before_is_not_shown_as_that_of_a_newer_error(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c1")
    [item] = await desk.send()
    browser = await visit("operator")
    await desk.answer(item, seconds=60)
    assert '<span class="state fixed">' in (await browser.get("/acme/price")).text
    await desk.fail(range(1), processed_at=at(120))
    [log_id] = re.findall(r'data-id="([0-9a-f-]{36})"', (await browser.get("/acme/price")).text)
    for path in ("/acme/price", f"/acme/price/logs/{log_id}"):
        page = (await browser.get(path)).text
        assert '<span class="state past">before: ' in page
        assert '<span class="state fixed">' not in page.partition('class="timeline')[0]
    assert "antes: " in (await browser.get("/acme/price?lang=pt")).text
    await desk.by_filter("c2")
    assert '<span class="state queued">' in (await browser.get("/acme/price")).text
