"""Settings of the webhook bridge."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.source import Source
from outbound.http import Networks, Url, refuse_plain
from outbound.signature import Signer
from schemas.catalogue import BY_NAME
from schemas.settings import Settings, secret


class WebhookSettings(Settings):
    """Environment variables `CONEXOES_WEBHOOK_…`; `conexoes bridge webhook` has options for most of them."""

    webhook_url: Url = Field(description="where retries are posted to")
    webhook_source: Source = Field(
        description="name of this connector, the `source` of its answers, e.g. `/connectors/mlb`. The consumer group "
        "is named after it",
    )
    webhook_own_topics: str | None = Field(
        default=None, description="`connector` that CONEXOES_SOURCES has for this source, if its topics are its own"
    )
    webhook_secret: SecretStr = secret(
        description="signs the requests: `whsec_` and 24 to 64 bytes in base64. Two, separated by a space, while it is "
        "being changed"
    )
    webhook_types: tuple[str, ...] = Field(default=tuple(BY_NAME), min_length=1, description="types of retries")
    webhook_affiliates: tuple[str, ...] = Field(default=(), description="marketplaces of retries; empty = all")
    webhook_accounts: tuple[str, ...] = Field(default=(), description="accounts of retries; empty = all")
    webhook_timeout_seconds: float = Field(default=20, gt=0, le=60, description="limit for one request and its answer")
    webhook_tries: int = Field(default=3, ge=1, le=10, description="requests for one delivery, with growing pauses")
    webhook_allowed_networks: Networks = ()

    @field_validator("webhook_types")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [each for each in names if each not in BY_NAME]:
            raise ValueError(f"{', '.join(unknown)}: must be of {', '.join(BY_NAME)}")
        return names

    @field_validator("webhook_secret")
    @classmethod
    def _signs(cls, given: SecretStr) -> SecretStr:
        Signer(given.get_secret_value())
        return given

    @model_validator(mode="after")
    def _not_readable_by_others(self) -> Self:
        refuse_plain(self.webhook_url, self.webhook_allowed_networks, "CONEXOES_WEBHOOK_URL")
        return self
