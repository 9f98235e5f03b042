"""Builds the SDK's wheel: its modules, and below them those of our model and broker that they import.

The model is written once, in `schemas/` and `broker/`. A copy of what the SDK needs of it goes into the wheel, as
`conexoes_connector._schemas` and `conexoes_connector._broker`, so that it needs nothing else of ours and takes one
top-level name. What it needs is found by its imports: there is no list to forget.
"""

import ast
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SDK = "conexoes_connector"
#: Packages that are copied, by their names in the wheel.
COPIED = {"schemas": f"{SDK}._schemas", "broker": f"{SDK}._broker"}
_IMPORT = re.compile(rf"^(\s*(?:from|import) )({'|'.join(COPIED)})\b", re.MULTILINE)


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook of hatchling; the wheel is the same for every platform."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling passes it
        """Write the modules to a temporary directory, and have them included."""
        repository = Path(self.root).parent
        self._written = tempfile.TemporaryDirectory()
        root = Path(self._written.name)
        for name, text in modules(repository):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        (root / SDK / "py.typed").touch()
        build_data["force_include"][str(root / SDK)] = SDK
        build_data["force_include"][str(repository / "LICENSE")] = f"{SDK}/LICENSE"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the directory."""
        self._written.cleanup()


def modules(repository: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every file of the wheel."""
    found: dict[Path, str] = {}
    waiting = [SDK, *(f"{SDK}.{path.stem}" for path in (repository / SDK).glob("*.py") if path.stem != "hatch_build")]
    while waiting:
        path = _file_of(repository, waiting.pop())
        if path is None or path in found:
            continue
        text = path.read_text("utf-8")
        found[path] = text
        waiting += _imported(text)
    for path, text in sorted(found.items()):
        name = path.relative_to(repository).as_posix()
        package, _, rest = name.partition("/")
        yield f"{COPIED.get(package, package).replace('.', '/')}/{rest}", _IMPORT.sub(_renamed, text)


def _renamed(match: re.Match[str]) -> str:
    return match[1] + COPIED[match[2]]


def _imported(text: str) -> Iterator[str]:
    """Yield our modules that a module imports, and the packages that they are in."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] in {SDK, *COPIED}:
                yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _file_of(repository: Path, module: str) -> Path | None:
    """Return the file of a module or package; None for a name inside of one."""
    path = repository.joinpath(*module.split("."))
    return next((each for each in (path / "__init__.py", path.with_suffix(".py")) if each.is_file()), None)
