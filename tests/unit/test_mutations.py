"""Mutations of `make mutations`, and its knowledge of the tests of each pure module."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutations import modules
from tests.mutations.__main__ import exit_code, sample
from tests.mutations.importers import nearest_tests
from tests.mutations.modules import pure_modules
from tests.mutations.operators import mutants_of
from tests.mutations.trial import Outcome, of_exit


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b", ["a <= b"]),
        ("a >= b != c", ["a > b != c", "a >= b == c"]),
        ("a is b", ["a is not b"]),
        ("a in b", ["a not in b"]),
        ("a + b", ["a - b"]),
        ("a -= b", ["a += b"]),
        ("a and b and c", ["a or b or c"]),
        ("not a", ["a"]),
        ("a = 0", ["1"]),
        ("a = 5", ["6", "4"]),
        ("a = True", ["False"]),
        ("min(a, b)", ["max(a, b)"]),
        ("def f():\n    return a", ["return None"]),
        ("def f():\n    return None", []),
        ("while a:\n    break", ["continue"]),
        ("while a:\n    continue", ["break"]),
        ("'text'", []),
        ("f(examples=[5])", []),
        ("example(a=5)", []),
        ("f({'examples': [5], 'n': a})", []),
    ],
)
def test_one_operator_is_changed(tmp_path: Path, source: str, mutants: list[str]) -> None:
    file = tmp_path / "module.py"
    file.write_text(source)
    found = mutants_of(file, tmp_path)
    assert [each.after for each in found] == mutants
    assert {(each.path, each.module) for each in found} <= {("module.py", "module")}
    for each in found:
        assert each.after in ast.unparse(each.tree)
        compile(each.tree, "module", "exec")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, Outcome.SURVIVED),
        (1, Outcome.FOUND),
        *((code, Outcome.ERROR) for code in (2, 3, 4, 5, -9, -11, 137)),
    ],
)
def test_only_a_test_that_fails_finds_a_mutant(code: int, said: Outcome) -> None:
    assert of_exit(code) is said


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({Outcome.FOUND: 85, Outcome.SURVIVED: 15}, 0),
        ({Outcome.FOUND: 80, Outcome.ENDLESS: 5, Outcome.UNTESTED: 15}, 0),
        ({Outcome.FOUND: 84, Outcome.SURVIVED: 16}, 1),
        ({Outcome.FOUND: 84, Outcome.SURVIVED: 10, Outcome.ERROR: 6}, 1),
        ({}, 0),
    ],
)
def test_it_fails_when_too_few_are_found(counts: dict[Outcome, int], code: int) -> None:
    assert exit_code(Counter(counts)) == code


def test_each_pure_module_is_tested_by_somebody() -> None:
    for path in pure_modules():
        assert nearest_tests(".".join(path.relative_to(modules.ROOT).with_suffix("").parts)), path


def test_a_sample_is_even_and_the_same_for_a_seed() -> None:
    by_module = [mutants_of(path) for path in pure_modules() if path.stem in {"breaker", "version", "filter", "csv"}]
    drawn = sample(by_module, 1, 20)
    assert drawn == sample(by_module, 1, 20)
    assert drawn != sample(by_module, 2, 20)
    assert {sum(each.path == of[0].path for each in drawn) for of in by_module} == {5}
