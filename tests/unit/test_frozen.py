"""Models and dataclasses, which packages pass to each other, are frozen: all that there are."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel, RootModel, ValidationError

import schemas

T = TypeVar("T")


def classes(package: ModuleType, base: type[T]) -> Iterator[type[T]]:
    """Every class of the package that is a `base`, where it is defined."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for _name, each in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
            if issubclass(each, base) and each.__module__ == found.name:
                yield each


MODELS = [each for each in classes(schemas, BaseModel) if each.model_fields and "[" not in each.__name__]
DATACLASSES: list[Any] = [each for each in classes(schemas, object) if dataclasses.is_dataclass(each)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__qualname__)
def test_a_model_is_frozen(model: type[BaseModel]) -> None:
    one = model.model_construct(root={}) if issubclass(model, RootModel) else model.model_construct()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(one, next(iter(model.model_fields)), None)


@pytest.mark.parametrize("made", DATACLASSES, ids=lambda made: made.__qualname__)
def test_a_dataclass_is_frozen(made: Any) -> None:
    one: Any = object.__new__(made)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, dataclasses.fields(made)[0].name, None)


@pytest.mark.parametrize("made", [each for each in DATACLASSES if len(dataclasses.fields(each)) > 1])
def test_many_values_have_names(made: Any) -> None:
    """Fields of a value with several are given by name, not by position: the next one may come between."""
    for parameter in inspect.signature(made).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
