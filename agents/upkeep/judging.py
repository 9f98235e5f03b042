"""Judges incidents: says how far the data of this process goes, and in its turn what is wrong in each account."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from faust.types import TP

from agents.metrics import FRESHNESS, OPEN_INCIDENTS, RESULT_AGE
from agents.process.rounds import rounds
from schemas.catalogue import CATALOGUE
from schemas.incident import Kind, State
from schemas.incident_change import REOPENED_WITHIN, Change, Known, changes
from schemas.rhythm import FreshnessState, Rhythm
from schemas.signal import Figures, Signal, fresh, signals
from schemas.topics import Topics
from storage.database import Connection, Database, clock
from storage.incidents.figures import read_figures, usual_letters
from storage.incidents.incidents import keep, known_incidents
from storage.incidents.rhythms import PairName, last_learned, learn_rhythms, read_rhythms
from storage.incidents.sources import learn_sources
from storage.incidents.times import StoredUntil, move_times, set_stored_until, take_turn
from storage.logs.group_decisions import end_ignored

#: Seconds between two looks at how far the data goes.
_EVERY_SECONDS = 5.0
#: Seconds between two judgements, over all processes: 40 statements over counters, 20 ms of PostgreSQL for one account.
JUDGED_SECONDS = 15.0
#: Time after which it is learned anew what each hour of the week brings.
_LEARNED = timedelta(hours=1)
#: Series of one metric: more would be a burden to who scrapes them.
MAX_SERIES = 1000
_NOT_KNOWN = "unknown"

log = structlog.get_logger(__name__)


class Judging:
    """Runs in every worker; they take turns by an advisory lock, so that an incident changes once."""

    def __init__(
        self,
        database: Database,
        topics: Topics,
        ages: Callable[[float], Mapping[TP, float]],
        *,
        of_accounts: bool = False,
        judged_seconds: float = JUDGED_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ages`: seconds since all of each partition of this process was stored, by a time of PostgreSQL's clock.

        `of_accounts`: metrics name them.

        `monotonic`: seconds, by which what is shown gets old.
        """
        self._database = database
        #: The type of each topic of results.
        self._topics = {
            topics.results(each.name, connector): each.name
            for each in CATALOGUE
            for connector in (None, *topics.connectors)
        }
        self._ages = ages
        self._of_accounts = of_accounts
        self._judged_seconds = judged_seconds
        self._rhythms: dict[PairName, Rhythm] = {}
        self._letters: dict[str, float] = {}
        self._read_at: datetime | None = None
        self._is_to_learn = False
        self._monotonic = monotonic
        self._shown_at: float | None = None

    async def run(self) -> None:
        """Judge until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("judging", self.once, full=1, pause_seconds=_EVERY_SECONDS)

    async def once(self, _at_most: int = 1) -> int:
        """Say how far the data goes, then judge if it is this process's turn. Raises StorageUnavailable."""
        async with self._database.transaction() as connection:
            ages = self._ages((await clock(connection)).timestamp())
            stored = [StoredUntil(tp.topic, tp.partition, age) for tp, age in ages.items() if tp.topic in self._topics]
            await set_stored_until(connection, sorted(stored))
        async with self._database.transaction() as connection:
            judged = await self._judge(connection) if await take_turn(connection, self._judged_seconds) else None
        if self._is_to_learn:  # not in the transaction that judges: it takes longer the more affiliates there are
            async with self._database.transaction() as connection:
                await learn_rhythms(connection)
            await learn_sources(self._database)
            self._is_to_learn = False
        if judged is not None:
            self._show(*judged)
            self._shown_at = self._monotonic()
        elif self._shown_at is not None and self._monotonic() - self._shown_at > 2 * self._judged_seconds:
            _show_nothing()
            self._shown_at = None
        return 0

    async def _judge(self, connection: Connection) -> tuple[dict[str, Figures], Counter[Kind]]:
        """Change incidents in the caller's transaction, each with its edge. Returns figures, and what is open."""
        now = await clock(connection)
        await self._know_rhythms(connection, now)
        times = await move_times(connection, self._topics)
        figures = await read_figures(connection, times, self._rhythms, self._letters, self._topics)
        known = await known_incidents(connection, now - REOPENED_WITHIN - timedelta(hours=1))
        open_: Counter[Kind] = Counter()
        every: list[tuple[str, Signal]] = []
        for account in sorted(figures.keys() | known.keys()):
            mine = figures.get(account) or Figures(now, times.as_of, times.whole_since)
            of_account = signals(mine)
            every += [(account, each) for each in of_account]
            found = changes(known.get(account, []), mine, of_account)
            await keep(connection, account, found)
            open_.update(_still_open(known.get(account, []), found))
            for incident, edge in found:
                if edge is not None:
                    log.info("incident", account=account, edge=edge.value, kind=incident.kind.value)
            await asyncio.sleep(0)  # ingest has its turn between two accounts
        await end_ignored(connection, every)
        return figures, open_

    async def _know_rhythms(self, connection: Connection, now: datetime) -> None:
        """Know the rhythms: read them where they are newer, and see if nobody has learned them for an hour."""
        learned = await last_learned(connection)
        if (
            self._read_at is not None
            and now - self._read_at < _LEARNED
            and (learned is None or learned <= self._read_at)
        ):
            return
        self._is_to_learn = learned is None or now - learned >= _LEARNED
        self._rhythms = await read_rhythms(connection)
        self._letters = await usual_letters(connection)
        self._read_at = await clock(connection)

    def _show(self, figures: Mapping[str, Figures], open_: Counter[Kind]) -> None:
        """Show on /metrics what was judged."""
        for kind in Kind:
            OPEN_INCIDENTS.labels(kind.value).set(open_[kind])
        states: Counter[str] = Counter()
        ages: list[tuple[float, tuple[str, str, str, str]]] = []
        for account, mine in figures.items():
            for pair in mine.pairs:
                found = fresh(mine, pair).state
                state = _NOT_KNOWN if found is None else found.value
                states[state] += 1
                if self._of_accounts:
                    age = (mine.now - pair.last).total_seconds()
                    ages.append((age, (account, pair.affiliate, pair.integration_type, state)))
        for name in (*(each.value for each in FreshnessState), _NOT_KNOWN):
            FRESHNESS.labels(name).set(states[name])
        RESULT_AGE.clear()
        for age, labels in sorted(ages, reverse=True)[:MAX_SERIES]:
            RESULT_AGE.labels(*labels).set(age)


def _show_nothing() -> None:
    """Another process judges by now: what this one has shown is old."""
    for metric in (OPEN_INCIDENTS, FRESHNESS, RESULT_AGE):
        metric.clear()


def _still_open(known: list[Known], found: list[Change]) -> list[Kind]:
    changed = {each.incident.incident_id: each.incident for each in found}
    now = [changed.get(each.incident_id, each) for each in known]
    now += [each.incident for each in found if each.incident.incident_id is None]
    return [each.kind for each in now if each.state is not State.RESOLVED]
