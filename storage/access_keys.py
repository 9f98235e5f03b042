"""Keys of the API: who may see and do what. Only a SHA-256 of each is kept."""

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import NamedTuple

from schemas.role import Role
from storage.database import Database
from storage.statements import SQL

EVERY_ACCOUNT = "*"
_PREFIX = "cnx_"
_RANDOM_BYTES = 32


class AccessKey(NamedTuple):
    """A key as it is listed: the secret is shown once, when it is made."""

    account: str  # EVERY_ACCOUNT for all
    id: uuid.UUID
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None
    may_export: bool


class Grant(NamedTuple):
    """What the bearer of a key may do."""

    account: str
    role: Role
    name: str
    may_export: bool
    key_id: uuid.UUID | None  # None: the bootstrap key


def digest(secret: str) -> bytes:
    """SHA-256 is enough for 256 random bits: there is nothing to guess that a slow hash would protect."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret() -> str:
    """`cnx_` and 43 characters."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


async def create(owner: Database, account: str, role: Role, name: str, *, may_export: bool | None = None) -> str:
    """Make a key. Returns its secret, which can't be read again.

    `may_export`: it may carry away everything that a filter matches; None is yes but for a viewer.
    """
    secret = new_secret()
    may_export = role != "viewer" if may_export is None else may_export
    async with owner.connection() as connection:
        await SQL["insert_access_key"].execute(
            connection,
            account=account,
            id=uuid.uuid4(),
            name=name,
            role=role,
            digest=digest(secret),
            may_export=may_export,
        )
    return secret


async def list_all(owner: Database) -> list[AccessKey]:
    """Every key, revoked ones too, by account and age."""
    async with owner.connection() as connection:
        return [AccessKey(**row) for row in await SQL["list_access_keys"].fetch(connection)]


async def revoke(owner: Database, key_id: uuid.UUID) -> bool:
    """End a key. False when there is none of that id, or it was revoked before."""
    async with owner.connection() as connection:
        return await SQL["revoke_access_key"].fetchval(connection, id=key_id) is not None


async def find(database: Database, secret_digest: bytes) -> Grant | None:
    """What the key with this digest grants; None when there is no such key, or it was revoked."""
    async with database.connection() as connection:
        row = await SQL["find_access_key"].fetchrow(connection, digest=secret_digest)
        return Grant(**row) if row else None
