"""Imports of modules by unit tests, direct or indirect: read from the source, without importing anything."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.mutations.modules import ROOT

#: Everything of ours that a unit test can import.
OURS: Final = (
    *(
        "admin",
        "agents",
        "api",
        "broker",
        "cli",
        "conexoes_connector",
        "connectors",
        "embedded",
        "exports",
        "outbound",
        "schemas",
    ),
    "storage",
)
_SEARCHED: Final = (*OURS, "tests/support")


def nearest_tests(module: str) -> list[str]:
    """The unit tests that import `module` over the fewest other modules, so directly where any do; [] if none does.

    Those that are named after the module come first. `import schemas`, of a package, is how a test says that it walks
    over all that is in it.
    """
    reached = {module, module.partition(".")[0]}
    while True:
        tests = [str(test) for test in _unit_tests() if _imports(test) & reached]
        if tests:
            return sorted(tests, key=lambda test: (module.rpartition(".")[2] not in Path(test).stem, test))
        further = reached | {name for name, imports in _graph().items() if imports & reached}
        if further == reached:
            return []
        reached = further


def libraries() -> set[str]:
    """Every module of others that the product and its unit tests import."""
    files = [*(file for folder in _SEARCHED for file in (ROOT / folder).rglob("*.py")), *_unit_tests()]
    names = {name for file in [*files, ROOT / "tests/conftest.py"] for name in _imports(file)}
    return {name for name in names if name.partition(".")[0] not in {*OURS, "tests", "bench"}}


@cache
def _unit_tests() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "tests/unit").rglob("test_*.py")))


@cache
def _graph() -> Mapping[str, frozenset[str]]:
    files = [file for folder in _SEARCHED for file in (ROOT / folder).rglob("*.py")]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): _imports(file) for file in files}


@cache
def _imports(file: Path) -> frozenset[str]:
    return frozenset(_imported(ast.parse(file.read_text())))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if not (ROOT / node.module.replace(".", "/")).is_dir():
                yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
