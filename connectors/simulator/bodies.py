"""Requests and answers of the simulated marketplaces, in the format of real ones."""

import json
from typing import Any

from connectors.simulator.faults import Fault, Shape

_LARGE_LINES = 1500  # about 120 kB


def request(integration_type: str, key: str, number: int) -> Any:
    """Make the request that the connector sent."""
    if integration_type == "orders":
        return f'<?xml version="1.0"?><order id="{key}"><total currency="BRL">{number}.90</total></order>'
    if integration_type == "price":
        return {"sku": key, "price": {"value": float(number), "currency": "BRL"}}
    if integration_type == "inventory":
        return {"sku": key, "warehouse": f"W{number % 7}", "quantity": number % 500}
    if integration_type == "tracking":
        return {"order": key, "tracking_number": f"BR{number:09}SP", "carrier": "Rápido Sul"}
    if integration_type == "products":
        return {"sku": key, "title": f"Produto {number}", "attributes": [{"name": "Cor", "value": "azul"}]}
    return {"key": key, "number": number}


def answer(fault: Fault | None, key: str, number: int) -> Any:
    """Make the marketplace's answer: a short confirmation, or the fault in its format."""
    if fault is None:
        return {"status": 200, "id": f"mkt-{number}"}
    error = {"error": {"code": fault.code, "detail": fault.text(number, key)}}
    text = fault.text(number, key)
    title = fault.code.replace("http.", "")
    shapes: dict[Shape, Any] = {
        "json": {"status": 400, "body": error},
        "xml": f"<error><code>{fault.code}</code><detail>{text}</detail></error>",
        "html": f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>edge-{number % 9}</body></html>",
        "trace": f'Traceback (most recent call last):\n  File "offer.py", line 41, in build\nKeyError: {number}',
        "json_in_string": {"status": 400, "body": json.dumps(error, ensure_ascii=False)},
    }
    if fault.shape == "large":
        lines = [f"line {line}: variation {number + line} kept as it is" for line in range(_LARGE_LINES)]
        return {"status": 207, "report": lines}
    return shapes[fault.shape]
