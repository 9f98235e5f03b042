"""Progress of `conexoes simulate` on a terminal."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.numbers import many
from connectors.simulator.simulate import Report


@contextmanager
def progress_of(total: int | None) -> Iterator[Callable[[Report], None]]:
    """Give a function that shows a report; it shows nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _report: None
        return
    columns = (
        TextColumn("sent"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[answered]}"),
    )
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("sent", total=total, answered="")

        def show(report: Report) -> None:
            answered = f"{many(report.answered.total(), 'retry')} answered" if report.answered else ""
            bar.update(task, completed=report.total, answered=answered)

        yield show


def counted(counts: Mapping[str, int]) -> str:
    """Return counts as text: `486 result, 1 encoding`, or `none`."""
    return ", ".join(f"{count} {name!s}" for name, count in counts.items()) or "none"
