"""Statements by name: what the loader makes of them, which calls of them are refused, where SQL may be put together."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

import storage
from schemas.item_state import ItemState
from schemas.letter_filter import LETTER_STATES
from schemas.redrive import REDRIVE_ITEM_STATES
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.shown.log import StatusLog
from storage import filters
from storage.constants import DEAD_LETTER_BYTES, FOR_SQL, PHASES_WITH_ALL_ITEMS, Phase
from storage.statements import SQL, TEMPLATES, Statement

ROOT = Path(storage.__file__).parent
#: Files that put SQL together.
ASSEMBLED = {"statements.py", "filters.py", "columns.py"}


class Row(NamedTuple):
    a: int
    b: str


@pytest.mark.parametrize(
    ("written", "text", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT :a::text", "SELECT $1::text", ("a",)),
        (":b :a :b", "$1 $2 $1", ("b", "a")),
        (":log_ids::uuid[]", "$1::uuid[]", ("log_ids",)),
        ("a::text::json", "a::text::json", ()),
        ("(array_agg(id))[1:10]", "(array_agg(id))[1:10]", ()),
        ("-- :a, can't\n:b", "-- :a, can't\n$1", ("b",)),
        ("'HH24:mi' || ':a' || :b", "'HH24:mi' || ':a' || $1", ("b",)),
        ("'it''s :a' || :b", "'it''s :a' || $1", ("b",)),
        ('"a:b" = :c', '"a:b" = $1', ("c",)),
        ("'-- ' || :a", "'-- ' || $1", ("a",)),
    ],
)
def test_parameters_are_numbered_in_the_order_in_which_they_come_first(
    written: str, text: str, names: tuple[str, ...]
) -> None:
    statement = Statement("some", written)
    assert (statement.text, statement.names) == (text, names)


def test_arguments_go_by_name() -> None:
    statement = Statement("some", ":b :a :b")
    assert statement.arguments(a=1, b=2) == [2, 1]
    with pytest.raises(TypeError, match=r"statement some: missing \['b'\], unknown \['c'\]"):
        statement.arguments(a=1, c=2)
    with pytest.raises(TypeError, match=r"unknown \['c'\]"):
        statement.arguments(a=1, b=2, c=3)
    with pytest.raises(TypeError, match=r"missing \['a'\]"):
        statement.arguments(b=2)


def test_rows_are_arrays_by_the_names_of_their_fields() -> None:
    statement = Statement("some", ":b :a :c")
    rows = [Row(1, "x"), Row(2, "y")]
    assert statement.arguments(rows, c=3) == [("x", "y"), (1, 2), 3]
    assert statement.arguments(rows, a=0, c=3) == [("x", "y"), 0, 3], "what is named is not taken from the rows"
    assert statement.arguments([], c=3) == [(), (), 3]
    with pytest.raises(TypeError, match=r"missing \['c'\]"):
        statement.arguments(rows)


def test_no_statement_numbers_its_parameters_by_hand() -> None:
    for path in ROOT.glob("sql/**/*.sql"):
        assert not re.search(r"\$\d", path.read_text()), path


def test_every_array_of_an_unnest_has_a_named_column() -> None:
    """An unnest has as many names as arrays, so that no column is known by its position only."""
    told = 0
    for text in [*(statement.text for statement in SQL.values()), *TEMPLATES.values()]:
        for arrays, place, alias, columns in re.findall(
            r"\bunnest\(([^()]*)\)\s*(WITH ORDINALITY )?(?:AS (\w+) \(([^()]*)\))?", text
        ):
            assert alias, text
            assert len(arrays.split(",")) + bool(place) == len(columns.split(",")), text
            told += 1
    assert told > 20


def test_no_statement_inserts_or_selects_columns_by_their_place() -> None:
    for text in [*(statement.text for statement in SQL.values()), *TEMPLATES.values()]:
        assert not re.search(r"INSERT INTO \w+\s+(SELECT|VALUES)", text), text
        assert not re.search(r"SELECT (DISTINCT )?\*\s+FROM unnest\((?![^()]*\)\s*AS \w+ \()", text), text


def test_what_sql_and_python_share_is_written_once() -> None:
    """Statements take shared numbers from Python; migrations stay as they were applied, and are compared below."""
    shared = {name: value for name, value in FOR_SQL.items() if not value.isdecimal() or int(value) >= 100}
    assert shared
    for path in ROOT.glob("sql/**/*.sql"):
        for name, value in shared.items():
            assert not re.search(rf"(?<![\d'.]){re.escape(value)}(?!\d|, ')", path.read_text()), (path, name)


def test_migrations_know_the_same_states_and_what_is_shown_says_the_same_numbers() -> None:
    migrations = "\n".join(path.read_text() for path in sorted(ROOT.glob("migrations/*.sql")))
    open_items = re.findall(r"INDEX reprocess_items_in_flight .* WHERE state IN \(([^()]*)\)", migrations)
    assert open_items
    assert set(open_items) == {FOR_SQL["OPEN_ITEM_STATES"]}
    lists = re.findall(r"CHECK \(state IN \(([^()]*'same_error'[^()]*)\)\)", migrations)
    assert any({state.strip(" '\n") for state in each.split(",")} == set(ItemState) for each in lists), lists
    [phases] = re.findall(r"CHECK \(phase IN \(([^()]*)\)\)", migrations)
    assert tuple(each.strip("' ") for each in phases.split(",")) == get_args(Phase)
    for name, states in (("dead_letters", LETTER_STATES), ("redrive_items", REDRIVE_ITEM_STATES)):
        [listed] = re.findall(rf"CONSTRAINT {name}_state CHECK \(\s*state IN \(([^()]*)\)", migrations)
        assert tuple(each.strip(" '\n") for each in listed.split(",")) == states
    assert get_args(Phase)[-len(PHASES_WITH_ALL_ITEMS) :] == PHASES_WITH_ALL_ITEMS
    assert f"{DEAD_LETTER_BYTES:,} bytes" in str(ShownDeadLetter.model_fields["value"].description)
    assert f"{int(FOR_SQL['MAX_SHOWN_MESSAGE']):,} characters" in str(StatusLog.model_fields["message"].description)


_RUN = {"execute", "fetch", "fetchrow", "fetchval", "cursor", "copy_from_query", "executemany", "prepare"}
_SQL_WORDS = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|ORDER BY|GROUP BY|LIMIT|JOIN|AND \w+\.|AT TIME ZONE|CASE WHEN)\b"
    r"|\{\w+\}|\$\d"
)


def _text_put_together(tree: ast.AST) -> Iterator[ast.AST]:
    """Expressions that make a text of others, and have a word of SQL or a statement's text among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.BinOp) or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"replace", "format", "join", "substitute"}
        ):
            parts = list(ast.walk(node))
            words = [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            texts = [part for part in parts if isinstance(part, ast.Attribute) and part.attr == "text"]
            tables = [part for part in parts if isinstance(part, ast.Name) and part.id in {"SQL", "TEMPLATES"}]
            if texts or tables or any(_SQL_WORDS.search(str(word.value)) for word in words):
                yield node


def _run_as_made(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls of the driver with a text that is neither written out nor a statement's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RUN and node.args:
            first = node.args[0]
            of_driver = ast.unparse(node.func.value).endswith("connection")
            as_written = isinstance(first, ast.Constant) or (isinstance(first, ast.Name) and first.id.isupper())
            if of_driver and not (as_written or (isinstance(first, ast.Attribute) and first.attr == "text")):
                yield node


def test_sql_is_put_together_in_one_place() -> None:
    found = set()
    for name in ASSEMBLED:
        assert f"storage.{Path(name).stem}" in f"{filters.__name__} {filters.__doc__}"
    assert any(_text_put_together(ast.parse((ROOT / "columns.py").read_text())))
    for path in ROOT.rglob("*.py"):
        if path.name in ASSEMBLED and path.parent == ROOT:
            continue
        tree = ast.parse(path.read_text())
        for node in [*_text_put_together(tree), *_run_as_made(tree)]:
            found.add((path.relative_to(ROOT).as_posix(), ast.unparse(node)))
    # Where the names of the schema and of tables, which can be no arguments, are put in.
    assert {name for name, _node in found} <= {"migrate.py"}, found


@pytest.mark.parametrize(
    "mistake",
    [
        "f'SELECT {x}'",
        "'SELECT ' + x",
        "SQL['list'].text + x",
        "SQL['list'].text.replace('{filter}', x)",
        "'AND s.code = {}'.format(x)",
        "' AND '.join(TEMPLATES)",
    ],
)
def test_that_test_sees_text_that_is_put_together(mistake: str) -> None:
    assert list(_text_put_together(ast.parse(mistake)))
    assert list(_run_as_made(ast.parse(f"connection.fetch({mistake})")))
