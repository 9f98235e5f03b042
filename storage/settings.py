"""How the database is reached and kept."""

from pydantic import Field

from schemas.settings import Settings, secret


class StorageSettings(Settings):
    """Environment variables `CONEXOES_…`; `conexoes up` fills `database_url` in when it is unset."""

    database_url: str | None = secret(default=None, description="postgresql:// URL; unset = the embedded PostgreSQL")
    pool_size: int = Field(default=20, ge=1, le=200, description="most connections of each pool of a process")
    connect_seconds: float = Field(default=5.0, gt=0, description="timeout of one attempt to connect")
    command_seconds: float = Field(default=60.0, gt=0, description="timeout of one statement of an agent")
    query_seconds: float = Field(default=10.0, gt=0, description="timeout of one query of the API")
    retention_days: int = Field(default=90, ge=1, le=3660, description="attempts are kept at least this long")
    dead_letter_retention_days: int = Field(
        default=90, ge=1, le=3660, description="dead letters are kept this long, in their topic and in the table"
    )
    idempotency_retention_days: int = Field(
        default=7, ge=1, le=3660, description="a repeated Idempotency-Key is recognised for at least this long"
    )
