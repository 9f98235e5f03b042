"""The subject of a search for causes: whose results are affected, and when it began."""

from datetime import datetime
from typing import NamedTuple, Self

from schemas.incident import Incident, Kind

#: Kinds that are about results which came: the others are about what did not, or could not be read.
_OF_RESULTS = frozenset({Kind.NEW_FAULT, Kind.GROUP_ESCALATES, Kind.FAILURE_SHARE, Kind.BREAKER_OPENED})


class Subject(NamedTuple):
    """An incident, or a group of equal errors."""

    integration_type: str | None  # None: of no one type
    affiliate: str | None  # None: of no one affiliate
    faults: tuple[str, ...]  # fingerprints
    in_general: bool  # more results fail than usually, with whatever error; else those with one of the faults
    began: datetime | None  # None: nobody can say
    ended: datetime | None  # None: it is not over
    has_results: bool = True  # that are affected

    @classmethod
    def of_incident(cls, incident: Incident) -> Self:
        """The subject of an incident: of its first type, where it is about several."""
        facts = incident.facts
        of_results = _OF_RESULTS.intersection({incident.kind, *facts.kinds})
        faults = [facts.fingerprint, *facts.faults] if facts.fingerprint else facts.faults
        types = [incident.integration_type] if incident.integration_type else facts.integration_types
        return cls(
            types[0] if types else None,
            incident.affiliate,
            tuple(dict.fromkeys(faults)),
            in_general=incident.kind in (Kind.FAILURE_SHARE, Kind.BREAKER_OPENED) or not faults,
            began=facts.since or incident.opened_at,
            ended=incident.resolved_at,
            has_results=bool(of_results and types and incident.affiliate),
        )
