"""Runs the webhook bridge: a connector that gives its work to a URL."""

import asyncio

from broker.security import PLAINTEXT, Security
from conexoes_connector.connector import Connector
from conexoes_connector.retries import serve_retries
from connectors.unique_name import unique_name
from connectors.webhook.deliver import Target
from connectors.webhook.settings import WebhookSettings
from outbound import http as outbound
from outbound.signature import Signer


async def bridge(
    servers: str, topic_prefix: str, settings: WebhookSettings, stop: asyncio.Event, *, security: Security = PLAINTEXT
) -> None:
    """Deliver retries until `stop` is set; what is being delivered then is ended in order.

    At least once: an offset is committed after the answer is in Kafka, or after the target said that it answers later.
    """
    source = settings.webhook_source
    async with (
        outbound.session(settings.webhook_allowed_networks, settings.webhook_timeout_seconds) as session,
        Connector(
            servers,
            source=source,
            own_topics=settings.webhook_own_topics,
            topic_prefix=topic_prefix,
            security=security,
        ) as connector,
    ):
        target = Target(
            session,
            settings.webhook_url,
            Signer(settings.webhook_secret.get_secret_value()),
            tries=settings.webhook_tries,
            accounts=settings.webhook_accounts,
        )
        await serve_retries(
            connector,
            dict.fromkeys(settings.webhook_types, target.deliver),
            affiliates=settings.webhook_affiliates or None,
            group=f"{topic_prefix}-{unique_name('webhook', source)}",
            stop=stop,
        )
