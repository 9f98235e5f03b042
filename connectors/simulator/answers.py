"""Formats of answers that do not depend on the marketplace: pages of servers, stack traces, texts, long reports."""

import json
from typing import Any

from connectors.simulator.marketplace import Fault

_REPORT_LINES = 1500  # about 120 kB

_REASONS = {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable"}


def html(fault: Fault, number: int, _key: str) -> str:
    """Make the page of a server in front of the marketplace."""
    title = f"{fault.http} {_REASONS[fault.http]}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>edge-{number % 9}</body></html>"


def trace(fault: Fault, number: int, key: str) -> str:
    """Make the stack trace of a connector."""
    frame = f'File "offer.py", line 41, in build\nKeyError: {number}'
    return f"Traceback (most recent call last):\n  {frame}\n{fault.text(number, key)}"


def text(fault: Fault, number: int, key: str) -> str:
    """Make an answer that is nothing but a sentence, as a JSON text."""
    return json.dumps(fault.text(number, key), ensure_ascii=False)


def report(fault: Fault, number: int, key: str) -> dict[str, Any]:
    """Make a report of many parts, of which one failed."""
    parts = [{"part": line, "status": 200, "note": f"variation {number + line} kept"} for line in range(_REPORT_LINES)]
    return {
        "status": 207,
        "parts": [*parts, {"part": _REPORT_LINES, "status": fault.http, "note": fault.text(number, key)}],
    }
