"""The word on the page is the word in the file: each status and each state that a log can show, in each language."""

import csv
import io
import re
import uuid
from html import unescape
from pathlib import Path
from typing import get_args

import asyncpg
import pytest

from exports.excel.texts import SYMBOLS
from exports.file import make_file
from schemas.catalogue import LANGUAGES, SEVERITY, Language
from schemas.columns import LOG_COLUMNS
from schemas.export import ExportOrder
from schemas.filter import ReprocessState
from schemas.playbook import Playbook
from storage.database import Database
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS, csv_rows, log_rows
from tests.integration.pages.conftest import Visit
from tests.support.events import at, result

STATE = [each.name for each in LOG_COLUMNS].index("reprocess_state")
STATES = tuple(each for each in get_args(ReprocessState) if each != "in_flight")
SHEETS: dict[Language, str] = {"pt": "Logs", "en": "Logs", "es": "Logs"}
_ROW = re.compile(r'<tr class="log (\w+)".*?<bdi class="key[^"]*"[^>]*>(.*?)</bdi>.*?</tr>', re.DOTALL)
_HEADINGS = re.compile(r'<th class="c-(\w+)" role="columnheader" scope="col"[^>]*><(?:a|span)[^>]*>([^<]+)<')


@pytest.fixture
async def every_word(store_events: Store, owner: asyncpg.Connection) -> None:
    """A log of each status, whose last reprocess is in no state, and one in each state that a log can show."""
    await store_events(
        *(
            result(f"s-{name}", key=f"status-{name}", status=name, processed_at=at(-n))
            for n, name in enumerate(SEVERITY)
        ),
        *(result(f"r-{each}", key=f"state-{each}", processed_at=at(-9 - n)) for n, each in enumerate(STATES)),
    )
    for name in STATES:
        changed = await owner.execute(
            """UPDATE status_logs SET reprocess_state = $1, reprocess_item_id = $2, reprocess_command_id = 'c',
                   reprocess_at = now() WHERE key = $3""",
            name,
            uuid.uuid4(),
            f"state-{name}",
        )
        assert changed == "UPDATE 1"


def _said(row: str, of: str) -> str:
    found = re.search(rf'<span class="{of}[^"]*">(?:<svg.*?</svg>)?([^<]+)</span>', row, re.DOTALL)
    return unescape(found[1]).strip() if found else ""


async def _page(visit: Visit, language: Language) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Headings by column, and by key the words for status and state."""
    browser = await visit("viewer")
    page = (await browser.get(f"/acme/price?page_size=200&lang={language}")).text
    headings = {name: unescape(text) for name, text in _HEADINGS.findall(page)}
    rows = {
        re.sub(r"<[^>]+>", "", found[2]): (_said(found[0], "status"), _said(found[0], "state"))
        for found in _ROW.finditer(page)
    }
    assert len(rows) == len(SEVERITY) + len(STATES)
    return headings, rows


@pytest.mark.usefixtures("every_word")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_csv_and_workbook_say_the_same(
    visit: Visit, operator: Caller, language: Language, tmp_path: Path
) -> None:
    headings, shown = await _page(visit, language)
    asked = {"language": language}
    in_csv = csv_rows(await operator.get(f"{LOGS}/export.csv", params=asked), "," if language == "en" else ";")
    in_sheet = log_rows(await operator.get(f"{LOGS}/export.xlsx", params=asked), tmp_path, SHEETS[language])
    for rows, symbols in ((in_csv, {}), (in_sheet, SYMBOLS)):
        heading, *rest = rows
        for name, column in (("key", 0), ("affiliate", 1), ("status", 2), ("processed_at", 3)):
            assert re.sub(r" \(.*\)$", "", heading[column]) == headings[name]
        assert len(rest) == len(shown)
        for row in rest:
            status, state = shown[row[0]]
            kind, _, name = row[0].partition("-")
            symbol = symbols.get(name if kind == "status" else "error", "")
            assert (row[2].removeprefix(symbol).strip(), row[STATE] or "") == (status, state)
            assert (state == "") == (kind == "status")
    said = [state for _status, state in shown.values() if state]
    assert len(set(said)) == len(STATES)
    if language != "en":
        english = {state for _status, state in (await _page(visit, "en"))[1].values() if state}
        assert not english & set(said)


@pytest.mark.usefixtures("every_word")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_command_line_makes_the_same_file(
    visit: Visit, reader: Database, language: Language, tmp_path: Path
) -> None:
    _headings, shown = await _page(visit, language)
    out = tmp_path / "out.csv"
    order = ExportOrder(
        account="acme",
        integration_type="price",
        format="csv",
        language=language,
        requested_by="x (command line)",
        key_id=None,
        public_url="http://here",
    )
    await make_file(reader, order, out, seconds=60, progress=lambda *_: None, playbook=Playbook())
    delimiter = "," if language == "en" else ";"
    rows = list(csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline=""), delimiter=delimiter))[1:]
    assert {row[0]: (row[2], row[STATE]) for row in rows} == shown
