"""docs/schema.md is what a migrated database says."""

import asyncpg
import pytest

from cli.documents.__main__ import SCHEMA_PAGE
from cli.documents.schema.__main__ import schema_page
from cli.documents.schema.catalogue import Table, tables
from cli.documents.schema.page import page


async def one(owner: asyncpg.Connection, name: str) -> Table:
    return next(table for table in await tables(owner) if table.name == name)


async def test_the_page_is_the_database_s(database_url: str) -> None:
    assert SCHEMA_PAGE.read_text("utf-8") == await schema_page(database_url), "run `make schema`"


async def test_a_table_must_say_how_long_it_is_kept(owner: asyncpg.Connection) -> None:
    await owner.execute("COMMENT ON TABLE aliases IS 'Every name of an entity but its key.'")
    with pytest.raises(ValueError, match="aliases does not say how long"):
        page([await one(owner, "aliases")], [])


async def test_what_a_new_id_refers_to_must_be_said(owner: asyncpg.Connection) -> None:
    await owner.execute("ALTER TABLE aliases ADD COLUMN payment_id uuid")
    with pytest.raises(ValueError, match=r"aliases\.payment_id"):
        page([await one(owner, "aliases")], [])


async def test_every_table_of_an_account_is_behind_row_level_security(owner: asyncpg.Connection) -> None:
    """Each role sees rows by a policy or none; a reader never every row."""
    found = {
        (table.name, right.rows)
        for table in await tables(owner)
        for right in table.rights
        if right.role == "conexoes_reader" and "conexoes.account" not in (right.rows or "")
    }
    assert found == set()
