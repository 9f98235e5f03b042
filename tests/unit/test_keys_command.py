"""`conexoes keys create`: what it refuses before it makes a key."""

import pytest
from typer.testing import CliRunner

from cli.main import app as command_line

CONNECTOR = ["--role", "connector", "--source", "/connectors/mlb", "--affiliate", "MLB"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--account", "*", *CONNECTOR], "such a key is of one account"),
        (["--account", "acme", *CONNECTOR, "--evidence"], "it can't have --export or --evidence"),
        (["--account", "acme", "--role", "connector"], "needs --source, and --affiliate"),
        (["--account", "acme", "--source", "/s"], "are of --role connector"),
        (["--account", "Acme"], "must be 1 to 64 of a-z"),
        (["--account", "acme", "--name", " Conexoes "], "the name conexoes is that of Conexões itself"),
        (["--account", "acme", "--name", "n" * 201], "--name: must have at most 200 characters"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_a_sentence(options: list[str], said: str) -> None:
    ended = CliRunner().invoke(command_line, ["keys", "create", *options])
    assert said in str(ended.exception)
