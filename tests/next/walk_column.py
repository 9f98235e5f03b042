"""A walk of the column `channel`, which logs have been given, through everything that shows them."""

import json
import re
from pathlib import Path

import asyncpg
import openpyxl
import pytest

from cli.documents.__main__ import documents
from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Visit
from tests.support.events import result

LOGS = "/api/v1/accounts/acme/price/logs"
HEADING = {"pt": "Canal", "en": "Channel", "es": "Canal"}


@pytest.fixture
async def _logs(store_events: Store, owner: asyncpg.Connection) -> None:
    await store_events(result("e1", key="SKU-1"), result("e2", key="SKU-2"))
    await owner.execute("UPDATE status_logs SET channel = '=b2b' WHERE key = 'SKU-1'")


@pytest.mark.usefixtures("_logs")
async def test_every_reader_shows_it(operator: Caller) -> None:
    found = {each["key"]: each for each in (await operator.get(LOGS)).json()["items"]}
    assert (found["SKU-1"]["channel"], found["SKU-2"]["channel"]) == ("=b2b", None)
    for asked in ({"q": "SKU-1"}, {"code": "price.minimum"}, {"q": "below the minimum"}):
        assert "=b2b" in [each["channel"] for each in (await operator.get(LOGS, params=asked)).json()["items"]]
    one = await operator.get(f"{LOGS}/{found['SKU-1']['id']}")
    assert one.json()["channel"] == "=b2b"
    named = await operator.get("/api/v1/accounts/acme/search", params={"q": "SKU-1"})
    assert named.json()["items"][0]["channel"] == "=b2b"


@pytest.mark.usefixtures("_logs")
async def test_every_export_has_it_in_its_place(operator: Caller, tmp_path: Path) -> None:
    jsonl = await operator.get(f"{LOGS}/export.jsonl")
    assert {each["key"]: each["channel"] for each in map(json.loads, jsonl.text.splitlines())} == {
        "SKU-1": "=b2b",
        "SKU-2": None,
    }
    for language, heading in HEADING.items():
        csv = await operator.get(f"{LOGS}/export.csv", params={"language": language})
        first, *rows = [line.split(";" if language != "en" else ",") for line in csv.text.lstrip("\ufeff").splitlines()]
        assert first[2] == heading
        assert {row[0]: row[2] for row in rows} == {"SKU-1": "'=b2b", "SKU-2": ""}
        path = tmp_path / f"{language}.xlsx"
        path.write_bytes((await operator.get(f"{LOGS}/export.xlsx", params={"language": language})).content)
        sheet = list(openpyxl.load_workbook(path)["Logs"].iter_rows(values_only=True))
        # The column to mark is beside the key.
        assert sheet[0][3] == heading
        assert {row[0]: row[3] for row in sheet[1:]} == {"SKU-1": "=b2b", "SKU-2": None}


@pytest.mark.usefixtures("_logs")
@pytest.mark.parametrize("language", HEADING)
async def test_the_list_has_it_in_its_place(visit: Visit, language: str) -> None:
    page = (await (await visit("operator")).get("/acme/price", headers={"Accept-Language": language})).text
    headings = re.findall(r'<th class="c-(\w+)"[^>]*><(?:span|a)[^>]*>([^<]*)<', page)
    assert [name for name, _heading in headings] == [
        *("pick", "key", "affiliate", "channel", "status", "processed_at", "do"),
    ]
    assert dict(headings)["channel"] == HEADING[language]
    cells = re.findall(r'<td class="c-channel" role="cell">(.*?)</td>', page, re.DOTALL)
    assert sorted(re.sub(r"<[^>]+>", "", cell).strip() for cell in cells) == ["", "=b2b"]


def test_the_documents_have_it() -> None:
    made = {path.name: text for path, text in documents().items()}
    assert "channel" in json.loads(made["status-log.json"])["properties"]
    assert "channel" in json.loads(made["openapi.json"])["components"]["schemas"]["StatusLog"]["properties"]
