"""Logins of the processes, each with one role: `SET ROLE NONE` leads from that role to the same rights."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import asyncpg

from storage.database import Role, translated
from storage.settings import Login

#: The role of each login. `admin` has two: it reads with that of `api`, and writes with its own.
ROLES: Mapping[Login, Role] = {"conexoes_api": "reader", "conexoes_agents": "writer", "conexoes_admin": "writer"}


async def make_logins(url: str, passwords: Mapping[Login, str]) -> None:
    """Make these logins where they are missing, and give them these passwords.

    Safe to repeat, from many places at once. The database must be migrated, and the login of `url` able to create
    roles. Raises StorageUnavailable.
    """
    if not passwords:
        return
    with translated():
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext('conexoes.logins'))")
            for login, password in passwords.items():
                # Neither CREATE ROLE nor DO takes arguments.
                await connection.execute(
                    "SELECT set_config('conexoes.login', $1, false), set_config('conexoes.password', $2, false), "
                    "set_config('conexoes.role', $3, false)",
                    login,
                    password,
                    f"conexoes_{ROLES[login]}",
                )
                await connection.execute("""
                    DO $do$
                    DECLARE
                        login text := current_setting('conexoes.login');
                    BEGIN
                        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
                            EXECUTE format('CREATE ROLE %I', login);
                        END IF;
                        EXECUTE format('GRANT %I TO %I', current_setting('conexoes.role'), login);
                        EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, current_setting('conexoes.password'));
                    END
                    $do$
                """)
        finally:
            await connection.close(timeout=5)


def password_of(url: str, login: Login) -> str:
    """Derive a login's password from that of the owner's URL, so that it need not be kept.

    It does not tell the owner's.
    """
    return hmac.digest((urlsplit(url).password or "").encode(), login.encode(), hashlib.sha256).hex()


def url_of(url: str, login: Login, password: str) -> str:
    """Put a login and its password into the URL of another one."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{login}:{quote(password, safe='')}@{place}").geturl()
