"""Settings of the simulator."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from schemas.settings import Settings, secret


class SimulatorSettings(Settings):
    """Environment variables `CONEXOES_SIMULATE_…`; `conexoes simulate` has options for the first three."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_SIMULATE_")

    rate: float = Field(default=5.0, gt=0, le=100_000, description="results per second, after the backfill")
    count: int | None = Field(default=None, ge=1, description="stop after this many records; unset = never")
    seed: int = Field(default=1, description="the same seed makes the same records, except for their times")
    backfill: int = Field(
        default=3000, ge=0, description="records of the last week, sent first; `conexoes up` sends them once"
    )
    account: str = Field(default="demo", pattern=r"^[a-z0-9-]{1,64}$", description="account of the results")
    affiliates: tuple[str, ...] = Field(
        default=("MLB", "AMZ", "MGL", "SHP", "B2W"), min_length=1, description="marketplaces"
    )
    http_url: str | None = Field(
        default=None,
        description="address of `conexoes admin`: with it and a key, one marketplace's results come by HTTP and "
        "another's by VTEX's log contract; `conexoes up` sets both",
    )
    http_key: SecretStr | None = secret(
        default=None, description="a key of role `connector` for the marketplace by HTTP"
    )
