"""Settings that concern every process, and where this installation's servers are."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from broker.settings import BrokerSettings
from embedded.run_file import RunningSystem, running
from schemas.policy import Policy
from storage.logins import password_of, url_of
from storage.settings import Login, StorageSettings


class UnusableError(Exception):
    """Something that the user can put right; the text says how."""


class InstallationSettings(BaseSettings):
    """Environment variables `CONEXOES_…`."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(
        default=Path(".conexoes"), description="directory of the embedded servers, run files and exports"
    )
    kafka_port: int = Field(default=19092, ge=1, le=65535, description="port of the embedded Kafka, on 127.0.0.1")
    demo: bool = Field(default=True, description="`up`: run the simulator for the account `demo`")
    policy: Policy = Field(default_factory=Policy, description="reprocessing rules that differ from the catalogue's")


def system_here() -> RunningSystem:
    """The embedded servers that run on this installation's data directory; nothing of them when none do."""
    return running(InstallationSettings().data_dir) or RunningSystem()


def broker_settings() -> BrokerSettings:
    """With the address: from the environment, or of the embedded Kafka that runs here. Raises UnusableError."""
    settings = BrokerSettings()
    servers = settings.kafka_bootstrap_servers or system_here().kafka
    if servers is None:
        raise UnusableError("No Kafka: set CONEXOES_KAFKA_BOOTSTRAP_SERVERS, or start `conexoes up` first.")
    return settings.model_copy(update={"kafka_bootstrap_servers": servers})


def storage_settings() -> StorageSettings:
    """With the address: from the environment, or of the embedded PostgreSQL that runs here. Raises UnusableError."""
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
