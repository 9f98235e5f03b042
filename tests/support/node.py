"""Node.js, which runs what is written in JavaScript here, with the packages of package-lock.json."""

import shutil

from cli.documents.__main__ import ROOT


def node() -> str:
    """Return the program. AssertionError without it, or without the packages."""
    found = shutil.which("node")
    assert found, "Node.js 20 or newer is needed"
    assert (ROOT / "node_modules" / "kafkajs").is_dir(), "the packages are missing: run `make node_modules/.installed`"
    return found
