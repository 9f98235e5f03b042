"""The text of docs/schema.md."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cli.documents.schema import source
from cli.documents.schema.catalogue import Column, Function, Table

#: Targets of references, by the name of the column. There are no foreign keys: each would cost every result one more
#: look-up, and a target may be deleted first, or come later. Every `…_id` that is a uuid must be here.
REFERENCES = {
    "log_id": "status_logs",
    "after_id": "status_logs",
    "result_id": "received_results",
    "facet_id": "facets",
    "fingerprint": "faults",
    "before_fingerprint": "faults",
    "after_fingerprint": "faults",
    "command_id": "reprocess_commands",
    "reprocess_command_id": "reprocess_commands",
    "item_id": "reprocess_items",
    "joined_item_id": "reprocess_items",
    "followed_item_id": "reprocess_items",
    "reprocess_item_id": "reprocess_items",
    "letter_id": "dead_letters",
    "again_id": "dead_letters",
    "redrive_id": "redrives",
    "export_id": "exports",
    "key_id": "access_keys",
    "entry_id": "playbook_changes",
    "channel_id": "notification_channels",
    "rule_id": "notification_rules",
    "incident_id": "incidents",
}
#: Condition by which row-level security selects a reader's own rows.
_OWN = "(account = current_setting('conexoes.account'::text, true))"
#: Heading of the part that is made from the statements, without a database.
USES = "## Who uses what\n"

_HEAD = """# The schema

The tables of today, as a migrated database has them. `make schema` writes this page; a test compares it with a
database, and `make check` compares its digests with the migrations. The migrations say why each thing is as it is;
[decision 0022](decisions/0022-expand-migrate-contract.md) says how the schema may change.

Everything is in the PostgreSQL schema `conexoes` and belongs to the login that migrates. `conexoes_writer` is the role
of the agents and the write endpoints, `conexoes_reader` that of the query API; a reader's *own* rows are those of the
account in its setting `conexoes.account`. Texts of type `text "C"` are compared by code point.
"""
_DRAWN = """## Drawn

A line is a column that names a row of another table. There are no foreign keys: they would cost each result more
look-ups, and what is named may come later or be forgotten first. Every table but {but} has an account.
"""
_USES = """
Files are those of `storage/`; statements in them are called by their names (`SQL["fold"]`). A function that runs as the
owner writes what its caller may not. Found in the text of statements and functions, by the names of tables.
"""


def page(tables: list[Table], functions: list[Function]) -> str:
    """Return the whole page. Raises ValueError for a table whose comment lacks its meaning or its retention."""
    made_in = source.made_in()
    tables = sorted(tables, key=lambda table: list(made_in).index(table.name))
    parts = [_HEAD, _migrations(), _overview(tables), _drawing(tables)]
    meanings = source.meanings()
    for migration in source.migrations():
        of_it = [table for table in tables if made_in[table.name] == migration]
        if of_it:
            parts.append(f"## {source.title(migration).capitalize()}\n")
            parts += [_table(table, meanings) for table in of_it]
    parts += [_functions(functions), _uses(table.name for table in tables)]
    return "\n".join(parts)


def refreshed(text: str) -> str:
    """Return the page with a new last part; the rest, which needs a database, stays as it is."""
    of_database, _, _ = text.partition(USES)
    return of_database + _uses(named(of_database))


def named(text: str) -> list[str]:
    """Return the tables that a page has."""
    return [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]


def row_of(migration: Path) -> str:
    """Return the line of a migration, which differs as soon as the file does."""
    digest = source.digest(migration)[:16]
    return f"| [{migration.stem}](../storage/migrations/{migration.name}) | {source.title(migration)} | `{digest}` |"


def _migrations() -> str:
    return _listed("## Migrations\n", ("migration", "makes", "SHA-256"), []) + "".join(
        f"{row_of(each)}\n" for each in source.migrations()
    )


def _overview(tables: list[Table]) -> str:
    rows = [(f"[{table.name}](#{table.name})", *_what_and_kept(table)) for table in tables]
    return _listed("## Tables\n", ("table", "what it is", "kept"), rows)


def _what_and_kept(table: Table) -> tuple[str, str]:
    what, _, kept = table.comment.partition(" Kept ")
    if not kept:
        raise ValueError(f"the comment on {table.name} does not say how long its rows are kept: “… Kept for ever.”")
    return what, kept.rstrip(".")


def _drawing(tables: list[Table]) -> str:
    lines = sorted(f"    {line}" for table in tables for line in _arrows(table))
    without = [table.name for table in tables if not any(column.name == "account" for column in table.columns)]
    but = " and ".join(f"`{name}`" for name in sorted(without))
    return "\n".join([_DRAWN.format(but=but), "```mermaid", "erDiagram", *lines, "```", ""])


def _arrows(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.type == "uuid" and column.name.endswith("_id") and column.name not in REFERENCES:
            raise ValueError(f"which table {table.name}.{column.name} refers to must be in REFERENCES")
        target = REFERENCES.get(column.name)
        if target is None or (target == table.name and column.name in table.primary_key):
            continue
        one = "||" if column.required else "|o"
        many = "o|" if set(table.primary_key) - {"account"} == {column.name} else "o{"
        yield f"{target} {one}--{many} {table.name} : {column.name}"


def _table(table: Table, meanings: dict[tuple[str, str], str]) -> str:
    columns = [
        (
            f"`{each.name}`",
            f"`{each.type}`",
            _needs(each),
            meanings.get((table.name, each.name), ""),
        )
        for each in table.columns
    ]
    hangs_on = [f"- primary key ({', '.join(table.primary_key)})"] if table.primary_key else ["- no key"]
    if table.partitioned:
        hangs_on.append(f"- partitions by `{table.partitioned}`")
    hangs_on += [f"- `{definition.replace('CREATE ', '', 1)}`" for definition in table.indexes.values()]
    hangs_on += [f"- `{definition}`" for definition in table.checks.values()]
    hangs_on += [f"- `{definition.replace('CREATE TRIGGER', 'trigger', 1)}`" for definition in table.triggers.values()]
    if table.parameters:
        hangs_on.append(f"- storage parameters: `{table.parameters}`")
    rights = [f"- **{each.role}**: {each.privileges.lower()}; {_rows(each.rows)}" for each in table.rights] or [
        "- only the owner"
    ]
    return "\n".join(
        [
            _listed(f"### {table.name}\n\n{table.comment}\n", ("column", "type", "", "meaning"), columns),
            *hangs_on,
            *rights,
            "",
        ]
    )


def _needs(column: Column) -> str:
    said = ["not null"] if column.required else []
    return ", ".join([*said, *([f"`{column.default}`"] if column.default else [])])


def _rows(condition: str | None) -> str:
    if condition is None:
        return "no row"
    if condition in ("true", _OWN):
        return "every row" if condition == "true" else "its own rows"
    return f"rows where `{condition}`"


def _functions(functions: list[Function]) -> str:
    rows = [
        (
            f"`{each.name}({each.arguments})`",
            "trigger" if each.is_trigger else f"`{each.result}`",
            "owner" if each.as_owner else "caller",
            "its triggers" if each.is_trigger else ", ".join(each.callers) or "the owner",
        )
        for each in functions
    ]
    return _listed("## Functions\n", ("function", "returns", "runs as", "may be called by"), rows)


def _uses(tables: Iterable[str]) -> str:
    of_functions = source.function_uses()
    of_files = source.file_uses()
    users = {f"`{name}()`": uses for name, uses in of_functions.items()} | {
        f"`{name}`": uses for name, uses in of_files.items()
    }
    partitions = source.partitions()
    rows = [
        (
            f"[{table}](#{table})",
            ", ".join(user for user, uses in users.items() if uses.writes & {table, *partitions[table]}),
            ", ".join(user for user, uses in users.items() if uses.reads & {table, *partitions[table]}),
        )
        for table in tables
    ]
    triggers = source.trigger_functions()
    calls = [
        (
            f"`{name}()`",
            ", ".join(
                [f"triggers of `{table}`" for table in sorted(triggers.get(name, ()))]
                + [user for user, uses in users.items() if name in uses.calls and user != f"`{name}()`"]
            )
            or "the owner, by hand",
        )
        for name in sorted(of_functions)
    ]
    return "\n".join(
        [
            _listed(f"{USES}{_USES}", ("table", "written by", "read by"), rows),
            _listed("", ("function", "called by"), calls),
        ]
    )


def _listed(head: str, titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table under a head."""
    lines = [titles, ("---",) * len(titles), *rows]
    drawn = "".join("| {} |\n".format(" | ".join(cell.replace("|", r"\|") for cell in line)) for line in lines)
    return f"{head}\n{drawn}" if head else drawn
