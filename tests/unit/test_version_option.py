"""`conexoes --version` says what pyproject.toml says."""

import subprocess
import sys
import tomllib
from pathlib import Path

from cli.documents.__main__ import ROOT


def test_the_version_is_that_of_the_project_file(tmp_path: Path) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    command = Path(sys.executable).parent / "conexoes"
    done = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"conexoes {declared}\n", "")
    assert list(tmp_path.iterdir()) == []
