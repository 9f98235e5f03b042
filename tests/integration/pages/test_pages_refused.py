"""A form that is refused is shown again on its page, as it was filled in, with why; also when it is refused again."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.forms import ShownForm


class Case(NamedTuple):
    page: str
    action: str
    typed: dict[str, Any]  # over what the form has
    said: str
    faulty: str | None  # control in focus; None: the notice
    about: tuple[str, str] | None = None


ADDRESS = "This refused address is a secret"
CASES = {
    "a channel": Case(
        "/acme/notifications?state=sent",
        "/acme/notifications/channels",
        {"name": "Ops & <b>", "kind": "email", "address": ADDRESS, "language": "es", "time_zone": "America/Bogota"},
        "Address must be an e-mail address",
        "address",
    ),
    "a rule": Case(
        "/acme/notifications",
        "/acme/notifications/rules",
        {"name": "Nights", "begin": "22:00", "end": "x", "affiliates": ["MLB"], "days": ["1", "7"], "enabled": None},
        "Hours in which it tells: to",
        "end",
    ),
    "a window": Case(
        "/acme/notifications",
        "/acme/notifications/windows",
        {"begins_at": "2026-11-24T13:00", "ends_at": "2026-11-24T12:00", "integration_types": "price", "reason": "x"},
        "Begins must be before Ends",
        "ends_at",
    ),
    "a pause": Case(
        "/acme/affiliates",
        "/acme/affiliates/pause",
        {"integration_type": "price", "ends": "at", "until": "2020-01-01T00:00", "reason": "campaign"},
        "this time is over",
        "until",
        ("affiliate", "MLB"),
    ),
    "a pause of nothing": Case(
        "/acme/affiliates",
        "/acme/affiliates/pause",
        {"integration_type": None, "reason": "campaign"},
        "Which types is missing",
        "integration_type",
        ("affiliate", "MLB"),
    ),
    "a rule of retries": Case(
        "/acme/affiliates",
        "/acme/affiliates/automatic-rule",
        {"integration_type": "price", "unknown": "true", "tries": "0", "reason": "nights"},
        "Tries must be at least 1",
        "tries",
    ),
    "an entry of the playbook": Case(
        "/acme/playbook/entry?text=E1",
        "/acme/playbook/entries",
        {"cause_en": "a\nb", "what_to_do_en": "c", "cause_pt": "d", "link": "javascript:x"},
        "Link to more",
        "link",
    ),
    "a key": Case(
        "/acme/people",
        "/acme/people",
        {"name": "c", "role": "connector", "affiliates": "MLB"},
        "A connector needs the source",
        None,
    ),
}


def filled(form: ShownForm, typed: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a form sends once some of it is changed: a list for boxes, None for what is not ticked."""
    sent = [(name, value) for name, value in form.fields if name not in typed]
    for name, values in typed.items():
        sent += [(name, each) for each in ([] if values is None else [values] if isinstance(values, str) else values)]
    return sent


async def send(browser: Browser, case: Case, fields: list[tuple[str, str]], referer: str) -> str:
    answer = await browser.post(
        case.action,
        content=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": referer},
    )
    assert answer.status_code == 422, answer.text
    return answer.text


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_was_typed_is_kept(visit: Visit, store_events: Store, case: Case) -> None:
    await store_events(*account())
    browser = await visit("admin")
    channel = {"name": "C", "kind": "webhook", "address": "https://store.example/", "language": "en"}
    token = await browser.form_token("/acme/notifications")
    made = {"form_token": token, "time_zone": "UTC", **channel}
    assert (await browser.post("/acme/notifications/channels", data=made)).status_code == 200
    shown = ShownForm((await browser.get(case.page)).text, case.action, case.about)
    sent = filled(shown, case.typed)
    referer = f"http://conexoes.test{case.page}"
    for _ in range(2):
        text = await send(browser, case, sent, referer)
        form = ShownForm(text, case.action, case.about)
        kept = [(name, "" if value == ADDRESS else value) for name, value in sent]
        own = ("form_page", case.page)
        assert sorted(form.fields) == sorted([own, *(each for each in kept if each != own)])
        assert ADDRESS not in text
        assert case.said in text.partition('id="refused"')[2].partition("</div>")[0]
        focused = [name for name, tag in form.tags.items() if "autofocus" in tag]
        assert focused == [case.faulty or "refused"]
        # It is refused again, now from an address that only forms are sent to.
        sent, referer = (
            filled(form, {"address": ADDRESS} if "address" in case.typed else {}),
            f"http://conexoes.test{case.action}",
        )
