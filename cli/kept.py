"""Small texts that an installation makes once and keeps in its data directory, readable by its owner only."""

import os
import secrets
import uuid
from pathlib import Path

from pydantic import SecretStr

from outbound.sealed import new_key
from outbound.settings import NotificationSettings
from storage.access_keys import new_secret

SESSION_SECRET = "session.secret"  # noqa: S105 - the name of a file


def local_key(data_dir: Path) -> str:
    """Return a key with every right for this installation. Delete the file for a new one."""
    return _kept(data_dir / "local.key", new_secret())


def session_secret(data_dir: Path, given: SecretStr | None) -> bytes:
    """Return the secret that signs sessions of the pages: `given`, or a kept text. Another one signs everyone out."""
    if given is not None:
        return given.get_secret_value().encode()
    return _kept(data_dir / SESSION_SECRET, secrets.token_urlsafe(32)).encode()


def notification_settings(data_dir: Path) -> NotificationSettings:
    """Return the settings of notifications, with a kept key for channels where none is given."""
    settings = NotificationSettings()
    if settings.channels_key is not None:
        return settings
    key = SecretStr(_kept(data_dir / "channels.key", new_key()))
    return settings.model_copy(update={"channels_key": key})


def worker_id(data_dir: Path) -> str:
    """Return an id that is stable for this installation and unique, so that two can share one external Kafka."""
    return _kept(data_dir / "worker.id", f"up-{uuid.uuid4().hex[:12]}")


def _kept(path: Path, new: str) -> str:
    """Return the text of a file, or `new`, which is written atomically: a start that is killed leaves no partial file.

    When two processes make it at once, the first wins and both have its text.
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
