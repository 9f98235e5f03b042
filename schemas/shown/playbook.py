"""The playbook as the query API lists it, and how much of what fails it explains."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.example import example
from schemas.filter import MAX_QUERY_CHARACTERS
from schemas.playbook import Origin, Playbook, PlaybookEntry, SeenError
from schemas.playbook.entry import ORIGINS
from schemas.shown.base import NOON, Shown

#: Days of which coverage tells.
COVERED_DAYS = 7


class ListedEntry(PlaybookEntry):
    """An entry of the playbook; of an account's own also who changed it last."""

    id: str | None = Field(default=None, description="of an own entry; else null")
    changed_by: str | None = Field(default=None, description="who changed an own entry last, as they say; else null")
    changed_with: str | None = Field(default=None, description="name of the access key of that change; else null")
    changed_at: datetime | None = Field(default=None, description="when; null for an entry that is not an own one")

    @property
    def place(self) -> tuple[int, str]:
        """Place in the list: own entries, then the file's, then shipped ones by marketplace."""
        names = (self.marketplace, self.code, self.message, self.fingerprint, self.integration_type, self.affiliate)
        return ORIGINS.index(self.origin), "\n".join(each or "" for each in names)


class PlaybookFilter(BaseModel):
    """Parameters that select entries of the playbook."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: (
        Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY_CHARACTERS, strip_whitespace=True)] | None
    ) = Field(default=None, description="text in a code, a message, a marketplace, a cause or a remedy, in any case")
    origin: Literal["own", "file", "shipped"] | None = Field(default=None, description="only entries of this origin")

    def matches(self, entry: PlaybookEntry) -> bool:
        """Return True for an entry that is selected."""
        if self.origin is not None and entry.origin != self.origin:
            return False
        if self.q is None:
            return True
        wanted = self.q.lower()
        texts = (entry.code, entry.message, entry.fingerprint, entry.marketplace, entry.affiliate)
        told = (text for each in (entry.cause, entry.what_to_do) for text in (each.pt, each.en, each.es))
        return any(wanted in each.lower() for each in (*texts, *told) if each)


class Coverage(Shown):
    """Errors of failed results of the last days, by where the entry about them is from."""

    model_config = example(
        since=NOON,
        results=1000,
        explained=0.93,
        own=120,
        file=40,
        shipped=770,
        by_class=50,
        unknown=20,
    )

    since: datetime = Field(description="whole hour of UTC, 7 days ago")
    results: int = Field(description="errors of results processed since; a result with two errors counts twice")
    explained: float | None = Field(description="share of own, file and shipped; null: nothing failed")
    own: int
    file: int
    shipped: int
    by_class: int = Field(description="errors of which only the kind is known")
    unknown: int = Field(description="errors of which nothing is known, and those of too rare faults to be looked at")


def coverage(playbook: Playbook, since: datetime, faults: Iterable[tuple[SeenError, int]], results: int) -> Coverage:
    """Say how many of the `results` the playbook explains. `faults` are the most frequent ones, with their results."""
    counts: dict[Origin, int] = dict.fromkeys(ORIGINS, 0)
    for error, number in faults:
        if (entry := playbook.about(error)) is not None:
            counts[entry.origin] += number
    explained = counts["own"] + counts["file"] + counts["shipped"]
    return Coverage(
        since=since,
        results=results,
        explained=explained / results if results else None,
        own=counts["own"],
        file=counts["file"],
        shipped=counts["shipped"],
        by_class=counts["class"],
        unknown=results - sum(counts.values()),
    )
