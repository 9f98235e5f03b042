"""The summary sheet: counts, change against the day before, and a chart by day.

It has two tables side by side, counts on the left and days on the right, since the chart draws columns of its own
sheet.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

from exports.excel import texts
from schemas.catalogue import IntegrationType, Language
from storage.exports.reader import Count

#: Affiliates that are listed, the largest first.
LARGEST = 50
#: Least number of days. There are as many days as rows on the left, so that the chart has no empty end.
MIN_DAYS = 14
_ORDER = ("status", "affiliate")


class Summary(NamedTuple):
    """Rows under headings, and the headings that the chart draws."""

    headings: list[str]
    rows: list[list[Any]]
    day: str  # heading of the days
    series: list[str]  # headings of the counts by day


def left_rows(language: Language, statuses: Mapping[str, str], counts: Sequence[Count]) -> list[list[Any]]:
    """Return counts: of all logs, then by status and affiliate."""
    in_all = [count for count in counts if count.kind == "status"]
    rows: list[list[Any]] = [
        [
            texts.KINDS["all"][language],
            "",
            sum(count.total for count in in_all),
            sum(count.last_day for count in in_all),
            sum(count.day_before for count in in_all),
        ]
    ]
    for kind in _ORDER:
        for count in [each for each in counts if each.kind == kind][:LARGEST]:
            name = statuses[count.name] if kind == "status" else count.name
            rows.append([texts.KINDS[kind][language], name, count.total, count.last_day, count.day_before])
    return [[*row, row[3] - row[4]] for row in rows]


def day_list(rows_on_the_left: int, today: date) -> list[date]:
    """Return the days to count, oldest first, up to `today`."""
    days = max(rows_on_the_left, MIN_DAYS)
    return [today - timedelta(days=back) for back in reversed(range(days))]


def summary(
    integration_type: IntegrationType,
    language: Language,
    statuses: Mapping[str, str],
    *,
    left: Sequence[Sequence[Any]],
    days: Sequence[date],
    by_day: Mapping[tuple[date, str], int],
) -> Summary:
    """Return the whole sheet. `statuses` are the words for statuses, `by_day` the counts of Snapshot.days."""
    series = [statuses[status] for status in integration_type.statuses]
    day = texts.DAY[language]
    left_headings = [each[language] for each in texts.COUNTS]
    right = [
        [each.isoformat(), *(by_day.get((each, status), 0) for status in integration_type.statuses)] for each in days
    ]
    empty_left, empty_right = [None] * len(left_headings), [None] * (1 + len(series))
    rows = [
        [*(on_left or empty_left), None, *(on_right or empty_right)] for on_left, on_right in zip_longest(left, right)
    ]
    return Summary([*left_headings, " ", day, *series], rows, day, series)
