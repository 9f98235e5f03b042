"""`--json` wherever there is output: every command has it but those that run until they are stopped."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.lazy_group import COMMANDS, command_of
from cli.main import app

#: Commands that run until they are stopped, and whose lines are for a log.
SERVING = {"up", "agents", "api", "admin", "mcp", "bridge webhook"}


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, with all of its name."""
    within = getattr(command, "commands", None)
    if within is None:
        yield name, command
        return
    for each, command_within in within.items():
        yield from leaves(f"{name} {each}", command_within)


ALL = {name: leaf for command in COMMANDS for name, leaf in leaves(command, command_of(command))}


@pytest.mark.parametrize("name", ALL)
def test_a_command_with_output_says_it_as_json(name: str) -> None:
    options = {option for each in ALL[name].params for option in each.opts}
    assert ("--json" in options) == (name not in SERVING)


def test_the_walk_finds_the_commands_within_groups() -> None:
    assert set(ALL) > SERVING
    assert {"keys create", "keys list", "keys revoke", "dead-letters redrive", "bridge vtex-logs", "topics"} < set(ALL)


@pytest.mark.parametrize("options", [["--version", "--json"], ["--json", "--version"]])
def test_the_version_is_said_as_json_in_either_order(options: list[str]) -> None:
    done = CliRunner().invoke(app, options)
    assert (done.exit_code, list(json.loads(done.output))) == (0, ["version"])


def test_the_option_in_front_of_a_command_is_refused_and_not_ignored() -> None:
    done = CliRunner().invoke(app, ["--json", "keys", "list"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert done.exit_code == 2
    assert "goes behind the command" in done.output
