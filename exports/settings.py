"""Settings of exports: limits, and the directory of files."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ExportSettings(BaseSettings):
    """Environment variables `CONEXOES_…`."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(
        default=Path(".conexoes"), description="directory of the embedded servers, run files and exports"
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
        description="URL of the pages, for links in files; unset = the address of the request",
    )
    exports_per_account: int = Field(
        default=2, ge=1, le=100, description="exports of one account at once in each process"
    )
    exports_in_all: int = Field(default=4, ge=1, le=100, description="exports at once in each process")
    exports_kept: int = Field(default=20, ge=1, le=1000, description="finished files that are kept for one account")
    export_keep_seconds: float = Field(default=86_400.0, gt=0, description="finished files are deleted after this")
    export_seconds: float = Field(
        default=900.0,
        gt=0,
        description="timeout of an export, since its snapshot holds up vacuum",
    )

    @property
    def directory(self) -> Path:
        """Directory in which files are made and kept, with a directory for each account."""
        return self.data_dir / "exports"
