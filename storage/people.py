"""People who sign in by an issuer: each is an access key that nobody knows, and their sessions."""

from typing import Literal, NamedTuple

from schemas.person import Person, PersonRole
from schemas.role import USUAL_RIGHTS
from storage.database import Database
from storage.statements import SQL

Standing = Literal["good", "due", "gone"]


class Admitted(NamedTuple):
    """A person's access key."""

    digest: bytes


class KeptSession(NamedTuple):
    """A person's session as it is kept."""

    account: str
    subject: str
    refresh_token: str  # encrypted


class Claimed(NamedTuple):
    """A person's session about which the issuer is to be asked."""

    account: str
    subject: str
    refresh_token: str  # encrypted
    told_seconds: float  # since the issuer last told the person's groups


async def admit(
    writer: Database, issuer: str, person: Person, account: str, role: PersonRole, *, new_digest: bytes
) -> Admitted | None:
    """Let a person into an account with a role, or change the name and role that they had there.

    The activity has the first time and each change of role. Returns None when an admin has revoked them there.
    """
    rights = USUAL_RIGHTS[role]
    async with writer.connection() as connection:
        known = await SQL["admit_person"].fetchval(
            connection,
            account=account,
            issuer=issuer,
            subject=person.subject,
            name=person.name,
            role=role,
            digest=new_digest,
            may_export=rights.may_export,
            may_see_evidence=rights.may_see_evidence,
        )
    return None if known is None else Admitted(bytes(known))


async def start_session(
    writer: Database, nonce: bytes, kept: KeptSession, *, good_seconds: float, life_seconds: float
) -> None:
    """Keep a new session, which is good for now, and forget those that began longer ago than `life_seconds`."""
    async with writer.connection() as connection:
        await SQL["forget_person_sessions"].execute(connection, seconds=life_seconds)
        await SQL["start_person_session"].execute(connection, nonce=nonce, good_seconds=good_seconds, **kept._asdict())


async def claim_session(writer: Database, nonce: bytes, *, older_seconds: float) -> Claimed | None:
    """Take on to ask the issuer for a session, if nobody did within `older_seconds`."""
    async with writer.connection() as connection:
        row = await SQL["claim_person_session"].fetchrow(connection, nonce=nonce, older_seconds=older_seconds)
    return None if row is None else Claimed(**row)


async def session_standing(writer: Database, nonce: bytes) -> Standing:
    """Return how a session stands. `due`: the issuer's last word is too old."""
    async with writer.connection() as connection:
        is_good = await SQL["is_person_session_good"].fetchval(connection, nonce=nonce)
    return "gone" if is_good is None else "good" if is_good else "due"


async def renew_session(writer: Database, nonce: bytes, refresh_token: str, *, told: bool, good_seconds: float) -> None:
    """Keep that a session is good for so long, and its next token, encrypted. `told`: with the person's groups."""
    async with writer.connection() as connection:
        await SQL["renew_person_session"].execute(
            connection, nonce=nonce, refresh_token=refresh_token, told=told, good_seconds=good_seconds
        )


async def end_session(writer: Database, nonce: bytes) -> None:
    """Forget a session."""
    async with writer.connection() as connection:
        await SQL["end_person_session"].execute(connection, nonce=nonce)
