"""The SDK of connectors: emit results, take retries, answer them.

async with Connector("127.0.0.1:19092", source="/connectors/mlb") as connector:
    await connector.emit("price", account="demo", affiliate="MLB", key="SKU-1", status="success")
"""

from broker.security import Security
from conexoes_connector.connector import Connector
from conexoes_connector.errors import InvalidResultError
from conexoes_connector.retries import Handler, serve_retries
from conexoes_connector.retry import Answer, Retry
from schemas.raw_json import RawJson

__all__ = ["Answer", "Connector", "Handler", "InvalidResultError", "RawJson", "Retry", "Security", "serve_retries"]
