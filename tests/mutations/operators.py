"""Single-operator mutations of a module, by its syntax tree."""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from tests.mutations.modules import ROOT

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_SIGNS: Final[dict[type[ast.operator], type[ast.operator]]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_CHOICES: Final = {"min": "max", "max": "min"}


class Mutant(NamedTuple):
    """One module with one operator changed."""

    path: str  # from the root that names of modules begin at
    line_number: int
    line: str  # of the source, stripped
    before: str
    after: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Name of the module, as it is imported."""
        return self.path.removesuffix(".py").replace("/", ".")


def mutants_of(path: Path, root: Path = ROOT) -> list[Mutant]:
    """Every mutant of the module at `path`, somewhere below `root`, in the order of the source.

    Texts stay as they are, and so do the examples that documents show: the check of the documents holds those.
    """
    source = path.read_text()
    lines = source.splitlines()
    found = []
    whole = ast.parse(source)
    examples = {id(part) for node in ast.walk(whole) for part in _example(node)}
    for index, node in enumerate(ast.walk(whole)):
        for number in range(0 if id(node) in examples else len(_changes(node))):
            tree = ast.parse(source)
            twin = next(each for at, each in enumerate(ast.walk(tree)) if at == index)
            before = ast.unparse(twin)
            after = _changes(twin)[number]()
            at: int = getattr(twin, "lineno")  # noqa: B009 - every node that is changed has one
            line = lines[at - 1].strip()
            found.append(Mutant(path.relative_to(root).as_posix(), at, line, before, after, tree))
    return sorted(found, key=lambda each: each.line_number)


def _example(node: ast.AST) -> Iterator[ast.AST]:
    """Every part of the example that `node` is, if it is one."""
    match node:
        case ast.keyword(arg="examples") | ast.Call(func=ast.Name(id="example")):
            yield from ast.walk(node)
        case ast.Dict(keys=[ast.Constant(value="examples"), *_]) | ast.Dict(keys=[_, ast.Constant(value="examples")]):
            yield from ast.walk(node)


def _changes(node: ast.AST) -> list[Callable[[], str]]:
    """Return the possible changes of `node`: each changes it in place and returns its new text."""
    return [*_other_operators(node), *_other_values(node), *_other_flow(node)]


def _other_operators(node: ast.AST) -> Iterator[Callable[[], str]]:
    match node:
        case ast.Compare(ops=operators):
            for index, operator in enumerate(operators):
                others = [*operators[:index], _COMPARISONS[type(operator)](), *operators[index + 1 :]]
                yield partial(_set, node, "ops", others)
        case ast.BinOp(op=ast.Add() | ast.Sub() as sign) | ast.AugAssign(op=ast.Add() | ast.Sub() as sign):
            yield partial(_set, node, "op", _SIGNS[type(sign)]())
        case ast.BoolOp(op=operator):
            yield partial(_set, node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield partial(_become, node, operand)


def _other_values(node: ast.AST) -> Iterator[Callable[[], str]]:
    match node:
        case ast.Constant(value=bool() as truth):
            yield partial(_set, node, "value", not truth)
        case ast.Constant(value=int() | float() as number):
            yield partial(_set, node, "value", number + 1)
            if number >= 1:
                yield partial(_set, node, "value", number - 1)
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            yield partial(_set, node, "func", ast.copy_location(ast.Name(_CHOICES[name], ast.Load()), node))


def _other_flow(node: ast.AST) -> Iterator[Callable[[], str]]:
    match node:
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield partial(_set, node, "value", ast.copy_location(ast.Constant(None), node))
        case ast.Break():
            yield partial(_become, node, ast.Continue())
        case ast.Continue():
            yield partial(_become, node, ast.Break())


def _set(node: ast.AST, field: str, value: object) -> str:
    setattr(node, field, value)
    return ast.unparse(node)


def _become(node: ast.AST, other: ast.AST) -> str:
    """Turns `node` into `other`, where it stands."""
    node.__class__ = other.__class__
    for field, value in ast.iter_fields(other):
        setattr(node, field, value)
    return ast.unparse(node)
