"""Results as flat JSON objects, and the tables that hold their fields: what peers read and write.

They do less work than ours, since nothing is parsed from headers, nothing is deduplicated, and the order is that of
arrival: one table is a history, the other keeps the last arrival of each entity.
"""

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from bench.events import Event
from broker.publisher import Record
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from schemas.timestamp import to_text
from storage.database import SCHEMA

MAX_ROWS = 5000  # that a peer takes or writes at once

#: Text columns, then the others; both tables have all of them.
TEXTS = ("account", "result_id", "log_id", "integration_type", "affiliate", "key", "status", "source", "event_id")
OPTIONAL = ("message", "code", "fingerprint")
_COLUMNS = (
    ", ".join(f'{name} text COLLATE "C" NOT NULL' for name in TEXTS)
    + ", "
    + ", ".join(f"{name} text" for name in OPTIONAL)
    + ", processed_at timestamptz NOT NULL, body text NOT NULL"
)
TABLES = f"""
CREATE TABLE history ({_COLUMNS}, PRIMARY KEY (account, result_id));
CREATE TABLE latest ({_COLUMNS}, PRIMARY KEY (account, log_id));
"""
#: Indexes for lists by time, by filter and by key, and for an entity's timeline. There are none for words of messages,
#: aliases or counts.
INDEXES = """
CREATE INDEX ON latest (account, integration_type, processed_at DESC, log_id DESC);
CREATE INDEX ON latest (account, integration_type, status, affiliate, code, processed_at DESC, log_id DESC);
CREATE INDEX ON latest (account, integration_type, key, log_id);
CREATE INDEX ON history (log_id, processed_at, result_id);
"""
#: The probe for a stored result: both sinks must have it. Marks are the last results of their entities.
PROBE = """
SELECT result_id FROM unnest($1::text[], $2::text[]) AS mark (account, result_id)
JOIN history USING (account, result_id) JOIN latest USING (account, log_id, result_id)
"""


def jdbc_url(database_url: str) -> str:
    """Return the same database's URL for Java, without the user; more parameters can follow it."""
    url = urlsplit(database_url)
    return f"jdbc:postgresql://{url.hostname}:{url.port}{url.path}?currentSchema={SCHEMA}"


def flattened(events: Sequence[Event], now_ns: int) -> list[Event]:
    """Rewrite results as JSON objects with one field for each column, as connectors would have to send them here."""
    return [each._replace(record=_flat(each, now_ns)) for each in events]


def _flat(event: Event, now_ns: int) -> Record:
    key, value, headers = event.record.key, event.record.value or b"", event.record.headers
    [result] = read(BY_NAME[event.integration_type], headers, key, value, now_ns)
    if not isinstance(result, Result):
        raise TypeError(f"not a result: {result}")
    row = {name: getattr(result, name) for name in (*TEXTS, *OPTIONAL, "body") if name != "result_id"}
    row |= {"result_id": result.id, "processed_at": to_text(result.processed_at)}
    return Record("", key, json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
