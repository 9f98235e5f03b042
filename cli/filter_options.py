"""A filter as options: every field of `LogFilter` or of `LetterFilter`, for every command that takes it."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from cli.installation import UnusableError
from schemas.catalogue import BY_NAME
from schemas.filter import FIELDS, FilterField
from schemas.letter_filter import LETTER_FIELDS

Account = Annotated[str, typer.Option("--account", help="account of the logs")]
Type = Annotated[str | None, typer.Option("--type", help=", ".join(BY_NAME))]

#: Name of a file, and value of an option, that is read from standard input instead.
STDIN = "-"
#: Fields that were given, by name.
Given = dict[str, Any]


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each field of the filter of logs."""
    return _with_fields(command, FIELDS)


def with_letter_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each field of the filter of dead letters."""
    return _with_fields(command, LETTER_FIELDS)


def need_known(integration_type: str | None) -> None:
    """Raise UnusableError for a type that the catalogue doesn't have."""
    if integration_type is not None and integration_type not in BY_NAME:
        raise UnusableError(f"--type: one of {', '.join(BY_NAME)}.")


def _with_fields(command: Callable[..., None], fields: Mapping[str, FilterField]) -> Callable[..., None]:
    """Return the command with an option for each field; its parameter `filter_` gets the given ones."""
    own = inspect.signature(command, eval_str=True)
    parameters = []
    for each in own.parameters.values():
        parameters += [_option(field) for field in fields.values()] if each.name == "filter_" else [each]

    @wraps(command)
    def run(**given: Any) -> None:
        filter_ = {name: value for name in fields if (value := given.pop(name)) not in (None, [])}
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
