"""Write docs/schema.md from a temporary migrated database: `make schema`."""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import asyncpg

from cli.documents.__main__ import SCHEMA_PAGE
from cli.documents.schema.catalogue import functions, tables
from cli.documents.schema.page import page
from embedded.system import EmbeddedSystem
from storage.database import SCHEMA
from storage.migrate import migrate


async def schema_page(url: str) -> str:
    """Return the page of the migrated database of `url`."""
    owner = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        return page(await tables(owner), await functions(owner))
    finally:
        await owner.close()


async def _make() -> str:
    with tempfile.TemporaryDirectory(prefix="conexoes-schema-") as directory:
        async with EmbeddedSystem(Path(directory), kafka_port=0, kafka=False, durable=False) as system:
            await migrate(system.database_url, retention_days=1)
            return await schema_page(system.database_url)


def main() -> int:
    """Write the page. Returns exit code 0; errors are raised."""
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    SCHEMA_PAGE.write_text(asyncio.run(_make()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
