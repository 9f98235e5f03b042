"""LibreOffice opens our workbooks, all of their sheets, and reads the texts that we wrote."""

import csv
import io
from pathlib import Path

import pytest

from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS
from tests.support.events import at, result
from tests.support.libreoffice import sheets_as_csv
from tests.support.naughty import TEXTS

#: A carriage return in a cell comes out of LibreOffice's CSV as a line feed.
NOT_KEPT = {"formula after return", "line breaks"}


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("pt", ["Resumo", "Grupos de erros", "Logs", "Erros", "Sobre"]),
        ("en", ["Summary", "Error groups", "Logs", "Errors", "About"]),
        ("es", ["Resumen", "Grupos de errores", "Logs", "Errores", "Acerca de"]),
    ],
)
async def test_it_reads_every_sheet_and_text(
    operator: Caller, store_events: Store, tmp_path: Path, language: str, names: list[str]
) -> None:
    texts = {name: text for name, text in TEXTS.items() if name not in NOT_KEPT}
    await store_events(
        *(
            result(f"e{n}", key=f"K{n}", message=text, errors=None, processed_at=at(-n))
            for n, text in enumerate(texts.values())
        )
    )
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx", params={"language": language})).content)
    read = await sheets_as_csv(path, tmp_path)
    assert sorted(read) == sorted(names)
    _heading, *rows = csv.reader(io.StringIO(read["Logs"], newline=""))
    assert {row[0]: row[5] for row in rows} == {f"K{n}": text for n, text in enumerate(texts.values())}


async def test_it_opens_one_with_nothing_in_it(operator: Caller, tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    read = await sheets_as_csv(path, tmp_path)
    assert len(list(csv.reader(io.StringIO(read["Logs"])))) == 1
