"""The OpenAPI document of the admin app, which serves every path."""

from typing import Any

from fastapi import FastAPI

from admin.app import build_admin
from admin.session import Sessions
from api.authentication import Authenticator
from broker.publisher import Publisher
from schemas.policy import Policy
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings


def unconnected_admin(bootstrap_key: str | None = None) -> FastAPI:
    """Return the admin app, of which nothing is connected: for who looks at its routes."""
    nowhere = Database("postgresql://nowhere", "reader", StorageSettings())
    return build_admin(
        nowhere,
        nowhere,
        Publisher("nowhere:1"),
        authenticator=Authenticator(nowhere, bootstrap_key),
        policy=Policy(),
        topics=Topics(),
        sessions=Sessions(b"none"),
    )


def openapi() -> dict[str, Any]:
    """Return the answer of `GET /openapi.json`, without any connection."""
    return unconnected_admin().openapi()
