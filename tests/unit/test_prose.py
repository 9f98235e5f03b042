"""The first word of a docstring, or of a `#:` comment, is a verb or the thing's noun (CONTRIBUTING.md, Prose)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.documents.__main__ import ROOT

#: Packages whose docstrings keep the rule.
PACKAGES = (
    "admin",
    "agents",
    "api",
    "bench",
    "broker",
    "cli",
    "conexoes_connector",
    "connectors",
    "docs",
    "embedded",
    "exports",
    "mcp_server",
    "outbound",
    "schemas",
    "storage",
    "tests",
    "tracing",
)
#: Files of them that do not keep it yet.
LATER: set[str] = set()
#: First words after which the noun comes late or never. `The same` has none either.
NO_FIRST_WORD = re.compile(
    r"""(?:The\ same|
        what(?:ever)?|whether|who(?:ever|se|m)?|which|where|when|why|how|
        as|of|by|in|into|on|for|from|with|without|to|at|until|till|while|after|before|behind|since|because|if|than|so|
        that|those|these|this|they|there|its?|ours|same|such|
        nothing|something|not|never|only|instead|both
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)

FILES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in LATER
    and not any(
        part.startswith(".") for part in path.relative_to(ROOT).parts
    )  # bench/.peers, which `make bench` fetches
)


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each docstring and `#:` comment in a file."""
    source = path.read_text("utf-8")
    for comment in re.finditer(r"(?:^ *#: .+\n)+", source, re.MULTILINE):
        yield path.name, comment[0].lstrip(" #:")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield f"{path.name}:{node.body[0].lineno}", text


def keeps_the_rule(text: str) -> bool:
    return NO_FIRST_WORD.match(text) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_first_word_of_a_docstring_is_a_verb_or_a_noun(path: Path) -> None:
    assert not [(place, text) for place, text in docstrings(path) if not keeps_the_rule(text)]


def test_every_package_is_looked_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)
    assert all((ROOT / name).exists() for name in LATER)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Return the offset to fetch next.", True),
        ("The offset up to which a partition is stored.", True),
        ("`given`, or the name of the host.", True),
        ("Asked for by a command.", True),
        ("What a command asks for.", False),
        ("Whether a server listens.", False),
        ("The same for a digest.", False),
        ("As Faust's, but by batches.", False),
        ("Of a row in its list: a time.", False),
    ],
)
def test_the_rule(text: str, good: bool) -> None:  # noqa: FBT001
    assert keeps_the_rule(text) is good
