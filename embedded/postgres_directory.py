"""The data directory of the embedded PostgreSQL, of one major version and with a password. Made whole or not at all."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

import psutil

from embedded.errors import EmbeddedError, ended_at_start
from embedded.postgres_config import Disk
from embedded.postgres_install import MAJOR, PostgresPrograms
from embedded.process import Command, SystemUser

SUPERUSER = "conexoes"
INITDB_SECONDS = 60.0


class PostgresDirectory:
    """`home` in `data_dir`, and beside it the superuser's password (mode 0600)."""

    def __init__(self, data_dir: Path, log: Path, user: SystemUser | None) -> None:
        self.home = data_dir / "postgres"
        self._new = data_dir / "postgres.new"
        self._password_file = data_dir / "postgres.password"
        self._log = log
        self._user = user

    async def prepare(self, programs: PostgresPrograms, *, durable: bool) -> None:
        """Make the directory when it is missing. Raises EmbeddedError if it is broken or of another major version."""
        if not self.home.exists():
            self._write_password()
            await self._initialise(programs, durable=durable)
        try:
            version = (self.home / "PG_VERSION").read_text("ascii").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise EmbeddedError(
                f"{self.home} is broken: its PG_VERSION is missing. Restore it, or move {self.home} away "
                "to start empty."
            ) from error
        if version != str(MAJOR):
            raise EmbeddedError(
                f"{self.home} belongs to PostgreSQL {version}, and this is PostgreSQL {MAJOR}: migrate it with "
                "pg_dump of that version, or set CONEXOES_DATA_DIR to another directory."
            )

    def password(self) -> str:
        """Read the superuser's password. Raises EmbeddedError if it is missing."""
        try:
            return self._password_file.read_text("ascii").strip()
        except FileNotFoundError as error:
            raise EmbeddedError(
                f"The password of the database is missing: {self._password_file}. Restore it, or move {self.home} away "
                "to start empty."
            ) from error

    def write_conf(self, text: str) -> None:
        """Replace postgresql.conf by rename: root must never write through a link that the server's user left there."""
        new = self._new.with_name("postgres.conf.new")
        new.write_text(text, "utf-8")
        os.replace(new, self.home / "postgresql.conf")

    def disk(self) -> Disk:
        """Measure the disk of the directory. Files that an ending server removes meanwhile do not count."""
        return Disk(
            free=psutil.disk_usage(str(self.home)).free,
            data=_bytes_in(self.home),
            log=_bytes_in(self.home / "pg_wal"),
        )

    def forget_stranger(self) -> None:
        """Remove the pid file of a dead server whose number another program has by now (usual in containers).

        PostgreSQL would take that program for a running server. Call this only when no server runs here.
        When no program has the number, PostgreSQL cleans up by itself, more carefully than we could.
        """
        record = self.home / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            if psutil.pid_exists(int(record.read_text("utf-8").splitlines()[0])):
                record.unlink()

    def _write_password(self) -> None:
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24) + "\n", "ascii")
        self._give(self._password_file)  # initdb reads it

    async def _initialise(self, programs: PostgresPrograms, *, durable: bool) -> None:
        """Run initdb under another name and rename: an interrupted one leaves nothing that looks like a database."""
        if self._new.exists():
            shutil.rmtree(self._new)
        self._new.mkdir(mode=0o700)
        self._give(self._new)
        argv = [
            str(programs.initdb),
            f"--pgdata={self._new}",
            f"--username={SUPERUSER}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Text in order of code points, upper and lower case as Unicode has it, the same on every system.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            *([] if durable else ["--no-sync"]),
        ]
        command = Command(argv=argv, directory=self._new, log=self._log, user=self._user)
        if await command.run(seconds=INITDB_SECONDS) != 0:
            raise ended_at_start("The making of PostgreSQL's data directory", self._log)
        self._new.rename(self.home)

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.uid, self._user.gid)


def _bytes_in(directory: Path) -> int:
    size = 0
    for place, _directories, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                size += (Path(place) / name).stat().st_size
    return size
