"""Preferences of a person for every list, kept by their browser: the columns, and pages or one list that goes on."""

from typing import Literal

from schemas.catalogue import IntegrationType
from schemas.columns import CHOOSABLE, Column, log_columns

COLUMNS_COOKIE = "conexoes_columns"
PAGING_COOKIE = "conexoes_paging"
Paging = Literal["pages", "scroll"]
PAGINGS: tuple[Paging, ...] = ("pages", "scroll")
_BETWEEN = "."
#: A choice of no column but the key.
_NONE = "key"


def read_columns(text: str | None) -> tuple[str, ...] | None:
    """Return the names of a choice of columns; None for no choice. Names that are no column are left out."""
    if not text:
        return None
    names = text.split(_BETWEEN)
    return tuple(each for each in CHOOSABLE if each in names)


def write_columns(names: tuple[str, ...]) -> str:
    """Return a choice of columns as in an address or a cookie."""
    return _BETWEEN.join(names) or _NONE


def columns_of(kind: IntegrationType, chosen: tuple[str, ...] | None) -> list[Column]:
    """Return the columns of a list: those chosen, or the usual ones; the key in any case."""
    columns = log_columns(kind)
    if chosen is None:
        return [each for each in columns if each.listed]
    return [each for each in columns if each.name == _NONE or each.name in chosen]


def choosable(kind: IntegrationType) -> list[Column]:
    """Return the columns to choose from."""
    return [each for each in log_columns(kind) if each.name in CHOOSABLE]
