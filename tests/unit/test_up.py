"""The key of a local installation, and what is said of a simulation."""

from pathlib import Path

import pytest

from cli.secrets import local_key
from cli.simulation import counted
from schemas.refusal import DeadLetterCode


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = local_key(tmp_path)
    assert key.startswith("cnx_")
    assert local_key(tmp_path) == key
    assert (tmp_path / "local.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_file_is_no_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.key").write_text(content)
    assert local_key(tmp_path).startswith("cnx_")


def test_a_key_of_one_s_own_is_taken_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "local.key").write_text("mine\n")
    assert local_key(tmp_path) == "mine"


def test_counts_are_words() -> None:
    assert counted({"result": 486, DeadLetterCode.ENCODING: 1}) == "486 result, 1 encoding"
    assert counted({}) == "none"
