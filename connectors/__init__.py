"""The SDK of connectors: emit results, take retries, answer them.

async with Connector("127.0.0.1:19092", source="/connectors/mlb") as connector:
    await connector.emit("price", account="demo", affiliate="MLB", key="SKU-1", status="success")
"""

from broker.security import Security
from connectors.connector import Connector
from connectors.errors import InvalidResultError
from connectors.retries import Handler, serve_retries
from connectors.retry import Answer, Retry

__all__ = ["Answer", "Connector", "Handler", "InvalidResultError", "Retry", "Security", "serve_retries"]
