"""Records that can't be results: one function for each dead-letter code that a connector can cause."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from broker.publisher import Record
from schemas.refusal import DeadLetterCode


def _value(make: Callable[[bytes], bytes]) -> Callable[[Record], Record]:
    return lambda good: good._replace(value=make(good.value or b""))


def _data(change: Callable[[dict[str, Any]], None]) -> Callable[[Record], Record]:
    def changed(good: Record) -> Record:
        data = json.loads(good.value or b"{}")
        change(data)
        return good._replace(value=json.dumps(data).encode())

    return changed


def _other_type(good: Record) -> Record:
    return good._replace(
        headers=[(name, b"conexoes.refunds.result.v1" if name == "ce_type" else value) for name, value in good.headers]
    )


#: Makes a bad record of a good one.
MALFORMED: Mapping[DeadLetterCode, Callable[[Record], Record]] = MappingProxyType(
    {
        DeadLetterCode.EMPTY: _value(lambda _good: b""),
        DeadLetterCode.ENCODING: _value(lambda good: good.decode().encode("utf-16")),
        DeadLetterCode.JSON: _value(lambda good: good[:-7]),
        DeadLetterCode.TOO_LARGE: lambda good: good._replace(headers=[*good.headers, ("trace", b"x" * 70_000)]),
        DeadLetterCode.TOO_DEEP: _value(lambda _good: b"[" * 200),
        DeadLetterCode.ENVELOPE: lambda good: good._replace(headers=[]),
        DeadLetterCode.TYPE_MISMATCH: _other_type,
        DeadLetterCode.SCHEMA: _data(lambda data: data.pop("status")),
        DeadLetterCode.STATUS_NOT_ALLOWED: _data(lambda data: data.update(status="maybe")),
        DeadLetterCode.TIMESTAMP: _data(lambda data: data.update(processed_at="yesterday")),
    }
)
