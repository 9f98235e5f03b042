"""Settings of an agents process."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from schemas.redaction import DEFAULT, MAX_RULES, Rule
from schemas.settings import Settings
from schemas.topics import MAX_RECORD_BYTES


class AgentSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    data_dir: Path = Field(
        default=Path(".conexoes"), description="directory of the embedded servers, run files and exports"
    )
    worker_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="stable name of an agents process, unique in the group; unset = one per host and slot",
    )
    max_batch_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=MAX_RECORD_BYTES,
        le=1024 * 1024 * 1024,
        description="a record batch that is larger when it is decompressed is one dead letter `too_large`",
    )
    stop_seconds: float = Field(default=20.0, gt=0, description="time to finish work in flight after a stop signal")
    automatic_retries: bool = Field(
        default=True,
        description="0: nothing is tried again by itself, of any account, whatever its rules say; the same for every "
        "agents process",
    )
    metrics_of_accounts: bool = Field(
        default=False,
        description="/metrics, which asks for no key, shows the age of the last result by account, affiliate and type",
    )
    redact: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = Field(
        default=(DEFAULT,),
        description="what is removed from evidence and messages before they are stored; `[]` = nothing: "
        "docs/personal-data.md",
    )
