"""Facts in the text of migrations and statements, without a database."""

import ast
import re
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import storage
from storage.schema_version import MIGRATIONS

STORAGE = Path(storage.__file__).parent

_TABLE = re.compile(r"^CREATE TABLE (\w+) \((.*?)^\)|^ALTER TABLE (\w+)\n(.*?);", re.MULTILINE | re.DOTALL)
_PARTITION = re.compile(r"^CREATE TABLE (\w+) PARTITION OF (\w+)", re.MULTILINE)
_GONE = re.compile(r"^DROP (TABLE|FUNCTION) (\w+)", re.MULTILINE)
_COLUMN = re.compile(r'^ {4}(?:ADD COLUMN )?"?([a-z_]+)"? ')
_FUNCTION = re.compile(
    r"^CREATE (?:OR REPLACE )?FUNCTION (\w+)(.*?\$function\$.*?)\$function\$", re.MULTILINE | re.DOTALL
)
_TRIGGER = re.compile(r"^CREATE TRIGGER \w+ .*?\bON (\w+)\b.*?EXECUTE FUNCTION (\w+)\(\)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"--.*")
_WRITTEN = re.compile(r"\b(?:INSERT INTO|(?<!DO )(?<!FOR )UPDATE|DELETE FROM) (\w+)")
_READ = re.compile(r"\b(?:(?<!DELETE )FROM|JOIN|USING) \(?(\w+)")
_CALLED = re.compile(r"\b(\w+)\(")


class Uses(NamedTuple):
    """Names that a text writes, reads and calls, of tables or not."""

    writes: set[str]
    reads: set[str]
    calls: set[str]


def migrations() -> list[Path]:
    """Return every migration, in order."""
    return sorted(MIGRATIONS.glob("*.sql"))


def digest(migration: Path) -> str:
    """Return the SHA-256 of the file, in hexadecimal."""
    return sha256(migration.read_bytes()).hexdigest()


def title(migration: Path) -> str:
    """Return the subject of a migration: its first line."""
    return migration.read_text("utf-8").partition("\n")[0].removeprefix("-- ")


def made_in() -> dict[str, Path]:
    """Return the migration that makes each table, without those that a later one drops."""
    found: dict[str, Path] = {}
    for migration in migrations():
        text = migration.read_text("utf-8")
        for table in _gone("TABLE", text):
            del found[table]
        found |= dict.fromkeys((each[1] for each in _TABLE.finditer(text) if each[1] is not None), migration)
    return found


def _gone(kind: str, text: str) -> list[str]:
    """Return the tables or functions that a migration drops; it may make one of the same name after that."""
    return [name for dropped, name in _GONE.findall(text) if dropped == kind]


def partitions() -> dict[str, set[str]]:
    """Return the named partitions of each table; those of months are made later."""
    found = defaultdict(set)
    for migration in migrations():
        for partition, table in _PARTITION.findall(migration.read_text("utf-8")):
            found[table].add(partition)
    return found


def meanings() -> dict[tuple[str, str], str]:
    """Return the comment beside a column, or right before it, by table and column; the newest migration's."""
    found: dict[tuple[str, str], str] = {}
    for migration in migrations():
        for made, columns, altered, added in _TABLE.findall(migration.read_text("utf-8")):
            before: list[str] = []
            for line in (columns or added).splitlines():
                if line.startswith("    --"):
                    before.append(line.strip(" -"))
                elif (column := _COLUMN.match(line)) is not None:
                    beside = line.partition("-- ")[2]
                    if said := " ".join([*before, *([beside] if beside else [])]):
                        found[made or altered, column[1]] = said
                    before = []
    return found


def function_uses() -> dict[str, Uses]:
    """Return the names that each function uses; of a replaced function, in its newest body. A dropped one has none."""
    bodies: dict[str, str] = {}
    for migration in migrations():
        text = migration.read_text("utf-8")
        for function in _gone("FUNCTION", text):
            del bodies[function]
        bodies |= dict(_FUNCTION.findall(text))
    return {name: _uses(body) for name, body in bodies.items()}


def trigger_functions() -> dict[str, set[str]]:
    """Return the tables whose triggers call each function."""
    found = defaultdict(set)
    for migration in migrations():
        for table, function in _TRIGGER.findall(migration.read_text("utf-8")):
            found[function].add(table)
    return found


def file_uses() -> dict[str, Uses]:
    """Return the names that each file with SQL in `storage/` uses, by its path there; without migrations."""
    files = [*STORAGE.rglob("*.sql"), *STORAGE.rglob("*.py")]
    return {
        path.relative_to(STORAGE).as_posix(): _uses(_sql(path))
        for path in sorted(files)
        if MIGRATIONS not in path.parents
    }


def _sql(path: Path) -> str:
    """Return the SQL of a file: of Python its strings, without docstrings, which name the functions themselves."""
    text = path.read_text("utf-8")
    if path.suffix == ".sql":
        return text
    tree = ast.parse(text)
    docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    return "\n".join(
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in docstrings
    )


def _uses(text: str) -> Uses:
    text = _COMMENT.sub("", text)
    return Uses(set(_WRITTEN.findall(text)), set(_READ.findall(text)), set(_CALLED.findall(text)))
