"""Small texts that an installation makes once and keeps in its data directory, readable by its owner only."""

import os
import secrets
import uuid
from pathlib import Path

from pydantic import SecretStr

from storage.access_keys import new_secret

SESSION_SECRET = "session.secret"  # noqa: S105 - the name of a file


def local_key(data_dir: Path) -> str:
    """A key with every right for this installation. Delete the file for a new one."""
    return _kept(data_dir / "local.key", new_secret())


def session_secret(data_dir: Path, given: SecretStr | None) -> bytes:
    """What sessions of the pages are signed with: `given`, or a text that is kept. Another one signs everyone out."""
    if given is not None:
        return given.get_secret_value().encode()
    return _kept(data_dir / SESSION_SECRET, secrets.token_urlsafe(32)).encode()


def worker_id(data_dir: Path) -> str:
    """The same for every start here, and another one elsewhere: two can share one external Kafka."""
    return _kept(data_dir / "worker.id", f"up-{uuid.uuid4().hex[:12]}")


def _kept(path: Path, new: str) -> str:
    """The text of a file, or `new`, written in one step: a start that is killed leaves no half of one.

    Of two processes that make it at once, the first wins and both have its text.
    """
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(new)
    try:
        if path.exists():  # an empty one, of an older version that was killed
            part.replace(path)
        else:
            path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)
    return path.read_text().strip()
