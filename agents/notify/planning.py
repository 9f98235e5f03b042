"""Plans messages: each edge of an incident, by each rule that tells it, to each channel of that rule."""

from collections.abc import Callable, Sequence
from datetime import datetime

from agents.notify.apart import apart
from agents.process.rounds import rounds
from schemas.incident import Edge
from schemas.notification.heard import news, since_its_end
from schemas.notification.message import MessageState
from schemas.notification.notice import Told, notice
from schemas.notification.rule import Window, due
from schemas.playbook import Playbook
from storage.database import Connection, Database
from storage.notifications.planning import (
    InForce,
    add_notice,
    edges_heard,
    plan_alone,
    put_into_digest,
    rules_in_force,
    supersede,
    take_edges,
    windows_in_force,
    with_own_entries,
)

_AT_ONCE = 200
_EVERY_SECONDS = 0.5


class Planning:
    """Runs in every worker; they take turns by an advisory lock, so that edges of an incident are planned in order."""

    def __init__(
        self,
        database: Database,
        *,
        playbook: Callable[[], Playbook] = Playbook,
        public_url: str | None = None,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        """`playbook` is asked for each message. `public_url`: links begin with it; without it there are none."""
        self._database = database
        self._playbook = playbook
        self._public_url = public_url
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Plan until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("planning notifications", self.plan, full=_AT_ONCE, pause_seconds=self._every_seconds)

    async def plan(self, at_most: int = _AT_ONCE) -> int:
        """Plan the messages about some edges. Returns the number of edges.

        One transaction: edges are taken and their messages are in the outbox, or neither.
        """
        async with self._database.transaction() as connection:
            now = await plan_alone(connection)
            tolds = await take_edges(connection, at_most) if now is not None else []
            if now is None or not tolds:
                return 0
            accounts = {each.account for each in tolds}
            rules = await rules_in_force(connection, accounts)
            windows = await windows_in_force(connection, accounts, now)
            playbooks = {each: await with_own_entries(connection, self._playbook(), each) for each in accounts}
            for told in tolds:
                own = [window for account, window in windows if account == told.account]
                for each in rules:
                    if each.account == told.account:
                        await self._tell(connection, told, each, own, now=now, playbook=playbooks[told.account])
        return len(tolds)

    async def _tell(
        self,
        connection: Connection,
        told: Told,
        by: InForce,
        windows: Sequence[Window],
        *,
        now: datetime,
        playbook: Playbook,
    ) -> None:
        if not by.rule.tells(told.about) and told.edge is not Edge.RESOLVED:
            return
        async with apart(connection, account=told.account, edge_id=told.edge_id, rule=str(by.rule_id)):
            await self._plan_message(connection, told, by, windows, now=now, playbook=playbook)

    async def _plan_message(
        self,
        connection: Connection,
        told: Told,
        by: InForce,
        windows: Sequence[Window],
        *,
        now: datetime,
        playbook: Playbook,
    ) -> None:
        replaces = await supersede(connection, told, by, now)
        heard = await edges_heard(connection, told, by.rule_id, by.channel_id)
        edge = news(by.rule, told.edge, told.about, heard, replaces=replaces)
        if edge is None:
            return
        when = due(by.rule, windows, by.reader.zone, now, told.about)
        # It began and ended within a maintenance window: nobody is told, and the log says so.
        within = edge is Edge.RESOLVED and any(each.has(told.began_at, told.about) for each in windows)
        state: MessageState = "muted" if within and when.maintenance and not since_its_end(heard) else "waiting"
        if when.digest and state == "waiting":
            await put_into_digest(connection, told, by, when.at)
            return
        content = notice(told._replace(edge=edge), by.reader, playbook=playbook, public_url=self._public_url)
        await add_notice(connection, told, by, when, content=content, state=state)
