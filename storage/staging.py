"""Tables of a session that a batch is copied into. The name of each tells its columns.

Through a pooler, workers of two versions can have one session after the other: each makes tables of its own columns.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Rows of a batch from which on staging is worth its statements.
FEWEST: Final = 500

_TEXT: Final = 'text COLLATE "C"'


@dataclass(frozen=True)
class StagingTable:
    """One such table: what it holds, and the type of each column."""

    what: str
    columns: Mapping[str, str]

    @property
    def definition(self) -> str:
        """The columns as CREATE TABLE takes them."""
        return ", ".join(f"{name} {type_}" for name, type_ in self.columns.items())

    @property
    def name(self) -> str:
        """Another name for any other columns."""
        return f"staged_{self.what}_{hashlib.sha256(self.definition.encode()).hexdigest()[:12]}"


#: Columns are named as in attempts; `attempts` and `first_seen_at` are of the entity.
RESULTS: Final = StagingTable(
    "results",
    {
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
    },
)
#: Columns are those of log_names.
NAMES: Final = StagingTable(
    "names",
    {
        "account": _TEXT,
        "log_id": "uuid",
        "integration_type": _TEXT,
        "names": _TEXT,
        "grams": "integer[]",
        "aliases": "text",
    },
)
