"""Settings of notifications: the SMTP server, the key of channels, and what their addresses may be."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from outbound.http import Networks
from outbound.sealed import Sealer
from schemas.settings import Settings, secret


class NotificationSettings(Settings):
    """Environment variables `CONEXOES_…` that `agents` and `admin` read."""

    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
        description="URL of the pages, for links in files and notifications; unset = the address of the request, and "
        "notifications without links",
    )
    channels_key: SecretStr | None = secret(
        default=None,
        description="encrypts the addresses and secrets of channels: 32 bytes in URL-safe base64, the same for every "
        "`admin` and `agents`. Two, separated by a space, while it is being changed; the first one encrypts. Unset = "
        "made once, in the data directory",
    )
    channels_allowed_networks: Networks = Field(
        default=(),
        description="networks inside ours that webhooks and chats of channels may be in, e.g. `10.1.0.0/16`; every "
        "other address must be a public one",
    )
    notification_timeout_seconds: float = Field(
        default=15.0, gt=0, le=30, description="limit for one try to send a notification"
    )
    smtp_host: str | None = Field(default=None, description="SMTP server for e-mail; unset = no e-mail is sent")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how the connection to it is encrypted"
    )
    smtp_user: str | None = Field(default=None, description="login at it; unset = none")
    smtp_password: SecretStr | None = secret(default=None, description="password of that login")
    smtp_from: str | None = Field(
        default=None,
        pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$",
        description="address that e-mail is sent from, e.g. `conexoes@store.example`",
    )

    @field_validator("channels_key")
    @classmethod
    def _seals(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None:
            Sealer(given.get_secret_value())
        return given

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.smtp_host is None) != (self.smtp_from is None):
            raise ValueError("CONEXOES_SMTP_HOST and CONEXOES_SMTP_FROM: give both or neither")
        if self.smtp_user is not None and self.smtp_security == "none":
            raise ValueError("CONEXOES_SMTP_SECURITY: none would send the password readable")
        return self
