"""Incidents, channels and rules of a test, and a real SMTP server that keeps what it gets."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope
from pydantic import SecretStr

from outbound.sealed import Sealer, new_key
from outbound.settings import NotificationSettings
from outbound.webhook import new_secret
from schemas.notification.rule import Rule
from storage.database import Database
from storage.notifications import definitions
from storage.notifications.definitions import Author, NewChannel

KEY = new_key()
SEALER = Sealer(KEY)
SECRET = new_secret()
SITE = "https://conexoes.store.example"
MARIA = Author("maria")


class Mailbox:
    """A mail server's handler that keeps each message, and answers what it is told to."""

    def __init__(self, on_message: Callable[[], None] = lambda: None) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"
        self._on_message = on_message

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        if self.answer.startswith("2"):
            self.messages.append(message)
        self._on_message()
        return self.answer


@asynccontextmanager
async def smtp(mailbox: Mailbox) -> AsyncIterator[int]:
    """Serve SMTP on a free port of this machine. Gives the port."""
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def settings(smtp_port: int, **changes: Any) -> NotificationSettings:
    """Settings for servers of this machine."""
    return NotificationSettings(
        channels_key=SecretStr(KEY),
        channels_allowed_networks=("127.0.0.0/8",),
        public_url=SITE,
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_security="none",
        smtp_from="conexoes@store.example",
        **changes,
    )


async def add_channel(writer: Database, kind: Any, address: str = "", account: str = "acme", **changes: Any) -> Any:
    """Make a channel, whose name is its kind; a webhook's secret is SECRET."""
    new = NewChannel(
        name=kind,
        kind=kind,
        shown="…",
        language="pt",
        time_zone="America/Sao_Paulo",
        events=[],
        address=None if kind == "topic" else SEALER.seal(address),
        secret=SEALER.seal(SECRET) if kind == "webhook" else None,
    )
    return await definitions.make_channel(writer, account, new._replace(**changes), MARIA)


async def add_rule(writer: Database, *channels: Any, account: str = "acme", **fields: Any) -> None:
    """Make a rule with these channels."""
    rule = Rule.model_validate({"name": "Tudo", **fields})
    await definitions.put_rule(writer, account, uuid.uuid4(), rule, channels=channels, author=MARIA)


async def add_incident(owner: asyncpg.Connection, edge: str = "opened", **changes: Any) -> int:
    """Open an incident, with its edge, in one transaction. Returns its id."""
    row = {
        "account": "acme",
        "kind": "group_escalates",
        "integration_type": "price",
        "affiliate": "MLB",
        "subject": "",
        "state": "open",
        "severity": "warning",
        "facts": json.dumps({"count": 135, "share": 0.48, "usual": 0.03, "code": "price.below_minimum"}),
        **changes,
    }
    names, places = ", ".join(row), ", ".join(f"${number}" for number in range(1, len(row) + 1))
    async with owner.transaction():
        values = f"({names}, opened_at, changed_at) VALUES ({places}, now(), now())"
        incident: int = await owner.fetchval(
            f"INSERT INTO incidents {values} RETURNING incident_id",
            *row.values(),
        )
        await add_edge(owner, incident, edge)
    return incident


async def add_edge(owner: asyncpg.Connection, incident: int, edge: str) -> None:
    """Add an edge of an incident, with its facts as they are."""
    await owner.execute(
        """INSERT INTO incident_edges (incident_id, account, edge, at, facts)
           SELECT incident_id, account, $2, clock_timestamp(), facts FROM incidents WHERE incident_id = $1""",
        incident,
        edge,
    )
