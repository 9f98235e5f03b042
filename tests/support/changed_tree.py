"""The product with some of its source changed, as whoever adds the next type, field or column would change it."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from embedded.system import EmbeddedSystem

ROOT = Path(__file__).parents[2]
#: Variable by which a child run gets the servers of its parent: `[Kafka's bootstrap servers, the database's URL]`.
SERVERS = "TESTS_SERVERS"
_PACKAGES = (
    *("admin", "agents", "api", "broker", "cli", "conexoes_connector", "connectors", "embedded", "exports"),
    *("mcp_server", "schemas", "storage", "tests"),
    "docs",
)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "images", "node_modules")


class GivenServers(NamedTuple):
    """Servers that another process has started and will stop."""

    kafka_bootstrap_servers: str
    database_url: str


#: Replacements by file: a text that is there once, and its new text.
Changes = Mapping[str, list[tuple[str, str]]]


def copy(directory: Path, changes: Changes) -> None:
    """Make the tree at `directory`. AssertionError for a text that is not there once: the source has moved on."""
    for name in _PACKAGES:
        shutil.copytree(ROOT / name, directory / name, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", directory)
    for name, replaced in changes.items():
        path = directory / name
        text = path.read_text("utf-8")
        for old, new in replaced:
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


async def walk(directory: Path, name: str, servers: EmbeddedSystem) -> None:
    """Run the tests of one file of the tree at `directory`. AssertionError with their output if one fails."""
    given = json.dumps([servers.kafka_bootstrap_servers, servers.database_url])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", name),
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory), "PYTHONDONTWRITEBYTECODE": "1", SERVERS: given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _nothing = await process.communicate()
    assert process.returncode == 0, output.decode("utf-8", "replace")
