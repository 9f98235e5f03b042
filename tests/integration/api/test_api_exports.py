"""Exports over HTTP: complete, whole or visibly not, allowed, limited and audited."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from tests.integration.api.conftest import Caller, Store
from tests.support.events import at, result

LOGS = "/api/v1/accounts/acme/price/logs"
FORMATS = ["xlsx", "csv", "jsonl"]


def csv_rows(answer: httpx.Response, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def json_rows(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.content.decode().split("\n")[:-1]]


def sheets(answer: httpx.Response, path: Path) -> dict[str, list[tuple[Any, ...]]]:
    path.write_bytes(answer.content)
    book = openpyxl.load_workbook(path)
    return {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}


@pytest.mark.parametrize("format_", FORMATS)
async def test_smoke(operator: Caller, store_events: Store, tmp_path: Path, format_: str) -> None:
    await store_events(*(result(f"e{n}", key=f"SKU-{n}", processed_at=at(n)) for n in range(5)))
    answer = await operator.get(f"{LOGS}/export.{format_}", params={"language": "pt", "timezone": "America/Sao_Paulo"})
    assert answer.status_code == 200, answer.text
    if format_ == "xlsx":
        print(sheets(answer, tmp_path / "x.xlsx"))
    else:
        print(answer.headers, answer.text)
    print((await operator.get("/api/v1/accounts/acme/exports")).json())
