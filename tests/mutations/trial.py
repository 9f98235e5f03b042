"""One trial: the unit tests of a module against a mutant of it, in a process of its own.

The process is a fork of this one, which has imported the libraries and nothing of ours. A finder gives it the mutated
module in place of the file, so the work tree is only read; another process that a test starts has the real one.
"""

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import sys
import warnings
from collections.abc import Sequence
from enum import Enum
from types import CodeType, ModuleType
from typing import Final

import hypothesis
import pytest

from tests.mutations.importers import libraries
from tests.mutations.modules import ROOT
from tests.mutations.operators import Mutant

#: A mutant that never ends is found too. Far above what the unit tests of one module take on a loaded machine.
TIMEOUT_SECONDS: Final = 240.0
#: Time limit for the tests of all modules, on the unchanged code.
UNCHANGED_TIMEOUT_SECONDS: Final = 1800.0
_PYTEST: Final = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


class Outcome(Enum):
    """Outcome of the tests for a mutant."""

    FOUND = "found"
    SURVIVED = "survived"
    ENDLESS = "found: no test ended in time"
    UNTESTED = "survived: no unit test imports it"
    ERROR = "no outcome: the trial was killed, or pytest could not run"


def prepare() -> None:
    """Imports what every trial needs and no mutant can change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(libraries()):
            with contextlib.suppress(ImportError):  # a name that a module exports is no module
                importlib.import_module(name)


def outcome(mutant: Mutant | None, tests: Sequence[str]) -> Outcome:
    """Return the outcome of `tests` for `mutant`; with None, for the unchanged code."""
    if not tests:
        return Outcome.UNTESTED
    process = multiprocessing.get_context("fork").Process(target=_run, args=(mutant, tests))
    process.start()
    process.join(UNCHANGED_TIMEOUT_SECONDS if mutant is None else TIMEOUT_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        return Outcome.ENDLESS
    return of_exit(process.exitcode)


def of_exit(code: int) -> Outcome:
    """Return the outcome of a trial with exit code `code`: 1 is a test that failed. A signal's is negative."""
    return {0: Outcome.SURVIVED, 1: Outcome.FOUND}.get(code, Outcome.ERROR)


def _run(mutant: Mutant | None, tests: Sequence[str]) -> None:
    os.chdir(ROOT)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
    hypothesis.settings.register_profile(
        "mutations",
        derandomize=True,
        database=None,  # a mutant's failures are not the code's
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),  # no shrinking: one failure is enough
        max_examples=50,  # half of the usual
        deadline=None,  # a loaded machine must not count as found
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    os._exit(pytest.main([*_PYTEST, "--hypothesis-profile", "mutations", *tests]))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the mutant where its module is asked for, and nothing else."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        file = str(ROOT / self._mutant.path)
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self._mutant.tree))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.get_filename(fullname), "exec")
