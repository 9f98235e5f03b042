"""The one filter as options: every field of `LogFilter`, for every command that takes the filter."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from schemas.catalogue import BY_NAME
from schemas.filter import FIELDS, FilterField

Account = Annotated[str, typer.Option("--account", help="account of the logs")]
Type = Annotated[str | None, typer.Option("--type", help=", ".join(BY_NAME))]

#: Name of a file, and value of an option, that is read from standard input instead.
STDIN = "-"
#: Fields that were given, by name.
Given = dict[str, Any]


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each field of the filter; its parameter `filter_` gets the given ones."""
    own = inspect.signature(command, eval_str=True)
    parameters = []
    for each in own.parameters.values():
        parameters += [_option(field) for field in FIELDS.values()] if each.name == "filter_" else [each]

    @wraps(command)
    def run(**given: Any) -> None:
        filter_ = {name: value for name in FIELDS if (value := given.pop(name)) not in (None, [])}
        command(filter_=filter_, **given)

    # Typer reads both.
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _option(field: FilterField) -> inspect.Parameter:
    help_ = f"{field.description}; may be repeated" if field.is_repeatable else field.description
    option = typer.Option(f"--{field.name.replace('_', '-')}", help=help_)
    kind = list[str] if field.is_repeatable else str
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )
