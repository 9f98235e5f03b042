"""A command is what its name says, and imports nothing that only others need."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli.commands
from cli.lazy_group import COMMANDS, command_of
from cli.main import app

#: Packages that are heavy, or whole processes, and the commands that need them.
NEEDED_BY = {
    "admin": ("admin",),
    "agents": ("agents",),
    "apprise": ("admin",),
    "authlib": ("admin",),
    "fastapi": ("admin", "agents", "api"),
    "faust": ("agents",),
    "mcp_server": ("mcp",),
    "openpyxl": ("admin", "api", "export", "reprocess"),
}


def test_every_module_is_a_command_and_every_command_a_module() -> None:
    modules = {path.stem for path in Path(cli.commands.__path__[0]).glob("[!_]*.py")}
    assert modules == {name.replace("-", "_") for name in COMMANDS}
    assert [command_of(name).name for name in COMMANDS] == list(COMMANDS)
    assert all(command_of(name).help for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_nothing_that_only_others_need(name: str) -> None:
    foreign = [each for each, needed_by in NEEDED_BY.items() if name not in needed_by]
    program = (
        f"import sys; import cli.main; from cli.lazy_group import command_of; command_of({name!r}); "
        f"print(sorted({{each.partition('.')[0] for each in sys.modules}} & set({foreign!r})))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]", found.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_that_is_nearly_a_command_is_told_which(name: str) -> None:
    ended = CliRunner().invoke(app, [f"{name[:-1]}x{name[-1]}"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert ended.exit_code == 2
    assert f"'{name}'" in ended.output.partition("Did you mean")[2]
