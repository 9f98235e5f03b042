"""Settings of the HTTP server."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Environment variables `CONEXOES_…`."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True)

    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8080, ge=1, le=65535, description="port to listen on")
    bootstrap_key: SecretStr | None = Field(
        default=None, description="a key with every right on every account, for automation and tests"
    )
    playbook: Path | None = Field(
        default=None, description="TOML file of the playbook, read again when it changes; unset = no playbook"
    )
