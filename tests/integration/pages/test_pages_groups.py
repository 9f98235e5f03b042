"""The page of grouped errors: the same filter as the list, what people decide, what the playbook says."""

import json
import re
import string
from html import unescape

from fastapi import FastAPI

from schemas.playbook import Playbook
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.events import result
from tests.support.reprocess import Desk

PLAYBOOK = """
[[entry]]
code = "price.minimum"
who = "seller"
link = "https://example.com/help"
cause = {pt = "Causa", en = "The price is too low", es = "Causa"}
what_to_do = {pt = "Faça", en = "Raise it", es = "Haga"}
"""


async def decide(browser: Browser, fingerprint: str, **fields: str) -> tuple[int, str]:
    token = await browser.form_token("/acme/price/groups")
    answer = await browser.post(f"/acme/price/groups/{fingerprint}", data={"form_token": token, **fields})
    return answer.status_code, answer.headers.get("location", "")


async def the_group(browser: Browser) -> str:
    [found] = re.findall(r'id="group-([0-9a-f]{16})"', (await browser.get("/acme/price/groups?affiliate=MLB")).text)
    return str(found)


async def test_a_group_says_what_is_known_and_leads_to_its_logs(
    visit: Visit, store_events: Store, app: FastAPI
) -> None:
    app.state.playbook = lambda: Playbook.read(PLAYBOOK)
    await store_events(*account())
    browser = await visit("operator")
    fingerprint = await the_group(browser)
    page = (await browser.get("/acme/price/groups?affiliate=MLB")).text
    for words in (
        "price.minimum",
        '<b>3</b> <span class="g-word">entities</span>',
        "The price is too low",
        "Raise it",
        "The store must act:",
    ):
        assert words in page
    # A line of the list says what each of its figures is to who only hears it, and its time goes on by itself.
    summary = page.partition('<details class="group">')[2].partition("</summary>")[0]
    assert re.findall(r'<span class="hidden">([^<]+): </span>', summary) == [
        "Affiliate",
        "24 h / day before",
        "Last seen",
        "Fixed",
        "Whose turn",
        "Decision",
    ]
    assert re.search(r'<time datetime="[^"]+" title="[^"]+"><span class="relative">[^<]+</span></time>', summary)
    assert f'href="/acme/price?affiliate=MLB&amp;fingerprint={fingerprint}"' in page
    assert f'href="/acme/price/reprocess?affiliate=MLB&amp;fingerprint={fingerprint}"' in page
    assert "Faça" in (await browser.get("/acme/price/groups?lang=pt")).text
    assert 'href="/acme/price/groups?status=error"' in (await browser.get("/acme/price?status=error")).text
    assert "Reprocess this group" not in (await browser.get("/acme/orders/groups")).text


async def test_deciding_is_kept_with_its_note_and_the_filter_stays(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    fingerprint = await the_group(browser)
    where = f"/acme/price/groups?status=error#group-{fingerprint}"
    asked = {"state": "acknowledged", "note": "being mended", "query": "?status=error"}
    assert await decide(browser, fingerprint, **asked) == (303, where)
    page = (await browser.get(where)).text
    assert '<span class="tag">Acknowledged</span>' in page
    assert "being mended" in page
    await store_events(result("again", key="SKU-9"))
    assert "It has failed again since" in (await browser.get("/acme/price/groups")).text
    assert (await decide(browser, fingerprint, state="ignored"))[0] == 303
    assert '<span class="tag">Ignored</span>' in (await browser.get("/acme/price/groups")).text


async def test_a_plan_says_how_many_are_in_ignored_groups_and_offers_them(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    await decide(browser, await the_group(browser), state="ignored")
    # The other group, of AMZ, is to be corrected first; who names its code means it, but not what is ignored.
    for named, left_out in (("status=error", 5), ("status=error&code=price.minimum", 3)):
        page = (await browser.get(f"/acme/price/reprocess?{named}")).text
        assert f"{left_out} entities are in groups that are not ticked, and are left out." in page
        assert "This group is ignored" in page
    assert "<b>2</b> of 2 will be sent" in page
    assert "de fora" in (await browser.get("/acme/price/reprocess?status=error&lang=pt")).text
    everything = (await browser.get("/acme/price/reprocess?status=error&chosen=true")).text
    assert "<b>5</b> of 5 will be sent" in everything
    # The ticks say all: the command takes what is ignored, too, though nobody else's of this filter does.
    [asked] = re.findall(r'name="filter" value="([^"]*)"', everything)
    assert json.loads(unescape(asked)) == {"status": ["error"], "ignored": True}
    assert "are left out" not in everything  # what succeeds before a command begins is left out anyway


async def test_a_command_says_how_many_ignored_groups_it_left_out_and_lists_what_it_took(
    visit: Visit, store_events: Store, desk: Desk
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    fingerprint = await the_group(browser)
    await desk.by_filter("before")
    await decide(browser, fingerprint, state="ignored")
    await desk.by_filter("c1")
    page = unescape((await browser.get("/acme/reprocess/c1")).text)
    assert "<dt>Ignored groups, left out</dt><dd>1</dd>" in page
    [listed] = re.findall(r'<a href="(/acme/price[^"]+)">Show as a list</a>', page)
    assert listed == f"/acme/price?status=error&exclude_fingerprint={fingerprint}"
    assert "Ignored groups" not in (await browser.get("/acme/reprocess/before")).text


async def test_a_row_shows_each_error_gravest_first_and_leads_to_its_group_and_to_all_others(
    visit: Visit, store_events: Store
) -> None:
    listed = [
        {"code": "title.long", "message": "The title is long", "severity": "warning", "category": "TITLE"},
        {"code": "brand", "message": "The brand is wanted", "severity": "error", "category": "BRAND"},
    ]
    await store_events(result("e1", key="SKU-1", errors=listed), result("e2", key="SKU-2", errors=listed[:1]))
    browser = await visit("operator")
    page = (await browser.get("/acme/price")).text
    assert "+1 error<" in page
    row = re.findall(r'href="(/acme/price/logs/[0-9a-f-]+)"', (await browser.get("/acme/price?code=brand")).text)[0]
    detail = (await browser.get(row)).text
    assert detail.index("The brand is wanted") < detail.index("The title is long")
    for words in ("Severity <bdi>warning</bdi>", "Severity <bdi>error</bdi>", "/acme/price?category=TITLE"):
        assert words in detail, words
    wanted = [
        re.findall(rf'href="(/acme/price\?{name}=[0-9a-f]{{16}})"', detail)
        for name in ("fingerprint", "exclude_fingerprint")
    ]
    keys = [[sorted(set(re.findall("SKU-[12]", (await browser.get(link)).text))) for link in links] for links in wanted]
    assert keys == [[["SKU-1"], ["SKU-1", "SKU-2"]], [["SKU-2"], []]]


async def test_all_but_a_group_is_a_link_that_keeps_the_filter(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    fingerprint = await the_group(browser)
    page = (await browser.get("/acme/price/groups?status=error&affiliate=MLB")).text
    asked = f"?status=error&affiliate=MLB&exclude_fingerprint={fingerprint}"
    assert {f"/acme/price{asked}", f"/acme/price/groups{asked}"} <= set(re.findall('href="([^"]+)"', unescape(page)))
    for where in ("/acme/price", "/acme/price/groups"):
        others = (await browser.get(where + asked)).text
        assert "All but group of errors" in others
        assert f'id="group-{fingerprint}"' not in others


async def test_the_box_of_a_line_is_of_all_its_affiliates_and_each_has_its_own(
    visit: Visit, store_events: Store
) -> None:
    """Marks as a browser without scripts sends them: all but these, these, and all but these in a plan."""
    table = [{"code": "price.table", "message": "The table is wrong"}]
    await store_events(
        *(result(f"t{name}", key=f"TABLE-{name}", affiliate=name, errors=table) for name in ("MLB", "AMZ", "VTEX")),
        result("other", key="OTHER", errors=[{"code": "other", "message": "Other"}]),
    )
    browser = await visit("operator")
    page = (await browser.get("/acme/price/groups?status=error")).text
    boxes = re.findall(r'form="all-but" name="exclude_fingerprint" value="([^"]+)"', page)
    [line] = [each for each in boxes if " " in each]
    parts = line.split()
    assert len(parts) == 3
    assert [each for each in boxes if each in parts] == parts
    assert len(boxes) == 5  # of the other line too

    def marks(*values: str) -> dict[str, str | list[str]]:
        return {"status": "error", "exclude_fingerprint": list(values)}

    # With scripts the parts are sent beside their line.
    for sent in (marks(line), marks(line, *parts), marks(*parts)):
        listed = (await browser.get("/acme/price", params=sent)).text
        assert ("OTHER" in listed, "TABLE-" in listed) == (True, False)
        answer = await browser.get("/acme/price/reprocess", params={**sent, "besides": ""})
        asked = "".join(f"&fingerprint={each}" for each in parts)
        assert answer.headers["location"] == f"/acme/price/reprocess?status=error{asked}"
        assert "Send 3" in (await browser.get(answer.headers["location"])).text
        assert "Send 1" in (await browser.get("/acme/price/reprocess", params={**sent, "chosen": "true"})).text
    one = await browser.get("/acme/price/reprocess", params={**marks(parts[0]), "besides": ""})
    assert one.headers["location"] == f"/acme/price/reprocess?status=error&fingerprint={parts[0]}"


async def test_what_is_no_decision_is_refused(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    fingerprint = await the_group(browser)
    assert (await decide(browser, fingerprint, state="gone"))[0] == 422
    assert (await decide(browser, "0" * 16, state="ignored"))[0] == 404
    assert (await decide(browser, "nothing", state="ignored"))[0] == 404
    viewer = await visit("viewer")
    assert (await decide(viewer, fingerprint, state="ignored"))[0] == 403
    assert 'class="decide' not in (await viewer.get("/acme/price/groups")).text


async def test_groups_come_page_by_page(visit: Visit, store_events: Store) -> None:
    errors = [f"fault.{each}" for each in string.ascii_lowercase + string.ascii_uppercase][:30]
    await store_events(
        *(
            result(f"g{n}", key=f"SKU-{n}", message=each, errors=[{"code": each, "message": each}])
            for n, each in enumerate(errors)
        )
    )
    browser = await visit("viewer")
    first = (await browser.get("/acme/price/groups")).text
    [following] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = (await browser.get(following.replace("&amp;", "&"))).text
    found = [re.findall(r'id="group-([0-9a-f]{16})"', each) for each in (first, second)]
    assert [len(each) for each in found] == [25, 5]
    assert len({*found[0], *found[1]}) == 30
