"""Commands of the programs in other languages."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.documents.__main__ import DOCS
from tests.integration.api.conftest import kafka_app, owning
from tests.support.java import compiled

__all__ = ["java", "kafka_app", "owning", "sarama"]

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs a class of what is written in Java here."""
    sources = [HERE / "Client.java", DOCS / "examples" / "Connector.java"]
    return compiled(sources, tmp_path_factory.mktemp("java"))


@pytest.fixture(scope="session")
def sarama(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the client in Go."""
    go, built = shutil.which("go"), tmp_path_factory.mktemp("go") / "client"
    assert go, "Go is needed"
    subprocess.run(
        [go, "build", "-o", built, "."], cwd=HERE / "sarama", env={**os.environ, "GOTOOLCHAIN": "local"}, check=True
    )
    return [str(built)]
