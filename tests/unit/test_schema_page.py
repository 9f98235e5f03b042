"""Migrations are numbered, each stands in docs/schema.md as it is, and a released one can't be changed."""

import re
import shutil
from pathlib import Path

import pytest

from cli.documents.__main__ import SCHEMA_PAGE
from cli.documents.schema import chain
from cli.documents.schema.page import USES, named, refreshed
from cli.documents.schema.source import digest, file_uses, function_uses, made_in, meanings, migrations
from storage.schema_version import MIGRATIONS

PAGE = SCHEMA_PAGE.read_text("utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Migrations that may be changed."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_each_number_is_one_migration_that_depends_on_the_one_before() -> None:
    files = migrations()
    assert [each.name[:4] for each in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    depends = [re.findall(r"^-- depends: ?(.*)$", each.read_text("utf-8"), re.MULTILINE) for each in files]
    assert depends == [[""], *([each.stem] for each in files[:-1])]


def test_the_chain_is_as_it_is_said_to_be() -> None:
    assert chain.faults(MIGRATIONS, PAGE) == []


def test_a_migration_that_the_page_does_not_have_is_named(copy: Path) -> None:
    (copy / "9999_more.sql").write_text("-- more\n")
    [fault] = chain.faults(copy, PAGE)
    assert "9999_more.sql" in fault
    assert "make schema" in fault


def test_a_migration_that_was_changed_after_the_page_is_named(copy: Path) -> None:
    changed = copy / "0002_logs.sql"
    changed.write_text(changed.read_text().replace("fillfactor = 85", "fillfactor = 80"))
    [fault] = chain.faults(copy, PAGE)
    assert "0002_logs.sql" in fault
    assert "make schema" in fault


def test_a_migration_that_is_gone_is_missed(copy: Path) -> None:
    (copy / "0002_logs.sql").unlink()
    [fault] = chain.faults(copy, PAGE)
    assert "make schema" in fault


def test_a_released_migration_is_neither_changed_nor_removed(copy: Path) -> None:
    released = copy / chain.RELEASED
    released.write_text("".join(f"{digest(each)}  {each.name}\n" for each in sorted(copy.glob("*.sql"))))
    assert chain.faults(copy, PAGE) == []
    (copy / "0003_counts.sql").unlink()
    changed = copy / "0002_logs.sql"
    changed.write_text(changed.read_text() + "\n")
    faults = [fault for fault in chain.faults(copy, PAGE) if "released" in fault]
    assert [fault.split()[0] for fault in faults] == [
        "storage/migrations/0002_logs.sql",
        "storage/migrations/0003_counts.sql",
    ]


def test_what_uses_a_table_is_made_anew_and_the_rest_kept() -> None:
    of_database, _, uses = PAGE.partition(USES)
    assert uses
    assert refreshed(f"{of_database}{USES}of yesterday") == PAGE
    assert named(PAGE) == list(made_in())


def test_every_table_has_who_writes_and_who_reads_it() -> None:
    """Used sign-in links are the exception that nobody reads: the insert itself tells if one was used."""
    rows = re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (.*) \| (.*) \|$", PAGE.partition(USES)[2], re.MULTILINE)
    assert {table for table, writers, _readers in rows if not writers} == set()
    assert {table for table, _writers, readers in rows if not readers} == {"used_sign_in_links"}
    assert len(rows) == len(made_in())


def test_uses_are_found_in_statements_python_and_functions() -> None:
    files = file_uses()
    fold = next(uses for name, uses in files.items() if name.endswith("fold.sql"))
    assert {"status_logs", "attempts", "received_results", "result_changes"} <= fold.writes
    assert any("log_names" in uses.reads for name, uses in files.items() if name.endswith("filters.py"))
    assert "log_changes" in function_uses()["count_logs"].writes
    assert "SET" not in {name for uses in files.values() for name in uses.writes}


def test_what_stands_beside_a_column_or_before_it_is_its_meaning() -> None:
    said = meanings()
    assert said["attempts", "late"] == "a newer result was here already"
    assert said["affiliates", "paused_at"] == "The pause by a person. All null or none, but for the reason."
    assert ("attempts", "key") not in said
