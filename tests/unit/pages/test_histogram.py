"""Columns to the hundredth, in a box of 600 by 72."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from admin.pages.histogram import Bar, Chart, draw, window
from schemas.filter import LogFilter

T0 = datetime(2026, 11, 24, tzinfo=UTC)


class Span(NamedTuple):
    from_: datetime
    to: datetime
    by_status: dict[str, int]


def drawn(*counts: dict[str, int]) -> Chart:
    chart = draw([Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), each) for n, each in enumerate(counts)])
    assert chart is not None
    return chart


def test_columns_share_the_width_and_the_highest_has_the_height() -> None:
    chart = drawn({"error": 1}, {"error": 0}, {"error": 3, "success": 1})
    assert (chart.width, chart.height, chart.highest) == (600, 72, 4)
    assert [column.total for column in chart.columns] == [1, 0, 4]
    assert [column.start for column in chart.columns] == [T0 + timedelta(hours=n) for n in range(3)]
    assert [column.bars for column in chart.columns] == [
        [Bar("error", 1, 0.0, 54.0, 198.5, 18.0)],
        [],
        [Bar("error", 3, 400.0, 18.0, 198.5, 54.0), Bar("success", 1, 400.0, 0.0, 198.5, 18.0)],
    ]


def test_one_failure_among_thousands_is_two_high() -> None:
    [column] = drawn({"error": 1, "warning": 1, "success": 10_000}).columns
    assert [bar.height for bar in column.bars] == [2.0, 2.0, 68.0]
    assert [bar.y for bar in column.bars] == [70.0, 68.0, 0.0]


def test_the_smallest_share_is_not_made_higher_than_it_is() -> None:
    [column] = drawn({"error": 1, "success": 35}).columns
    assert column.bars[0].height == 2.0
    [column] = drawn({"error": 1, "success": 31}).columns
    assert column.bars[0].height == 2.25


@pytest.mark.parametrize(("columns", "width"), [(1, 598.5), (100, 4.5), (240, 1.0), (600, 1.0)])
def test_a_column_is_never_thinner_than_one(columns: int, width: float) -> None:
    chart = drawn(*[{"error": 3, "success": 2}] * columns)
    assert {bar.width for column in chart.columns for bar in column.bars} == {width}
    assert chart.columns[-1].bars[0].x == round(600 / columns * (columns - 1), 2)


def test_a_status_that_is_not_known_stands_on_top() -> None:
    [column] = drawn({"new": 1, "error": 1, "warning": 1}).columns
    assert [bar.status for bar in column.bars] == ["error", "warning", "new"]
    assert [round(bar.height) for bar in column.bars] == [24, 24, 24]


def test_nothing_is_no_chart() -> None:
    assert draw([]) is None
    assert draw([Span(T0, T0, {"error": 0})]) is None


def test_the_week_before_is_a_line_through_the_middle_of_the_columns_and_is_in_the_box() -> None:
    spans = [Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), {"error": 1}) for n in range(3)]
    chart = draw(spans, [4, 0, 2])
    assert chart is not None
    assert chart.highest == 4
    assert chart.line == "100.00,0.00 300.00,72.00 500.00,36.00"
    assert [column.week_before for column in chart.columns] == [4, 0, 2]
    assert [column.bars[0].height for column in chart.columns] == [18.0, 18.0, 18.0]


def test_charts_of_one_period_show_a_moment_at_one_place() -> None:
    """One counts from the first log on by two hours, the other all hours of the period."""
    now = T0 + timedelta(hours=12)
    shown = window(LogFilter(processed_from=T0), now)
    hours = [Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), {"error": 1}) for n in range(12)]
    pairs = [Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 2), {"error": 1}) for n in range(6, 12, 2)]
    charts = [draw(each, within=shown) for each in (hours, pairs)]
    assert {(chart.start, chart.end) for chart in charts if chart} == {(T0, now)}
    places = [{column.start: column.bars[0].x for column in chart.columns} for chart in charts if chart]
    assert places[1] == {each.from_: places[0][each.from_] for each in pairs}


def test_a_column_at_an_end_of_the_period_is_not_cut() -> None:
    shown = window(LogFilter(processed_from=T0 + timedelta(minutes=30), processed_to=T0 + timedelta(minutes=90)), T0)
    chart = draw(
        [Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), {"error": 1}) for n in range(2)], within=shown
    )
    assert chart is not None
    assert (chart.start, chart.end) == (T0, T0 + timedelta(hours=2))
    assert window(LogFilter(processed_to=T0), T0) is None


def test_without_a_week_before_there_is_no_line() -> None:
    chart = drawn({"error": 1})
    assert (chart.line, chart.columns[0].week_before) == ("", None)


def test_nothing_now_is_drawn_where_there_was_something_last_week() -> None:
    chart = draw([Span(T0, T0, {})], [3])
    assert chart is not None
    assert chart.columns[0].bars == []


def test_a_column_says_how_many_have_a_status() -> None:
    [column] = drawn({"error": 2, "success": 3}).columns
    assert [column.of(status) for status in ("error", "warning", "success")] == [2, 0, 3]
