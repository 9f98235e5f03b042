"""docs/connector-examples.md: whole connectors, from the files that the tests run."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
_EXAMPLES = ROOT / "docs" / "examples"
#: Files by language, as a reader chooses.
EXAMPLES = {
    "JavaScript": _EXAMPLES / "connector.mjs",
    "Java": _EXAMPLES / "Connector.java",
    "Python": ROOT / "conexoes_connector" / "example.py",
    "PHP": _EXAMPLES / "connector.php",
}
PAGE = ROOT / "docs" / "connector-examples.md"
_FENCES = {".mjs": "javascript", ".java": "java", ".py": "python", ".php": "php"}

_HEAD = """# Whole connectors

Each of these is a program that a connector can begin as. It sends two results of type `price`: a success, and a failure
with two errors and its evidence. Then it takes retries, does the work again in one function, and answers each of them
once. How to run it stands at its beginning; all settings are environment variables.
[For connector teams](connectors.md) says what the rules are, and
[which mistakes are easily made](connectors.md#mistakes-that-are-easily-made).

`make documents` makes this page from the files, which `make test` runs.
"""


def connector_examples() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_section(language, path) for language, path in EXAMPLES.items())


def _section(language: str, path: Path) -> str:
    name, code = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    return f"\n## {language}\n\n`{name}`\n\n```{_FENCES[path.suffix]}\n{code.rstrip()}\n```\n"
