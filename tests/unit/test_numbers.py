"""Numbers of things on the command line: one log, not "1 logs"."""

import re
from pathlib import Path

import pytest

import cli
from cli.numbers import many


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "log", "0 logs"),
        (1, "log", "1 log"),
        (2, "marked log", "2 marked logs"),
        (1, "retry", "1 retry"),
        (3, "retry", "3 retries"),
        (2, "day", "2 days"),
    ],
)
def test_one_is_not_many(count: int, noun: str, said: str) -> None:
    assert many(count, noun) == said


def test_no_line_of_the_command_line_has_a_number_before_a_plural() -> None:
    a_plural = re.compile(r"\{[^}\"]*\b(count|total|rows|topic_partitions)[^}\"]*\} [a-z ]*s\b")
    for path in sorted(Path(cli.__file__).parent.glob("*.py")):
        assert a_plural.findall(path.read_text()) == [], path
