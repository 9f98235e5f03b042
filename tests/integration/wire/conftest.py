"""Commands of the programs in other languages."""

from pathlib import Path

import pytest

from cli.documents.__main__ import DOCS
from tests.support.java import compiled

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs a class of what is written in Java here."""
    sources = [HERE / "Client.java", DOCS / "examples" / "Connector.java"]
    return compiled(sources, tmp_path_factory.mktemp("java"))
