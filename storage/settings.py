"""Settings of the database: address, timeouts, retention."""

from typing import Literal

from pydantic import Field, SecretStr

from schemas.settings import Settings, secret

Login = Literal["conexoes_api", "conexoes_agents", "conexoes_admin"]


class StorageSettings(Settings):
    """Environment variables `CONEXOES_…`; `conexoes up` fills `database_url` in when it is unset."""

    database_url: str | None = secret(default=None, description="postgresql:// URL; unset = the embedded PostgreSQL")
    database_reader_url: str | None = secret(
        default=None, description="postgresql:// URL of a login that only reads; unset = CONEXOES_DATABASE_URL"
    )
    database_writer_url: str | None = secret(
        default=None, description="postgresql:// URL of a login that writes; unset = CONEXOES_DATABASE_URL"
    )
    login_passwords: dict[Login, SecretStr] = secret(
        default={}, description="`migrate`: logins to make, with their passwords: docs/postgres-security.md"
    )
    pool_size: int = Field(default=20, ge=1, le=200, description="most connections of each pool of a process")
    connect_seconds: float = Field(default=5.0, gt=0, description="timeout of one attempt to connect")
    command_seconds: float = Field(default=60.0, gt=0, description="timeout of one statement of an agent")
    query_seconds: float = Field(default=10.0, gt=0, description="timeout of one query of the API")
    later_schema: bool = Field(
        default=False,
        description="start on a database of the next version: to go back to this one (docs/operations.md)",
    )
    retention_days: int = Field(default=90, ge=1, le=3660, description="attempts are kept at least this long")
    evidence_retention_days: int | None = Field(
        default=None,
        ge=1,
        le=3660,
        description="request, response and unknown fields are deleted after this; unset = with their attempts",
    )
    silent_log_retention_days: int | None = Field(
        default=None,
        ge=1,
        le=3660,
        description="logs are deleted when nothing has happened to them for this long; unset = kept for ever",
    )
    dead_letter_retention_days: int = Field(
        default=90, ge=1, le=3660, description="dead letters are kept this long, in their topic and in the table"
    )
    series_retention_days: int = Field(
        default=1095, ge=1, le=3660, description="counts of results over time are kept this long"
    )
    notification_retention_days: int = Field(
        default=90, ge=1, le=3660, description="the log of notifications is kept this long"
    )
    idempotency_retention_days: int = Field(
        default=7, ge=1, le=3660, description="a repeated Idempotency-Key is recognised for at least this long"
    )

    @property
    def reader_url(self) -> str:
        """The URL for reading. Raises ValueError when none is set."""
        return self._set(self.database_reader_url)

    @property
    def writer_url(self) -> str:
        """The URL for writing. Raises ValueError when none is set."""
        return self._set(self.database_writer_url)

    def _set(self, url: str | None) -> str:
        if (found := url or self.database_url) is None:
            raise ValueError("database_url must be set")
        return found
