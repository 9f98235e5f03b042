"""Tables without indexes and triggers while they are filled, and all of it again after.

They are read from PostgreSQL's catalogue, so that a new index or trigger needs no change here.
"""

from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

TABLES = (
    "status_logs",
    "log_names",
    "received_results",
    "attempts",
    "reprocess_commands",
    "reprocess_items",
)


class Piece(NamedTuple):
    """One index, constraint or trigger, with the statements that drop it and make it again."""

    name: str
    off: str
    on: str
    last: int = 0  # 1: needs the others (foreign keys, triggers)


@dataclass(frozen=True)
class Undressed:
    """The dropped pieces, in the order in which they are dropped."""

    pieces: list[Piece]


#: Foreign keys first, since they need the other constraints.
_CONSTRAINTS = """
SELECT conname AS name, conrelid::regclass::text AS owner, contype::text AS kind,
    pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE conparentid = 0 AND contype IN ('p', 'u', 'x', 'f')
  AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[]))
ORDER BY contype = 'f' DESC, contype <> 'p', conname
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY($1::regclass[]) AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
ORDER BY 1
"""
_TRIGGERS = """
SELECT tgname AS name, tgrelid::regclass::text AS owner
FROM pg_trigger
WHERE tgrelid = ANY($1::regclass[]) AND NOT tgisinternal AND tgparentid = 0 AND tgenabled = 'O'
ORDER BY 1
"""


async def find(owner: asyncpg.Connection) -> Undressed:
    """Find all indexes, constraints and triggers of the tables. `owner` has the schema in its search path."""
    pieces = []
    for row in await owner.fetch(_TRIGGERS, TABLES):
        change = f'ALTER TABLE {row["owner"]} {{}} TRIGGER "{row["name"]}"'
        pieces.append(Piece(f"trigger {row['name']}", change.format("DISABLE"), change.format("ENABLE"), 1))
    for row in await owner.fetch(_CONSTRAINTS, TABLES):
        table, name = row["owner"], row["name"]
        pieces.append(
            Piece(
                f"{table} {name}",
                f'ALTER TABLE {table} DROP CONSTRAINT "{name}"',
                f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {row["definition"]}',
                int(row["kind"] == "f"),
            )
        )
    for row in await owner.fetch(_INDEXES, TABLES):
        # The catalogue writes ONLY for a partitioned table, which would leave its partitions without one.
        definition = row["definition"].replace(" ON ONLY ", " ON ", 1)
        pieces.append(Piece(row["name"], f"DROP INDEX {row['name']}", definition))
    return Undressed(pieces)
