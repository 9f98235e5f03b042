"""Settings of the bridge that polls VTEX's log contract."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.source import Source
from outbound.http import Networks, Url, refuse_plain
from schemas.catalogue import BY_NAME
from schemas.export import TimeZone
from schemas.result import ACCOUNT
from schemas.settings import Settings, secret


class VtexLogsSettings(Settings):
    """Environment variables `CONEXOES_VTEX_LOGS_…`; `conexoes bridge vtex-logs` has options for most of them."""

    vtex_logs_url: Url = Field(
        description="the connector's `urlBase`; `{account}` in it is replaced, otherwise `/{account}/logs/` is added"
    )
    vtex_logs_account: str = Field(pattern=f"^{ACCOUNT.pattern}$", description="VTEX account whose logs are read")
    vtex_logs_affiliate: str = Field(
        min_length=1, max_length=64, description="marketplace of the connector: the contract does not say it"
    )
    vtex_logs_source: Source = Field(description="`source` of the results, e.g. `/connectors/mlb`")
    vtex_logs_own_topics: str | None = Field(
        default=None, description="`connector` that CONEXOES_SOURCES has for this source, if its topics are its own"
    )
    vtex_logs_authorization: SecretStr | None = secret(
        default=None, description="header `Authorization` of the requests, e.g. `Bearer …`"
    )
    vtex_logs_timezone: TimeZone = Field(default="UTC", description="time zone of the connector's days")
    vtex_logs_poll_seconds: float = Field(default=60, gt=0, le=86_400, description="pause between two readings")
    vtex_logs_days: int = Field(
        default=1, ge=0, le=31, description="days before today that are read at the first start; later starts go on"
    )
    vtex_logs_timeout_seconds: float = Field(default=60, gt=0, le=600, description="limit for one request")
    vtex_logs_operations: dict[str, str] = Field(
        default_factory=dict,
        description='types by operations that VTEX does not name, e.g. `{"Atualiza preço": "price"}`',
    )
    vtex_logs_keys: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description='names of the entity in payloads, by type, before the known ones, e.g. `{"price": ["codigo"]}`',
    )
    vtex_logs_allowed_networks: Networks = ()

    @field_validator("vtex_logs_operations")
    @classmethod
    def _to_types(cls, given: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(given.values()) - set(BY_NAME)):
            raise ValueError(f"{', '.join(unknown)}: must be of {', '.join(BY_NAME)}")
        return given

    @field_validator("vtex_logs_keys")
    @classmethod
    def _of_types(cls, given: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if unknown := sorted(set(given) - set(BY_NAME)):
            raise ValueError(f"{', '.join(unknown)}: must be of {', '.join(BY_NAME)}")
        return given

    @model_validator(mode="after")
    def _not_readable_by_others(self) -> Self:
        refuse_plain(self.vtex_logs_url, self.vtex_logs_allowed_networks, "CONEXOES_VTEX_LOGS_URL")
        return self
