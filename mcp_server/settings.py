"""Settings of the MCP server."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from schemas.settings import Settings, secret


class McpSettings(Settings):
    """Environment variables `CONEXOES_MCP_…`."""

    mcp_url: str | None = Field(
        default=None,
        description="address of the admin app, e.g. `https://conexoes.store.example`; unset = the one of `up` that "
        "runs on CONEXOES_DATA_DIR",
    )
    mcp_key: SecretStr | None = secret(
        default=None,
        description="access key with which the assistant asks: what it may do is what this key may do. Needed",
    )
    mcp_read_only: bool = Field(default=False, description="offer no tool that writes, whatever the key may do")
    mcp_plain_http: bool = Field(
        default=False,
        description="allow an `http://` address of another machine: the key crosses the network readable",
    )

    @field_validator("mcp_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// URL")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must have no login, no query and no fragment")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _not_readable_by_others(self) -> Self:
        if self.mcp_url and not self.mcp_plain_http and self.mcp_url.startswith("http:"):
            host = urlsplit(self.mcp_url).hostname or ""
            if not _is_here(host):
                raise ValueError(
                    "CONEXOES_MCP_URL: must be https://, or of this machine, unless CONEXOES_MCP_PLAIN_HTTP is 1"
                )
        return self


def _is_here(host: str) -> bool:
    """Return True for a name or address of this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
