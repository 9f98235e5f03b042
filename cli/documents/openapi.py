"""The OpenAPI document of the admin app, which serves every path."""

from typing import Any

from admin.app import build_admin
from admin.session import Sessions
from api.authentication import Authenticator
from broker.publisher import Publisher
from schemas.policy import Policy
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings


def openapi() -> dict[str, Any]:
    """Return the answer of `GET /openapi.json`, without any connection."""
    nowhere = Database("postgresql://nowhere", "reader", StorageSettings())
    app = build_admin(
        nowhere,
        nowhere,
        Publisher("nowhere:1"),
        authenticator=Authenticator(nowhere, None),
        policy=Policy(),
        topics=Topics(),
        sessions=Sessions(b"none"),
    )
    return app.openapi()
