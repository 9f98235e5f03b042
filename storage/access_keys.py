"""Access keys of the API, with an account and a role each. Only a SHA-256 of each key is kept."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from schemas.role import USUAL_RIGHTS, Role
from storage.database import Database
from storage.statements import SQL

EVERY_ACCOUNT = "*"
#: Limit of a key as it is given: a longer text is none, and is not looked up.
MAX_KEY_CHARACTERS = 200
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
    created_by: str | None = None  # None: before that was kept
    last_seen_at: datetime | None = None  # within a minute
    invited_until: datetime | None = None  # of an invitation: its link is good until then, and it is no key yet
    subject: str | None = None  # of a person who signs in by an issuer: its id of them, which no other has


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


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key to be made. A connector needs `source` and `affiliates`, and can't be of EVERY_ACCOUNT."""

    account: str
    role: Role
    name: str
    may_export: bool | None = None  # as in Rights; None: as its role usually has it
    may_see_evidence: bool | None = None
    source: str | None = None
    affiliates: Sequence[str] | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)


class KeyAuthor(NamedTuple):
    """A person who makes or revokes a key, and the grant that they came by, if any."""

    requested_by: str
    grant: Grant | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the statements that keep it."""
        grant = self.grant
        return {
            "requested_by": self.requested_by,
            "by_key_id": grant and grant.key_id,
            "by_key_name": grant and grant.name,
        }


#: Author of keys that Conexões makes for itself.
OURSELVES = KeyAuthor("conexoes")


async def create(owner: Database, account: str, role: Role, name: str, **more: Any) -> str:
    """Make a key for Conexões itself, with fields of NewKey. Returns its secret, as `make` does."""
    return await make(owner, NewKey(account=account, role=role, name=name, **more), OURSELVES)


async def make(database: Database, key: NewKey, author: KeyAuthor, *, invited_seconds: float | None = None) -> str:
    """Make a key, as the owner or the writer; the activity says who did. Returns its secret, which can't be read again.

    With `invited_seconds` it is an invitation, good for so long, and its secret goes into the link.
    """
    secret = new_secret()
    usual = USUAL_RIGHTS[key.role]
    async with database.connection() as connection:
        await SQL["make_access_key"].execute(
            connection,
            account=key.account,
            id=key.id,
            name=key.name,
            role=key.role,
            digest=digest(secret),
            may_export=usual.may_export if key.may_export is None else key.may_export,
            may_see_evidence=usual.may_see_evidence if key.may_see_evidence is None else key.may_see_evidence,
            source=key.source,
            affiliates=None if key.affiliates is None else list(key.affiliates),
            invited_for=invited_seconds,
            **author.arguments(),
        )
    return secret


async def list_all(owner: Database) -> list[AccessKey]:
    """Return every key and invitation, revoked ones too, by account and age."""
    async with owner.connection() as connection:
        return [AccessKey(**row) for row in await SQL["list_access_keys"].fetch(connection)]


async def list_of(writer: Database, accounts: Sequence[str]) -> list[AccessKey]:
    """Return every key and invitation of these accounts, revoked ones too, by account and age."""
    async with writer.connection() as connection:
        rows = await SQL["keys_of_accounts"].fetch(connection, accounts=list(accounts))
        return [AccessKey(**row) for row in rows]


async def revoke(
    database: Database, key_id: uuid.UUID, author: KeyAuthor = OURSELVES, *, accounts: Sequence[str] | None = None
) -> bool:
    """Revoke a key or invitation of these accounts, None for any; the activity says who did.

    Returns False when there is none of that id, or it was revoked before.
    """
    async with database.connection() as connection:
        revoked = await SQL["revoke_access_key"].fetchval(
            connection, accounts=None if accounts is None else list(accounts), id=key_id, **author.arguments()
        )
        return revoked is not None


async def accept(writer: Database, invitation: str) -> str | None:
    """Make a key of an invitation, once. Returns the key's secret; None when the invitation is not good (any more)."""
    secret = new_secret()
    async with writer.connection() as connection:
        name = await SQL["accept_invitation"].fetchval(connection, invited=digest(invitation), digest=digest(secret))
        return None if name is None else secret


async def saw(database: Database, grant: Grant) -> None:
    """Keep that a key was used just now. Raises StorageUnavailable where the database is read-only."""
    async with database.writing() as connection:
        await SQL["saw_access_key"].execute(connection, account=grant.account, id=grant.key_id)


async def find(database: Database, secret_digest: bytes) -> Grant | None:
    """Return the grant of the key with this digest; None when there is no such key, or it was revoked."""
    async with database.connection() as connection:
        row = await SQL["find_access_key"].fetchrow(connection, digest=secret_digest)
        return Grant(**row) if row else None
