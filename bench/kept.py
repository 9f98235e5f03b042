"""The measurements as files: one for each section, with the machine and the moment."""

import json
from pathlib import Path
from typing import Any

from bench.machine import description
from bench.say import say

DIRECTORY = Path(__file__).parent / "results"


def write(section: str, measured: Any, *, huge_pages: bool | None) -> None:
    """Keep a section, replacing what was measured before.

    `huge_pages`: whether PostgreSQL had its buffers in some; None where there was no PostgreSQL.
    """
    DIRECTORY.mkdir(exist_ok=True)
    pages = {} if huge_pages is None else {"huge_pages": huge_pages}
    path = DIRECTORY / f"{section}.json"
    document = {"section": section, "machine": description() | pages, **measured}
    path.write_text(json.dumps(_rounded(document), indent=1, ensure_ascii=False) + "\n", "utf-8")
    say(f"wrote {path.relative_to(DIRECTORY.parents[1])}")


def read() -> dict[str, Any]:
    """Every section that was ever measured."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DIRECTORY.glob("*.json"))}


def _rounded(value: Any) -> Any:
    """Round to four significant digits: no measurement is more precise."""
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
