"""The group of all commands, of which only the one that is asked for is imported.

A worker that starts would import the pages, the workbooks and the assistant as well: seconds of its start, and memory.
"""

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


class LazyGroup(TyperGroup):
    """Finds commands by their names. What says something about all of them, as the help does, imports them all."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the parent's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002
        return command_of(cmd_name) if cmd_name in COMMANDS else None


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
