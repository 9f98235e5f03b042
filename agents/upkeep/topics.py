"""Says which topics are missing, for as long as they are: what is written there waits, and all else goes on."""

import structlog

from agents.metrics import MISSING_TOPICS
from agents.process.rounds import rounds
from broker.outage import Outages
from broker.settings import BrokerSettings
from broker.topics import missing_topics

_EVERY_SECONDS = 60.0


class TopicWatch:
    """Looks for every topic of the installation, again and again."""

    def __init__(self, servers: str, settings: BrokerSettings) -> None:
        self._servers = servers
        self._settings = settings
        self._outages = Outages(structlog.get_logger(__name__))

    async def run(self) -> None:
        """Look until cancelled, waiting for Kafka as long as it takes."""
        await rounds("looking for topics", self.once, full=1, pause_seconds=_EVERY_SECONDS)

    async def once(self, _at_most: int = 1) -> int:
        """Look now. Raises BrokerUnavailable."""
        missing = await missing_topics(self._servers, self._settings, self._settings.topics.names())
        MISSING_TOPICS.set(len(missing))
        if missing:
            self._outages.failed("missing topics", f"{'; '.join(missing)}: run `conexoes topics`")
        else:
            self._outages.worked("missing topics")
        return 0
