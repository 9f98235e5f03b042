"""The sending side of a connector."""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from broker.outage import Outages
from broker.publisher import Publisher, Record
from broker.repeated_lines import quiet_kafka
from broker.security import PLAINTEXT, Security
from conexoes_connector.log import Log
from conexoes_connector.result_event import result_record
from schemas.topics import DEFAULT_PREFIX, Topics

log = Log(__name__)


class Connector:
    """Emits results; `async with` it. One object serves a whole process, from any number of tasks at once."""

    def __init__(
        self,
        servers: str,
        *,
        source: str,
        own_topics: str | None = None,
        topic_prefix: str = DEFAULT_PREFIX,
        security: Security = PLAINTEXT,
    ) -> None:
        """`servers` is `host:port,…`; `source` names this connector, a URI-reference such as `/connectors/mlb`;
        `own_topics` is the `connector` that CONEXOES_SOURCES has for it, if its results go to topics of its own;
        `security` says how to enter a Kafka with TLS or logins.
        """
        self.servers = servers
        self.security = security
        self.source = source
        self._own_topics = own_topics
        self.topics = Topics(prefix=topic_prefix)
        self._outages = Outages(log)
        quiet_kafka()
        self._publisher = Publisher(
            servers, security=security, client_id=source.strip("/").replace("/", "-") or "connector"
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._publisher.close()

    async def emit(
        self,
        integration_type: str,
        *,
        event_id: str | None = None,
        time: datetime | None = None,
        correlationid: str | None = None,
        traceparent: str | None = None,
        **data: Any,
    ) -> None:
        """Send one result; return when Kafka has it, waiting for Kafka as long as it takes.

        `data` are the fields of a result: account, affiliate, key, status and what else there is. `traceparent` is W3C
        Trace Context; a retry of this result has it too. A RawJson as a value is sent digit for digit. Raises
        InvalidResultError, naming the field, for what the agents would refuse. A result whose acknowledgement is lost
        is sent again with the same id, so it counts once.
        """
        record = result_record(
            self.topics,
            integration_type,
            data,
            source=self.source,
            own_topics=self._own_topics,
            event_id=event_id,
            time=time,
            correlationid=correlationid,
            traceparent=traceparent,
        )
        await self.send(record)

    async def send(self, record: Record) -> None:
        """Send a record that is ready; return when Kafka has it."""
        for pause in pauses():
            try:
                await self._publisher.publish(record)
            except BrokerUnavailable as exc:
                self._outages.failed("emit", str(exc))
                await asyncio.sleep(pause)
            else:
                self._outages.worked("emit")
                return
