"""Settings of the HTTP server."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from schemas.playbook.marketplaces import Marketplaces
from schemas.settings import Settings, secret

#: Limit for a key that people choose. Those that `conexoes keys create` makes have 47.
MIN_KEY_CHARACTERS = 20

#: Events that one key may post, unless the installation says otherwise.
EVENTS_PER_SECOND = 10_000


class ApiSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8080, ge=1, le=65535, description="port to listen on")
    bootstrap_key: SecretStr | None = secret(
        default=None,
        description="a key with every right on every account, for automation and tests; at least 20 characters",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="addresses and networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, "
        "separated by commas; * = every sender",
    )
    events_per_second: int = Field(
        default=EVENTS_PER_SECOND,
        ge=1,
        le=1_000_000,
        description="`admin`: results that one key may post to each process, on average; as many as in two seconds, or "
        "1,000, at once",
    )
    session_secret: SecretStr | None = secret(
        default=None,
        min_length=32,
        description="what sessions of the pages are signed with, the same for every `admin` behind one address; "
        "unset = made once, in the data directory",
    )
    playbook: Path | None = Field(
        default=None, description="TOML file of entries of the playbook, read again when it changes; unset = none"
    )
    marketplaces: Marketplaces = Field(
        default_factory=Marketplaces,
        description='names of marketplaces by affiliate, beside those that are usual: JSON, `{"MLX": "Mercado Livre"}`',
    )

    @field_validator("bootstrap_key")
    @classmethod
    def _not_guessable(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < MIN_KEY_CHARACTERS:
            raise ValueError(f"must have at least {MIN_KEY_CHARACTERS} characters: it opens every account")
        return key


class ProbeSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    metrics_host: str = Field(default="127.0.0.1", description="address on which `metrics_port` is")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="port of its own for /metrics, /livez and /readyz, without a key; unset = none for `agents`, "
        "`bridge` and `simulate`, only the HTTP port for `api` and `admin`",
    )
