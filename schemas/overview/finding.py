"""Findings: incidents that are not over, and differences from last week that none of them explains, worst first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from schemas.incident import Incident, Kind
from schemas.overview.comparison import Comparison, Difference

#: Things that are said; of more incidents, how many there are.
MOST: Final = 7
_RANK: Final = {kind: rank for rank, kind in enumerate(reversed(Kind))}
_WORSE: Final = {each: rank for rank, each in enumerate(Difference)}


class Finding(NamedTuple):
    """One thing that changed: an incident or a comparison."""

    affiliate: str | None  # None: of every affiliate, or of none
    integration_types: tuple[str, ...]  # empty: any
    since: datetime
    about: Incident | Comparison

    @property
    def incident(self) -> Incident | None:
        """Return the incident that it is; None for a comparison."""
        return self.about if isinstance(self.about, Incident) else None

    @property
    def comparison(self) -> Comparison | None:
        """Return the comparison that it is; None for an incident."""
        return None if isinstance(self.about, Incident) else self.about

    @property
    def is_of_failures(self) -> bool:
        """Return True when failures show it best, False when all that came does."""
        if isinstance(self.about, Incident):
            return self.about.kind not in (Kind.SILENCE, Kind.DEAD_LETTERS_RISE)
        return self.about.difference is not Difference.FEWER_RESULTS


def findings(incidents: Iterable[Incident], comparisons: Iterable[Comparison]) -> list[Finding]:
    """Return what changed, worst first.

    Critical incidents, then the others, each by kind, those that explain others first, then by count, then by age; then
    what is different from last week. What is better than it was is last.
    """
    found = [_of_incident(each) for each in incidents]
    known = list(found)
    found += [
        Finding(each.affiliate, each.integration_types, each.since, each)
        for each in comparisons
        if not _is_explained(each, known)
    ]
    return sorted(found, key=_place)


def _of_incident(incident: Incident) -> Finding:
    facts = incident.facts
    return Finding(incident.affiliate, tuple(facts.integration_types), facts.since or incident.opened_at, incident)


def _is_explained(comparison: Comparison, known: Sequence[Finding]) -> bool:
    """Return True when an incident is about the affiliate and a type of it; what is better is never one."""
    return comparison.difference is not Difference.FEWER_FAILURES and any(
        each.affiliate in (None, comparison.affiliate)
        and (not each.integration_types or not set(each.integration_types).isdisjoint(comparison.integration_types))
        for each in known
    )


def _place(finding: Finding) -> tuple[int, int, float, datetime, str]:
    about = finding.about
    if isinstance(about, Incident):
        urgent, size = 0 if about.severity == "critical" else 1, float(about.facts.count or 0)
        return urgent, _RANK[about.kind], -size, finding.since, str(about.incident_id)
    return 2, _WORSE[about.difference], -about.size, finding.since, about.affiliate
