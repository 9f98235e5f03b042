"""`conexoes check`: what would become of events in files, by the reader of the agents; no server is needed."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.filter_options import STDIN
from cli.installation import UnusableError
from schemas.catalogue import IntegrationType
from schemas.check import alterations_of, check, events_in
from schemas.json_document import dump
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import Result
from schemas.shown.check import check_of
from schemas.sources import Sources


class Checked(NamedTuple):
    """One event of a file, and what would become of it."""

    file: str
    position: int  # in the file, the first is 0
    outcome: Result | Refusal


def checked(files: list[str], of_type: IntegrationType | None, sources: Sources | None = None) -> Iterator[Checked]:
    """Yield each event of each file in order, by this host's clock. Raises UnusableError for a file without any.

    With `sources`, a result that its source may not send is refused. Which topic it will come by is not known here: the
    source's own is assumed.
    """
    for file in files:
        found = None
        for position, event in enumerate(events_in(_content(file), of_type)):
            outcome = check(event, time.time_ns())
            if isinstance(outcome, Result) and sources is not None:
                outcome = sources.refusal(outcome) or outcome
            found = Checked(file, position, outcome)
            yield found
        if found is None:
            raise UnusableError(f"{file}: there is no event in it.")


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as exc:
        raise UnusableError(f"{file}: can't be read: {exc.strerror}") from exc


def line_of(each: Checked) -> str:
    """Return an event as text: a line, and one more for each further reason and each alteration."""
    place = f"{each.file}:{each.position}"
    if isinstance(each.outcome, Refusal):
        reasons = "\n    ".join(say(reason, "en") for reason in each.outcome.reasons)
        return f"{place}  refused  {each.outcome.code}: {reasons}"
    result = each.outcome
    told = [result.integration_type, f"{result.account}/{result.affiliate}/{result.key}", result.status, result.code]
    altered = "".join(f"\n    altered: {say(reason, 'en')}" for reason in alterations_of(result))
    return f"{place}  stored   {'  '.join(part for part in told if part)}{altered}"


def document_of(each: Checked) -> str:
    """Return an event as one line of JSON: as a dry run of `POST /events/results` shows it, and its file."""
    document = check_of(each.position, each.outcome).model_dump_json()
    return f'{{"file":{dump(each.file).decode()},{document[1:]}'
