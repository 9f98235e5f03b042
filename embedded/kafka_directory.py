"""The data directory of the embedded Kafka.

It is formatted completely or not at all, and never used by an older Kafka.
"""

import base64
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from embedded.errors import EmbeddedError, ended_at_start
from embedded.kafka_config import server_properties
from embedded.ports import free_port
from embedded.process import Command

FORMAT_SECONDS = 30.0


class KafkaDirectory:
    """`home` holds the records (data/), the settings of this start, and the Kafka version that last wrote here."""

    def __init__(self, home: Path, log: Path, port: int) -> None:
        self.home = home
        self._log = log
        self._port = port

    def claim(self, version: str) -> None:
        """Make the directory for this version of Kafka. Raises EmbeddedError if a newer version has written to it."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        record = self.home / "version"
        written_by = record.read_text("utf-8").strip() if record.exists() else version
        try:
            is_newer = _order(written_by) > _order(version)
        except ValueError as error:
            raise EmbeddedError(f"{record} is broken: «{written_by}» is no version of Kafka.") from error
        if is_newer:
            raise EmbeddedError(
                f"{self.home} belongs to Kafka {written_by}, and this is Kafka {version}: use the newer conexoes, "
                "or set CONEXOES_DATA_DIR to another directory."
            )
        record.write_text(version, "utf-8")

    async def format(self, java: Sequence[str]) -> None:
        """Format a new directory; one with a cluster id is not touched. Raises EmbeddedError if it is broken.

        It is formatted under another name and renamed: an interrupted format leaves nothing that looks like data.
        """
        data, new = self.home / "data", self.home / "data.new"
        if (data / "meta.properties").is_file():
            return
        if data.exists():
            raise EmbeddedError(
                f"{data} is broken: its meta.properties is missing. Restore it, or move {self.home} away to "
                "start empty."
            )
        if new.exists():
            shutil.rmtree(new)
        argv = [*java, *format_arguments(self._configure(new))]
        if await Command(argv=argv, directory=self.home, log=self._log).run(seconds=FORMAT_SECONDS) != 0:
            raise ended_at_start("The formatting of Kafka's data directory", self._log)
        new.rename(data)

    def configure(self) -> Path:
        """Write the settings of this start, with a controller port that is free now; returns their file."""
        return self._configure(self.home / "data")

    def _configure(self, data: Path) -> Path:
        path = self.home / "server.properties"
        path.write_text(server_properties(log_dir=data, port=self._port, controller_port=free_port()), "utf-8")
        return path


def format_arguments(settings: Path) -> list[str]:
    """Arguments with which Kafka formats the directories that `settings` names, with a new cluster id."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    # Use `=`, because an id may begin with a dash.
    return ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "--config", str(settings)]


def _order(version: str) -> tuple[int, ...]:
    """Parse a version to compare it: 4.4.0 -> (4, 4, 0)."""
    return tuple(int(part) for part in version.split("."))
