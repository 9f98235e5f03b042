"""Authenticates callers by bearer key, and authorises them for accounts and roles."""

import hmac
import time
from contextlib import suppress
from typing import Annotated, TypeVar, get_args

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer

from api.fairness import Places, hold_place
from api.problems import ProblemError, not_found
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.result import ACCOUNT
from schemas.role import Role
from storage.access_keys import EVERY_ACCOUNT, MAX_KEY_CHARACTERS, Grant, digest, find, saw
from storage.database import Database
from storage.errors import StorageError

#: Seconds for which a key is cached. A revoked key may still work for so long.
CACHE_SECONDS = 10.0
_CACHE_SIZE = 10_000
#: A key that does not exist is not looked up again for so long.
UNKNOWN_SECONDS = 3.0
#: Time between two updates of when a key was last seen.
SEEN_SECONDS = 60.0
#: Keys that were never good here are looked up so many at once: who guesses takes no more of the database.
MAX_GUESSES = 2
_RANK: dict[Role, int] = {role: rank for rank, role in enumerate(get_args(Role))}
T = TypeVar("T")


class Authenticator:
    """Finds what a key grants, in the database or as the bootstrap key."""

    def __init__(self, database: Database, bootstrap_key: str | None) -> None:
        self._database = database
        self._bootstrap = digest(bootstrap_key) if bootstrap_key else None
        self._found: dict[bytes, tuple[float, Grant]] = {}  # also what is too old: it tells whom we know
        self._unknown: dict[bytes, float] = {}  # digest → until when
        self._guesses = Places(MAX_GUESSES)
        self._seen: dict[bytes, float] = {}  # digest → when the database was told that the key is used

    async def grant(self, secret: str) -> Grant | None:
        """Return the grant of the key `secret`; None when there is no such key. Raises StorageUnavailable."""
        return await self.grant_of(digest(secret))

    @property
    def bootstrap(self) -> bytes | None:
        """SHA-256 of the bootstrap key, if there is one."""
        return self._bootstrap

    async def grant_of(self, secret_digest: bytes) -> Grant | None:
        """Return the grant of the key with this SHA-256; None when there is no such key.

        Raises StorageUnavailable, and the 429 problem while too many unknown keys are tried.
        """
        if self._bootstrap is not None and hmac.compare_digest(secret_digest, self._bootstrap):
            return Grant(EVERY_ACCOUNT, "admin", "bootstrap", may_export=True, may_see_evidence=True, key_id=None)
        cached = self._found.get(secret_digest)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[1]
        if time.monotonic() < self._unknown.get(secret_digest, 0.0):
            return None
        if cached is not None:
            grant = await find(self._database, secret_digest)
        else:
            async with self._guesses.one(""):
                grant = await find(self._database, secret_digest)
        if grant is None:
            self._found.pop(secret_digest, None)
            _keep(self._unknown, secret_digest, time.monotonic() + UNKNOWN_SECONDS)
        else:
            _keep(self._found, secret_digest, (time.monotonic(), grant))
            await self._saw(secret_digest, grant)
        return grant

    async def _saw(self, secret_digest: bytes, grant: Grant) -> None:
        """Keep that a key is used, once in SEEN_SECONDS. No request fails for it: a standby can't keep it."""
        now = time.monotonic()
        if now - self._seen.get(secret_digest, -SEEN_SECONDS) >= SEEN_SECONDS:
            _keep(self._seen, secret_digest, now)
            with suppress(StorageError):
                await saw(self._database, grant)


def _keep(cache: dict[bytes, T], name: bytes, value: T) -> None:
    if name not in cache and len(cache) >= _CACHE_SIZE:
        cache.clear()
    cache[name] = value


def unauthenticated() -> ProblemError:
    """A 401, the same whatever is wrong with the key."""
    scheme = {"WWW-Authenticate": 'Bearer realm="conexoes"'}
    return ProblemError(401, "unauthenticated", Reason(ReasonCode.NO_VALID_KEY), headers=scheme)


class AccessKey(HTTPBearer):
    """The bearer key: described in OpenAPI, and a dependency that returns the key's grant."""

    def __init__(self, description: str, refused: frozenset[Role], refusal: ReasonCode) -> None:
        """`refused`: roles that may not do what this guards, whatever it is; `refusal` says so."""
        super().__init__(auto_error=False, description=description, scheme_name=HTTPBearer.__name__)
        self._refused = refused
        self._refusal = refusal

    async def __call__(self, request: Request) -> Grant:  # type: ignore[override]
        """Return the caller's grant. Without a valid key: 401, the same for every reason. 403 for a refused role."""
        authenticator: Authenticator = request.app.state.authenticator
        credentials = await super().__call__(request)
        grant = None
        if credentials is not None and 0 < len(credentials.credentials) <= MAX_KEY_CHARACTERS:
            grant = await authenticator.grant(credentials.credentials)
        if grant is None:
            raise unauthenticated()
        if grant.role in self._refused:
            raise ProblemError(403, "not-permitted", Reason(self._refusal))
        return grant


_DESCRIPTION = "a key made with `conexoes keys create`"
caller = AccessKey(_DESCRIPTION, frozenset({"connector"}), ReasonCode.CONNECTOR_ONLY_POSTS)
Caller = Annotated[Grant, Depends(caller)]
#: The key that posts results. No other dependency takes that of a connector.
poster = AccessKey(_DESCRIPTION, frozenset({"viewer", "operator"}), ReasonCode.CONNECTOR_NEEDED)
Poster = Annotated[Grant, Depends(poster)]


def may_see(grant: Grant, account: str) -> bool:
    return grant.account in {EVERY_ACCOUNT, account}


def at_least(grant: Grant, role: Role) -> bool:
    return _RANK[grant.role] >= _RANK[role]


def operator_of(grant: Grant, account: str) -> None:
    """Require the role operator. 404 for an account that the caller may not see, 403 for one that it may only read."""
    if not may_see(grant, account):
        raise not_found()
    need_operator(grant)


def admin_of(grant: Grant, account: str) -> None:
    """Require the role admin. 404 for an account that the caller may not see, 403 for another role."""
    if not may_see(grant, account):
        raise not_found()
    need_admin(grant)


def need_operator(grant: Grant) -> None:
    """Raise 403 for a read-only key."""
    if not at_least(grant, "operator"):
        raise ProblemError(403, "not-permitted", Reason(ReasonCode.OPERATOR_NEEDED))


def need_admin(grant: Grant) -> None:
    """Raise 403 for a key of another role than admin."""
    if not at_least(grant, "admin"):
        raise ProblemError(403, "not-permitted", Reason(ReasonCode.ADMIN_NEEDED))


AccountOfPath = Annotated[str, Path(examples=["demo"])]


async def own_account(grant: Caller, account: AccountOfPath) -> str:
    """Return the account of the path. 404 when the caller may not see it, as for an account that does not exist."""
    if ACCOUNT.fullmatch(account) is None or not may_see(grant, account):
        raise not_found()
    return account


async def own_place(request: Request, grant: Caller, account: AccountOfPath) -> str:
    """Return `own_account`, with one of its places until the answer is sent. 429 when all are taken.

    The edge releases the place: a route with a dependency that yields is not prepared (api.prepared_route), and dear.
    """
    await own_account(grant, account)
    await hold_place(request.scope, request.app.state.places, account)
    return account


#: Account of a path that reads little or nothing of the database: it takes no place.
CheckedAccount = Annotated[str, Depends(own_account)]
OwnAccount = Annotated[str, Depends(own_place)]
#: Dependencies of a router whose paths have an account: the caller is checked before any other parameter.
FIRST = [Depends(own_place)]
