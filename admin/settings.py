"""Settings of the pages, and of sign-in by an issuer of OpenID Connect."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from schemas.person import GroupRights
from schemas.settings import Settings, secret

#: Hosts of an issuer that need no TLS: this machine's own.
_HERE = {"127.0.0.1", "localhost", "::1"}


class PageSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    styleguide: bool = Field(
        default=False, description="1: /styleguide shows every part of the pages, for whoever changes them"
    )


class SignInSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    oidc_issuer: str | None = Field(
        default=None, description="issuer of OpenID Connect by which people may sign in; unset = by keys only"
    )
    oidc_client_id: str | None = Field(default=None, description="id of Conexões at the issuer")
    oidc_client_secret: SecretStr | None = secret(
        default=None, description="its secret; unset = a public client, which PKCE alone protects"
    )
    oidc_roles: dict[str, GroupRights] = Field(
        default={},
        description='rights of each group, as `{"ops": {"account": "demo", "role": "operator"}}`; account `*` is '
        "every account; who is in none of them is refused",
    )
    oidc_groups_claim: str = Field(
        default="groups", description="claim of the ID token, or of userinfo, that lists a person's groups"
    )
    oidc_scope: str = Field(
        default="openid profile email offline_access",
        description="scopes that are asked for; they must bring a refresh token, by which a person is checked again",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _by_tls(cls, issuer: str | None) -> str | None:
        if issuer is not None:
            parts = urlsplit(issuer)
            if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _HERE):
                raise ValueError("must begin with https://")
        return issuer

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.oidc_issuer is not None and (self.oidc_client_id is None or not self.oidc_roles):
            raise ValueError("CONEXOES_OIDC_ISSUER needs CONEXOES_OIDC_CLIENT_ID and CONEXOES_OIDC_ROLES")
        return self
