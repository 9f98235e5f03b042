"""Sessions of people who signed in by an issuer: it is asked again and again if they may stay.

A session is good for GOOD_SECONDS after the issuer said so. A person who is removed there, who signs out there, or
whose groups give the account no more is refused before a minute is over, also while the issuer does not answer. One
that tells no groups when it is asked again (no ID token, and no groups in its userinfo) is trusted for
GROUPS_GOOD_SECONDS with those of before. The token to ask with is kept encrypted by the secret of sessions.
"""

import asyncio
import time

import structlog
from joserfc import jwe
from joserfc.jwk import OctKey

from admin.issuer import Issuer, IssuerRefusedError, IssuerUnavailableError, Told
from admin.session import SESSION_SECONDS, Session, Sessions
from schemas.person import Person, PersonRole
from storage import people
from storage.access_keys import digest, new_secret
from storage.database import Database
from storage.people import Claimed, KeptSession

log = structlog.get_logger(__name__)
#: Age of the issuer's last word at which it is asked again.
RENEW_SECONDS = 20.0
#: Time for which its last word is good. With what processes cache (api.authentication) less than a minute.
GOOD_SECONDS = 40.0
#: Time for which the groups that it told last are good while it tells none, by ID token or userinfo. Then the person
#: signs in again.
GROUPS_GOOD_SECONDS = 900.0
#: Time for which one process does not look into the database again.
_LOOKED_SECONDS = 5.0
#: Time to wait for another request that asks the issuer for the same session just now.
_WAIT_SECONDS = 6.0
_LOOK_SECONDS = 0.1
_CACHE_SIZE = 10_000


class PersonSessions:
    """One for each app. `issuer`: None while people sign in by keys only; then no such session is good."""

    def __init__(self, writer: Database, sessions: Sessions, issuer: Issuer | None) -> None:
        self.issuer = issuer
        self._writer = writer
        self._sessions = sessions
        self._key = OctKey.import_key(sessions.secret_for(b"refresh token"))
        self._looked: dict[bytes, float] = {}  # nonce → when it was found to be good

    async def start(self, told: Told, person: Person, account: str, role: PersonRole) -> str | None:
        """Return the cookie of a new session in an account; None when an admin of it has revoked the person.

        Raises StorageUnavailable.
        """
        if self.issuer is None:
            return None
        admitted = await people.admit(
            self._writer, self.issuer.name, person, account, role, new_digest=digest(new_secret())
        )
        if admitted is None:
            return None
        cookie, session = self._sessions.start_person(admitted.digest)
        kept = KeptSession(account, person.subject, self._sealed(told.refresh_token))
        await people.start_session(
            self._writer, session.nonce, kept, good_seconds=GOOD_SECONDS, life_seconds=SESSION_SECONDS
        )
        return cookie

    async def is_good(self, session: Session) -> bool:
        """Return True while the person may stay; asks the issuer where that is due. Raises StorageUnavailable."""
        if self.issuer is None:
            return False
        now = time.monotonic()
        if now - self._looked.get(session.nonce, -_LOOKED_SECONDS) < _LOOKED_SECONDS:
            return True
        while True:
            kept = await people.claim_session(self._writer, session.nonce, older_seconds=RENEW_SECONDS)
            if kept is not None:
                await self._renew(session, kept)
            standing = await people.session_standing(self._writer, session.nonce)
            if standing == "good":
                if len(self._looked) >= _CACHE_SIZE:
                    self._looked.clear()
                self._looked[session.nonce] = time.monotonic()
                return True
            self._looked.pop(session.nonce, None)
            if standing == "gone" or kept is not None or time.monotonic() - now > _WAIT_SECONDS:
                return False
            await asyncio.sleep(_LOOK_SECONDS)  # another request asks the issuer

    async def end(self, session: Session) -> None:
        """Forget a session that signed out. Raises StorageUnavailable."""
        self._looked.pop(session.nonce, None)
        await people.end_session(self._writer, session.nonce)

    async def _renew(self, session: Session, kept: Claimed) -> None:
        """Ask the issuer, and keep what it says; while it does not answer, nothing changes."""
        if self.issuer is None:
            return
        try:
            told = await self.issuer.renew(self._opened(kept.refresh_token), kept.subject)
        except IssuerUnavailableError as exc:
            self.issuer.say_unavailable(exc)
            return
        except (IssuerRefusedError, ValueError) as exc:
            log.info("person refused", reason=str(exc))
            await self.end(session)
            return
        if told.person is not None:
            role = self.issuer.roles(told.person).get(kept.account)
            if role is None or not await people.admit(
                self._writer, self.issuer.name, told.person, kept.account, role, new_digest=digest(new_secret())
            ):
                await self.end(session)
                return
        elif kept.told_seconds > GROUPS_GOOD_SECONDS:
            log.info("person refused", reason="the issuer does not tell their groups")
            await self.end(session)
            return
        await people.renew_session(
            self._writer,
            session.nonce,
            self._sealed(told.refresh_token),
            told=told.person is not None,
            good_seconds=GOOD_SECONDS,
        )

    def _sealed(self, token: str) -> str:
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, token, self._key)

    def _opened(self, sealed: str) -> str:
        plain = jwe.decrypt_compact(sealed, self._key).plaintext
        return (plain or b"").decode()
