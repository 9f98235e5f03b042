"""Reads exports back, as programs do."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import openpyxl
from openpyxl.utils.escape import unescape

LOGS = "/api/v1/accounts/acme/price/logs"
FORMATS = ["xlsx", "csv", "jsonl"]


def csv_rows(answer: httpx.Response, delimiter: str = ",") -> list[list[str]]:
    """Heading and rows."""
    assert answer.status_code == 200, answer.text
    csv.field_size_limit(10_000_000)
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter))


def json_rows(answer: httpx.Response) -> list[dict[str, Any]]:
    """One object a line."""
    assert answer.status_code == 200, answer.text
    text = answer.content.decode()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def sheet_rows(answer: httpx.Response, directory: Path, name: str) -> list[list[Any]]:
    """Heading and rows of one sheet."""
    assert answer.status_code == 200, answer.text
    path = directory / "export.xlsx"
    path.write_bytes(answer.content)
    sheet = openpyxl.load_workbook(path)[name]
    rows = sheet.iter_rows(values_only=True)
    return [[unescape(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def log_rows(answer: httpx.Response, directory: Path, name: str = "Logs") -> list[list[Any]]:
    """Heading and rows of the sheet of logs, without the column to mark: they are those of the other formats."""
    return [[key, *others] for key, _mark, *others in sheet_rows(answer, directory, name)]
