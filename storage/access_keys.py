"""Access keys of the API, with an account and a role each. Only a SHA-256 of each key is kept."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.role import USUAL_RIGHTS, Role
from storage.database import Database
from storage.statements import SQL

EVERY_ACCOUNT = "*"
_PREFIX = "cnx_"
_RANDOM_BYTES = 32


class AccessKey(NamedTuple):
    """A key as it is listed, without the secret, which is shown once, when the key is made."""

    account: str  # EVERY_ACCOUNT for all
    id: uuid.UUID
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None
    may_export: bool
    may_see_evidence: bool
    source: str | None = None  # of a connector: the one that it posts results of
    affiliates: list[str] | None = None  # of a connector: those that it posts results of


class Grant(NamedTuple):
    """Account and rights of the bearer of a key."""

    account: str
    role: Role
    name: str
    may_export: bool
    may_see_evidence: bool
    key_id: uuid.UUID | None  # None: the bootstrap key
    source: str | None = None  # as in AccessKey
    affiliates: list[str] | None = None


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret. A slow hash protects guessable secrets only; these are 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret() -> str:
    """Return `cnx_` and 43 random characters."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


async def create(
    owner: Database,
    account: str,
    role: Role,
    name: str,
    *,
    may_export: bool | None = None,
    may_see_evidence: bool | None = None,
    source: str | None = None,
    affiliates: Sequence[str] | None = None,
) -> str:
    """Make a key. Returns its secret, which can't be read again. A connector needs `source` and `affiliates`, and
    can't be of EVERY_ACCOUNT.

    `may_export` and `may_see_evidence` are as in Rights; None is as its role usually has it.
    """
    secret = new_secret()
    usual = USUAL_RIGHTS[role]
    async with owner.connection() as connection:
        await SQL["insert_access_key"].execute(
            connection,
            account=account,
            id=uuid.uuid4(),
            name=name,
            role=role,
            digest=digest(secret),
            may_export=usual.may_export if may_export is None else may_export,
            may_see_evidence=usual.may_see_evidence if may_see_evidence is None else may_see_evidence,
            source=source,
            affiliates=None if affiliates is None else list(affiliates),
        )
    return secret


async def list_all(owner: Database) -> list[AccessKey]:
    """Return every key, revoked ones too, by account and age."""
    async with owner.connection() as connection:
        return [AccessKey(**row) for row in await SQL["list_access_keys"].fetch(connection)]


async def revoke(owner: Database, key_id: uuid.UUID) -> bool:
    """Revoke a key. Returns False when there is none of that id, or it was revoked before."""
    async with owner.connection() as connection:
        return await SQL["revoke_access_key"].fetchval(connection, id=key_id) is not None


async def find(database: Database, secret_digest: bytes) -> Grant | None:
    """Return the grant of the key with this digest; None when there is no such key, or it was revoked."""
    async with database.connection() as connection:
        row = await SQL["find_access_key"].fetchrow(connection, digest=secret_digest)
        return Grant(**row) if row else None
