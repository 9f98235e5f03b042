"""Reasons from the database to the reader: in whose language, reworded, and as a newer version wrote them."""

import json
from html import unescape
from typing import Any

import asyncpg
import pytest

from schemas.catalogue import LANGUAGES
from schemas.dead_letter import DeadLetter
from schemas.reasons import say as saying
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, each_of
from schemas.reasons.say import TEMPLATES, say
from schemas.refusal import DeadLetterCode, Refusal
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from tests.integration.api.conftest import Caller
from tests.integration.pages.conftest import Visit
from tests.support.reasons import MADE
from tests.support.stored import sentences, texts

API = "/api/v1/accounts/acme/dead-letters"
NO_BYTES = Reason(ReasonCode.NO_BYTES)


async def store(writer: Database, *reasons: Reason) -> None:
    letters = [
        DeadLetter("acme", Refusal(DeadLetterCode.SCHEMA, reason), "results", 0, offset, 0, None, (), b"{")
        for offset, reason in enumerate(reasons)
    ]
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, letters)


async def test_every_reason_is_kept_without_its_sentence_and_read_in_each_language(
    visit: Visit, operator: Caller, writer: Database, owner: asyncpg.Connection
) -> None:
    reasons = [make() for make in MADE.values()]
    await store(writer, *reasons)
    assert sentences(await texts(owner)) == {}
    by_offset: dict[int, Any] = {}
    token: str | None = ""
    while token is not None:
        asked = {"page_size": "200"} | ({"page_token": token} if token else {})
        answer = (await operator.get(API, params=asked)).json()
        by_offset |= {each["offset"]: each for each in answer["items"]}
        token = answer["next_page_token"]
    for offset, reason in enumerate(reasons):
        assert by_offset[offset]["reason"] == say(reason, "en")
        assert by_offset[offset]["reason_code"] == reason.code
        assert by_offset[offset]["reason_parameters"] == reason.document()["parameters"]
    browser = await visit("viewer")
    for language in LANGUAGES:
        address: str | None = f"/acme/dead-letters?lang={language}"
        pages = ""
        while address:
            page = (await browser.get(address)).text
            pages += unescape(page)
            _, more, rest = page.partition('rel="next" href="')
            href = unescape(rest.partition('"')[0])
            address = f"{href}&lang={language}" if more else None
        for reason in reasons:
            for each in each_of(reason):  # the page has each fault of an event on a line of its own
                assert say(each, language) in pages


async def test_rewording_a_sentence_changes_what_was_stored_before(
    visit: Visit, operator: Caller, writer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(writer, NO_BYTES)
    [before] = (await operator.get(API)).json()["items"]
    assert before["reason"] == "the value has no bytes"
    reworded = {"pt": "veio vazio", "en": "it came empty", "es": "llegó vacío"}
    monkeypatch.setattr(saying, "TEMPLATES", {**TEMPLATES, ReasonCode.NO_BYTES: reworded})
    [after] = (await operator.get(API)).json()["items"]
    assert (after["reason"], after["reason_code"]) == ("it came empty", before["reason_code"])
    browser = await visit("viewer")
    assert "veio vazio" in (await browser.get("/acme/dead-letters?lang=pt")).text
    assert "llegó vacío" in (await browser.get("/acme/dead-letters?lang=es")).text


async def test_a_code_of_a_newer_version_is_shown_as_it_is(visit: Visit, operator: Caller, writer: Database) -> None:
    await store(writer, Reason("of_tomorrow", field="data.x", limit=7))
    [letter] = (await operator.get(API)).json()["items"]
    assert letter["reason"] == "of_tomorrow (field=data.x, limit=7)"
    assert (letter["reason_code"], letter["reason_parameters"]) == ("of_tomorrow", {"field": "data.x", "limit": 7})
    assert letter["reason"] in (await (await visit("viewer")).get("/acme/dead-letters?lang=pt")).text


async def test_a_sentence_can_not_be_stored(owner: asyncpg.Connection, writer: Database) -> None:
    await store(writer, NO_BYTES)
    for kept in ('"the value has no bytes"', json.dumps({"reason": "the value has no bytes"})):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute("UPDATE dead_letters SET reason = $1", kept)
