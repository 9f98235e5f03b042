"""Writers of workbooks on the same 100,000 rows × 12 columns, each in a process of its own: decision 0011.

`python -m bench.xlsx_writers` runs all of them, one after the other; with a name, that one only.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from rustpy_xlsxwriter import write_worksheets

ROWS = 100_000
HEADINGS = [f"column {number}" for number in range(12)]
_START = datetime(2026, 11, 1)


def rows() -> Iterator[tuple[Any, ...]]:
    """The same rows each time: ids, words, times, a sentence, numbers, links."""
    chosen = random.Random(1)
    for number in range(ROWS):
        yield (
            f"SKU-{number:08}",
            chosen.choice(["MLB", "AMZ", "MGL"]),
            chosen.choice(["✔ Success", "✖ Error"]),
            _START + timedelta(seconds=number),
            f"The price 10.00 is below the minimum of this category {number}",
            "price.below_minimum",
            "price.below_minimum: Below the minimum",
            number % 7,
            _START + timedelta(seconds=number / 2),
            "",
            "http://127.0.0.1:8080/demo/price?log=5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11",
            "74dab71393f51981",
        )


def by_rustpy(path: str) -> None:
    write_worksheets([("Logs", (dict(zip(HEADINGS, row, strict=True)) for row in rows()))], path)


def by_xlsxwriter(path: str) -> None:
    book = xlsxwriter.Workbook(
        path,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet, time_format = book.add_worksheet("Logs"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, HEADINGS)
    for number, row in enumerate(rows(), 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            elif isinstance(value, datetime):
                sheet.write_datetime(number, column, value, time_format)
            else:
                sheet.write_number(number, column, value)
    book.close()


def by_openpyxl(path: str) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Logs")
    sheet.append(HEADINGS)

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value="")
        made._value, made.data_type = value, "s"  # else `=…` is a formula
        return made

    for row in rows():
        sheet.append([cell(value) for value in row])
    book.save(path)


WRITERS: dict[str, Callable[[str], None]] = {
    "rustpy-xlsxwriter": by_rustpy,
    "XlsxWriter": by_xlsxwriter,
    "openpyxl": by_openpyxl,
}


def main() -> None:
    """Print a line each: seconds, peak resident memory, size of the file."""
    if len(sys.argv) == 1:
        for name in WRITERS:
            subprocess.run([sys.executable, "-m", "bench.xlsx_writers", name], check=True)  # noqa: S603 - ourselves
        return
    name = sys.argv[1]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "logs.xlsx"
        started = time.perf_counter()
        WRITERS[name](str(path))
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(f"{name:18} {seconds:6.2f} s {peak:5.0f} MB {path.stat().st_size / 1e6:5.1f} MB\n")


if __name__ == "__main__":
    main()
