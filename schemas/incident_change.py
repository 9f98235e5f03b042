"""The state machine of incidents: signals of one moment, and the incidents of before, in; what changes, out.

    (a signal) → open → escalated → resolved → (back within REOPENED_WITHIN) open, …

One thing that goes wrong is one incident, however many kinds of figures show it. docs/incidents.md says which signals
join an incident, and what resolves it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.incident import Edge, IncidentFacts, Kind, Severity, State, Unwatched
from schemas.signal import LONGEST_SILENCE, Figures, Signal

#: The data must have been without a signal for so long before an incident is over.
CALM = timedelta(minutes=10)
#: A thing that is back within so long after it was over is the same incident again.
REOPENED_WITHIN = timedelta(hours=2)
#: Time within which all that begins at one affiliate is one thing, whatever its kind and type.
JOINS_WITHIN = timedelta(minutes=30)
#: Fingerprints that the facts name.
MAX_FAULTS = 10
#: Figures that move are written once in so long; edges, kinds and types at once.
_REFRESHED = timedelta(minutes=1)

_RANK = {kind: rank for rank, kind in enumerate(Kind)}
_OF_FAULTS = frozenset({Kind.NEW_FAULT, Kind.GROUP_ESCALATES})


class Known(NamedTuple):
    """An incident that isn't over, or not for long."""

    incident_id: int | None  # None: it is opened by this change
    kind: Kind
    integration_type: str | None
    affiliate: str | None
    subject: str
    state: State
    severity: Severity
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    facts: IncidentFacts


class Change(NamedTuple):
    """An incident as it is to be kept, with the edge that made it so, if one did."""

    incident: Known
    edge: Edge | None


def changes(known: Sequence[Known], figures: Figures, signals: Iterable[Signal]) -> list[Change]:
    """Return the changes of an account's incidents, each at most once. The same signals again change nothing."""
    gravest_first = sorted(
        signals, key=lambda each: (-_RANK[each.kind], not each.opens, each.affiliate or "", each.types)
    )
    open_ = [_Growing(each) for each in known if each.state is not State.RESOLVED]
    over = [each for each in known if each.state is State.RESOLVED]
    for signal in gravest_first:
        at = figures.time_of(signal.types)
        covering = [each for each in open_ if each.covers(signal, at)]
        for each in covering:
            each.take(signal, at)
        for each in open_:
            each.keep(signal, at)
        if covering or not signal.opens:
            continue
        before = next((each for each in over if _is_back(each, signal, at)), None)
        if before is not None:
            over.remove(before)
            growing = _Growing(before, Edge.REOPENED)
        else:
            growing = _Growing(_opened(signal, at), Edge.OPENED)
        growing.take(signal, at)
        open_.append(growing)
    return [change for each in open_ if (change := each.change(figures)) is not None]


class _Growing:
    """An incident while the signals of one moment are taken in."""

    def __init__(self, before: Known, edge: Edge | None = None) -> None:
        self._before, self._edge = before, edge
        self._taken: list[Signal] = []
        self._at = before.opened_at
        self._kept_at: datetime | None = None

    def covers(self, signal: Signal, at: datetime) -> bool:
        """Tell if a signal is about the thing that this incident is."""
        mine, kinds = self._before, {*self._before.facts.kinds, *(each.kind for each in self._taken)}
        if Kind.REPROCESS_STOPPED in (mine.kind, signal.kind):
            return (mine.kind, mine.subject) == (signal.kind, signal.subject)
        if not signal.opens and signal.kind not in mine.facts.kinds:
            return False
        if mine.affiliate is None or signal.affiliate is None:
            # A silence of the whole account has the narrower ones in it, with the retries that nobody answers.
            wide = Kind.SILENCE in kinds and signal.kind in (Kind.SILENCE, Kind.BREAKER_OPENED)
            return (mine.affiliate == signal.affiliate and signal.kind in kinds) or (mine.affiliate is None and wide)
        return mine.affiliate == signal.affiliate and self._is_of_one(signal, at, kinds)

    def _is_of_one(self, signal: Signal, at: datetime, kinds: set[Kind]) -> bool:
        """Tell if a signal at the same affiliate is about the same thing."""
        if signal.kind in _OF_FAULTS and signal.subject in self._faults():
            return True
        if at - self._before.opened_at < JOINS_WITHIN and signal.opens:
            return True
        if signal.kind in _OF_FAULTS and (kinds <= _OF_FAULTS or not signal.opens):
            return False
        return signal.kind in kinds or self._shares_a_type(signal)

    def take(self, signal: Signal, at: datetime) -> None:
        """Let a signal be part of this incident."""
        self._taken.append(signal)
        self._at = max(self._at, at)

    def keep(self, signal: Signal, at: datetime) -> None:
        """Let the silence of the whole account keep this one open, if it is one of an affiliate: it has that in it."""
        if signal.kind is Kind.SILENCE and signal.affiliate is None and Kind.SILENCE in self._before.facts.kinds:
            self._kept_at = at

    def change(self, figures: Figures) -> Change | None:
        """Return what is to be kept of it; None when nothing changed."""
        if self._taken:
            return self._grown()
        if self._kept_at is None:
            return self._calm(figures)
        if not _aged(self._before.facts, self._kept_at):
            return None
        facts = self._before.facts.model_copy(update={"seen_at": self._kept_at})
        return Change(self._before._replace(facts=facts), None)

    def _grown(self) -> Change | None:
        before = self._before
        was = before.facts
        kinds = sorted({*was.kinds, *(each.kind for each in self._taken)}, key=_RANK.__getitem__)
        # What is too little to open an incident is too little to say that it is about another type.
        begun = {type_ for each in self._taken if each.opens for type_ in each.types}
        types = sorted({*was.integration_types, *begun})
        if not was.integration_types and self._edge is None:
            types = []  # it is of any type
        graver = _RANK[kinds[-1]] > _RANK[before.kind]
        critical = before.severity == "critical" and self._edge is not Edge.REOPENED
        got_critical = not critical and any(each.critical for each in self._taken)
        edge, state = self._edge, before.state
        if edge is not None:
            state = State.OPEN
        elif got_critical or graver:
            edge, state = Edge.ESCALATED, State.ESCALATED
        elif (kinds, types) != (was.kinds, was.integration_types):
            edge = Edge.JOINED
        facts = self._facts(kinds, types)
        after = before._replace(
            kind=kinds[-1],
            integration_type=types[0] if len(types) == 1 else None,
            state=state,
            severity="critical" if critical or got_critical else "warning",
            changed_at=before.changed_at if edge is None else self._at,
            resolved_at=None,
            facts=facts,
        )
        told = (after.kind, after.integration_type, after.severity, facts.kinds, facts.integration_types, facts.faults)
        known = (before.kind, before.integration_type, before.severity, was.kinds, was.integration_types, was.faults)
        if edge is None and told == known and not _aged(was, self._at):
            return None
        return Change(after, edge)

    def _facts(self, kinds: list[Kind], types: list[str]) -> IncidentFacts:
        """Return the figures of the gravest kind that shows now, added up, with the first fault of all."""
        was = self._before.facts
        head = max(self._taken, key=lambda each: (_RANK[each.kind], each.facts.count or 0))
        alike = [each.facts for each in self._taken if each.kind is head.kind]
        faulty = next((each for each in (was, *(signal.facts for signal in self._taken)) if each.fingerprint), None)
        begun = [each.facts.since for each in self._taken if each.facts.since is not None]
        if was.since is not None and self._edge is None:
            begun.append(was.since)
        count = _sum(each.count for each in alike) if head.kind is not Kind.NEW_FAULT else head.facts.count
        of = _sum(each.of for each in alike)
        return head.facts.model_copy(
            update={
                "count": count,
                "of": of,
                "share": count / of if count is not None and of else None,
                "minutes": max((each.minutes for each in alike if each.minutes is not None), default=None),
                "since": min(begun, default=self._at),
                "code": faulty.code if faulty is not None else head.facts.code or was.code,
                "fingerprint": faulty.fingerprint if faulty is not None else None,
                "faults": list(dict.fromkeys((*was.faults, *self._faults())))[:MAX_FAULTS],
                "kinds": kinds,
                "integration_types": types,
                "seen_at": self._at,
            }
        )

    def _calm(self, figures: Figures) -> Change | None:
        """Return the end of an incident that has had no signal for long enough, by the data of its types."""
        before = self._before
        if not figures.as_of.keys() >= set(before.facts.integration_types):
            return None
        at = figures.time_of(before.facts.integration_types or figures.as_of)
        if at - (before.facts.seen_at or before.changed_at) < CALM:
            return None
        facts = before.facts.model_copy(update={"unwatched": self._unwatched(figures)})
        return Change(before._replace(state=State.RESOLVED, changed_at=at, resolved_at=at, facts=facts), Edge.RESOLVED)

    def _unwatched(self, figures: Figures) -> Unwatched | None:
        """Return the kind that says nothing any more though it is not over."""
        mine, facts = self._before, self._before.facts
        if mine.kind is Kind.REPROCESS_STOPPED:
            return "reprocess_stopped"
        if Kind.SILENCE not in facts.kinds:
            return None
        since = facts.since or mine.opened_at
        lasts = [
            (each.last, figures.time_of((each.integration_type,)))
            for each in figures.pairs
            # What fell silent before is no part of it.
            if mine.affiliate in (None, each.affiliate)
            and each.integration_type in facts.integration_types
            and each.last >= since
        ] or [(since, figures.time_of(facts.integration_types))]
        return "silence" if any(at - last >= LONGEST_SILENCE for last, at in lasts) else None

    def _faults(self) -> list[str]:
        return [*self._before.facts.faults, *(fault for each in self._taken for fault in each.facts.faults)]

    def _shares_a_type(self, signal: Signal) -> bool:
        types = {*self._before.facts.integration_types, *(type_ for each in self._taken for type_ in each.types)}
        return not types or not signal.types or not types.isdisjoint(signal.types)


def _opened(signal: Signal, at: datetime) -> Known:
    return Known(
        incident_id=None,
        kind=signal.kind,
        integration_type=None,
        affiliate=signal.affiliate,
        subject=signal.subject,
        state=State.OPEN,
        severity="warning",
        opened_at=at,
        changed_at=at,
        resolved_at=None,
        facts=IncidentFacts(),
    )


def _is_back(over: Known, signal: Signal, at: datetime) -> bool:
    """Tell if a signal is the thing that an incident was, which was over only a moment ago."""
    if over.resolved_at is None or at - over.resolved_at >= REOPENED_WITHIN or over.affiliate != signal.affiliate:
        return False
    if signal.kind not in over.facts.kinds:
        return False
    if signal.kind is Kind.REPROCESS_STOPPED:
        return over.subject == signal.subject
    if signal.kind in _OF_FAULTS:
        return signal.subject in over.facts.faults
    types = set(over.facts.integration_types)
    return not types or not signal.types or not types.isdisjoint(signal.types)


def _aged(was: IncidentFacts, at: datetime) -> bool:
    return was.seen_at is None or at - was.seen_at >= _REFRESHED


def _sum(counts: Iterable[int | None]) -> int | None:
    given = [each for each in counts if each is not None]
    return sum(given) if given else None
