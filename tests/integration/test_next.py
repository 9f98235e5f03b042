"""Promises about the next one: how many files whoever adds a type has to change, and that nothing else is needed.

Each change is made in a copy of the tree, and walked through there (tests/next).
"""

from pathlib import Path

import pytest

from embedded.system import EmbeddedSystem
from tests.support.changed_tree import Changes, copy, walk

#: A walk is a run of pytest of its own, with documents, exports and a worker.
pytestmark = pytest.mark.timeout(1200)

TYPE: Changes = {
    "schemas/catalogue.py": [
        (
            "PRICE, INVENTORY)",
            """PRICE, INVENTORY, RETURNS)""",
        ),
        (
            "CATALOGUE: tuple[IntegrationType, ...] =",
            """RETURNS = IntegrationType(
    name="returns",
    labels=labels("Devoluções", "Returns", "Devoluciones"),
    key_labels=labels("Código da devolução", "Return code", "Código de la devolución"),
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
)

CATALOGUE: tuple[IntegrationType, ...] =""",
        ),
    ],
}

FIELDS: Changes = {
    "schemas/filter.py": [
        (
            """    @model_validator(mode="after")
    def _ordered""",
            """    wholesaler: Annotated[
        QueryText | None, OnPages(label=labels("Atacadista", "Wholesaler", "Mayorista"), control="text")
    ] = Field(default=None, description="who it was bought of")
    channel: Annotated[
        Literal["b2b", "b2c"] | None, OnPages(label=labels("Canal", "Channel", "Canal"), control="choice")
    ] = Field(default=None, description="to whom it is sold")
    seen_after: Annotated[
        Rfc3339 | None, OnPages(label=labels("Visto depois", "Seen after", "Visto después"), control="time")
    ] = Field(default=None, description="RFC 3339, not included")
    exclude_seller: Annotated[
        tuple[QueryText, ...],
        OnPages(label=labels("Sem o vendedor", "Without seller", "Sin el vendedor"), control="text"),
    ] = Field(default=(), description="none of these")

    @model_validator(mode="after")
    def _ordered""",
        )
    ],
}

#: Changes for a new column, without its writer (storage/sql/fold.sql): four files with the migration and that.
COLUMN: Changes = {
    "schemas/shown/log.py": [
        (
            """    fingerprint: str | None = Field(description="the group""",
            """    channel: str | None = Field(default=None, description="where it is sold")
    fingerprint: str | None = Field(description="the group""",
        )
    ],
    "schemas/columns.py": [
        (
            """    _AFFILIATE,
    _STATUS,
    _PROCESSED_AT,
    _MESSAGE,
""",
            """    _AFFILIATE,
    Column(name="channel", labels=labels("Canal", "Channel", "Canal"), listed=True),
    _STATUS,
    _PROCESSED_AT,
    _MESSAGE,
""",
        )
    ],
}
MIGRATION = """-- where a log is sold
-- depends: {newest}

-- migrate: apply

ALTER TABLE status_logs ADD COLUMN channel text;

-- migrate: rollback

ALTER TABLE status_logs DROP COLUMN channel;
"""


async def test_another_type_is_one_entry_of_the_catalogue(tmp_path: Path, servers: EmbeddedSystem) -> None:
    assert len(TYPE) == 1
    copy(tmp_path, TYPE)
    await walk(tmp_path, "tests/next/walk_type.py", servers)


async def test_another_field_of_the_filter_is_known_to_all_by_its_line_in_the_schema(
    tmp_path: Path, servers: EmbeddedSystem
) -> None:
    """A field changes at most four files: these, with its SQL (storage/filters.py, and a migration for counts) and
    the model to which tests hold SQL (tests/support/some_logs.py).
    """
    assert len(FIELDS) == 1
    copy(tmp_path, FIELDS)
    await walk(tmp_path, "tests/next/walk_field.py", servers)


async def test_another_column_of_the_list_is_shown_by_every_reader_and_export(
    tmp_path: Path, servers: EmbeddedSystem
) -> None:
    assert len(COLUMN) == 2
    copy(tmp_path, COLUMN)
    migrations = tmp_path / "storage" / "migrations"
    newest = max(migrations.glob("*.sql")).stem
    (migrations / "9999_channel.sql").write_text(MIGRATION.format(newest=newest), "utf-8")
    await walk(tmp_path, "tests/next/walk_column.py", servers)
