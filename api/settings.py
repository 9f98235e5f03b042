"""Settings of the HTTP server."""

from pathlib import Path

from pydantic import Field, SecretStr

from schemas.settings import Settings, secret


class ApiSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8080, ge=1, le=65535, description="port to listen on")
    bootstrap_key: SecretStr | None = secret(
        default=None, description="a key with every right on every account, for automation and tests"
    )
    session_secret: SecretStr | None = secret(
        default=None,
        min_length=32,
        description="what sessions of the pages are signed with, the same for every `admin` behind one address; "
        "unset = made once, in the data directory",
    )
    playbook: Path | None = Field(
        default=None, description="TOML file of the playbook, read again when it changes; unset = no playbook"
    )


class ProbeSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    metrics_host: str = Field(default="127.0.0.1", description="address on which `metrics_port` is")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="port of its own for /metrics, /livez and /readyz, without a key; unset = none for `agents`, "
        "only the HTTP port for `api` and `admin`",
    )
