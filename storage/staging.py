"""Columns of the table of a session that a batch of results is copied into, and its name, which tells these columns.

Through a pooler, workers of two versions can have one session after the other: each makes the table of its own columns.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

_TEXT: Final = 'text COLLATE "C"'
#: Type of each column. They are named as in attempts; `attempts` and `first_seen_at` are of the entity.
COLUMNS: Final[Mapping[str, str]] = {
    "result_id": "uuid",
    "log_id": "uuid",
    "account": _TEXT,
    "integration_type": _TEXT,
    "affiliate": _TEXT,
    "key": _TEXT,
    "status": _TEXT,
    "processed_at": "timestamptz",
    "version": "bytea",
    "source": _TEXT,
    "event_id": _TEXT,
    "message": "text",
    "code": _TEXT,
    "category": _TEXT,
    "fingerprint": _TEXT,
    "errors": "integer",
    "item_id": "uuid",
    "body": "text",
    "extensions": "text",
    "structured": "boolean",
    "altered": "boolean",
    "alterations": "jsonb",
    "late": "boolean",
    "words": "text",
    "other_codes": "text",
    "other_categories": "text",
    "other_fingerprints": "text",
    "attempts": "integer",
    "first_seen_at": "timestamptz",
}


def definition(columns: Mapping[str, str]) -> str:
    """Return columns as CREATE TABLE takes them."""
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())


def table_of(columns: Mapping[str, str]) -> str:
    """Return the name of the table of these columns: another one for any others."""
    return f"staged_results_{hashlib.sha256(definition(columns).encode()).hexdigest()[:12]}"


TABLE: Final = table_of(COLUMNS)
