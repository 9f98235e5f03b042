"""Try an event: the page says of each pasted event what the door would, in the reader's language, and sends nothing."""

import json
import re

import pytest

from admin.body import MAX_BODY_BYTES
from schemas.envelope import MAX_BATCH_EVENTS
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import data, result, whole

PATH = "/acme/check"


async def check(browser: Browser, text: str, of_type: str = "", **headers: str) -> str:
    token = await browser.form_token(PATH)
    fields = {"form_token": token, "text": text, "type": of_type}
    answer = await browser.post(PATH, data=fields, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("who", ["viewer", "operator", "admin"])
async def test_what_would_become_of_each_event(visit: Visit, who: str) -> None:
    browser = await visit(who)
    batch = [whole(result("a")), whole(result("b", status="parked", key="<b>bold</b>")), {}]
    page = await check(browser, json.dumps(batch))
    assert "1 of 3 would be stored" in page
    assert "SKU-1" in page
    assert "data.status must be one of success, warning, error for price" in page
    assert page.count("Refused") == 2
    assert "<b>bold</b>" not in page
    assert json.loads(_pasted(page)) == batch


def _pasted(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return found[1].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("pt", "data.status deve ser um de"), ("en", "data.status must be one of"), ("es", "data.status debe ser uno de")],
)
async def test_reasons_are_in_the_reader_s_language(visit: Visit, language: str, sentence: str) -> None:
    browser = await visit("viewer")
    text = json.dumps(whole(result(status="parked")))
    assert sentence in await check(browser, text, **{"Accept-Language": language})


async def test_a_position_is_that_of_the_text_as_it_was_pasted(visit: Visit) -> None:
    """Browsers send line ends of two characters, whatever was pasted."""
    browser = await visit("viewer")
    text = '{\n"specversion": "1.0",\n"id": }'
    position = re.compile(r"character (\d+) is")
    found = [position.findall(await check(browser, each)) for each in (text, text.replace("\n", "\r\n"))]
    assert found[0] == found[1] == [str(text.index("}"))]


async def test_data_alone_is_of_the_type_that_is_chosen(visit: Visit) -> None:
    browser = await visit("viewer")
    assert "1 of 1 would be stored" in await check(browser, json.dumps(data()), "price")
    assert "1 of 1 would be stored" not in await check(browser, json.dumps(data()))
    assert "1 of 1 would be stored" not in await check(browser, json.dumps(data()), "no-such-type")


@pytest.mark.parametrize("text", ["", " \n ", "[]", "\x00", "{", "é" * 100, "1\n" * 2 * MAX_BATCH_EVENTS])
async def test_whatever_is_pasted_has_an_answer(visit: Visit, text: str) -> None:
    page = await check(await visit("viewer"), text)
    assert page.count("<tr>") <= MAX_BATCH_EVENTS + 1


async def test_too_much_is_a_page_that_says_so(visit: Visit) -> None:
    browser = await visit("viewer")
    fields = {"form_token": await browser.form_token(PATH), "text": "x" * MAX_BODY_BYTES}
    assert (await browser.post(PATH, data=fields)).status_code == 413


async def test_it_is_linked_where_it_is_looked_for(visit: Visit) -> None:
    browser = await visit("viewer")
    assert f'href="{PATH}"' in (await browser.get("/acme/dead-letters")).text
