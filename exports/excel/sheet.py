"""A sheet of a workbook as both writers take it: values, and how they look."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

#: Form of a column's cells: text whatever it begins with, a time as days, a share of 1, or what its value says.
Form = Literal["text", "time", "share", "plain"]
#: Number formats of the forms, as Excel writes them.
NUMBER_FORMATS: Mapping[Form, str] = {
    "text": "@",
    "time": "yyyy-mm-dd hh:mm:ss.000",
    "share": "0.0%",
    "plain": "General",
}
#: Background of headings.
HEADING_GROUND = "#E7EAEE"
CHART_WIDTH, CHART_HEIGHT = 720, 360  # in pixels


class Colour(NamedTuple):
    """Colours of cells that begin with a text."""

    begins_with: str
    text: str
    ground: str


class Chart(NamedTuple):
    """A chart of whole columns of its own sheet, one stack of bars for each row, to the right of the table."""

    title: str
    categories: str  # heading of the column
    series: Sequence[str]  # headings of the columns


class Sheet(NamedTuple):
    """One sheet: a table under headings, none of which is there twice."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]  # read once
    widths: Sequence[float]  # in characters
    forms: Sequence[Form] = ()  # of the columns; none: all are plain
    is_table: bool = True  # with filters, and its first column stays when one scrolls to the right
    coloured: str | None = None  # heading of the column with colours
    colours: Sequence[Colour] = ()
    clickable: str | None = None  # heading of the column whose texts are links
    choices: tuple[str, str, str] | None = None  # heading of a column to fill in, the text that is right, a hint
    numbers_as_text: Sequence[str] = ()  # headings of columns in which a number is meant to be text
    chart: Chart | None = None
