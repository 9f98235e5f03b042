"""The group of all commands, of which only the one that is asked for is imported.

A worker that starts would import the pages, the workbooks and the assistant as well: seconds of its start, and memory.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

#: Commands in the order of the help: each is the module of its name in cli.commands.
COMMANDS: Final = (
    "up",
    "agents",
    "api",
    "admin",
    "mcp",
    "migrate",
    "topics",
    "simulate",
    "reprocess",
    "export",
    "fingerprint",
    "check",
    "erase",
    "doctor",
    "keys",
    "bridge",
    "dead-letters",
)


class LazyCommands(Mapping[str, TyperCommand | TyperGroup]):
    """All commands by name. What looks at each of them, as the help does, imports them all."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in COMMANDS:
            raise KeyError(name)
        return command_of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """A group with all commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = cast("dict[str, Any]", LazyCommands())  # typer only reads


def command_of(name: str) -> TyperCommand | TyperGroup:
    """Return a command of COMMANDS, whose module is imported for it."""
    module = import_module(f"cli.commands.{name.replace('-', '_')}")
    if hasattr(module, "app"):
        group = get_group(module.app)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(module.command)
    return cast("TyperCommand", get_command(alone))
