"""How much may be exported at once, and where files are kept."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ExportSettings(BaseSettings):
    """Environment variables `CONEXOES_…`."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default=Path(".conexoes"), description="where the embedded servers and run files live")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
        description="where people reach the pages; links in files begin with it; unset = the address of the request",
    )
    exports_per_account: int = Field(default=2, ge=1, le=100, description="exports of one account at once, a process")
    exports_in_all: int = Field(default=4, ge=1, le=100, description="exports at once, a process")
    exports_kept: int = Field(default=20, ge=1, le=1000, description="files of one account that are kept at once")
    export_keep_seconds: float = Field(default=86_400.0, gt=0, description="files are deleted after this")
    export_seconds: float = Field(
        default=900.0,
        gt=0,
        description="an export that reads or sends longer is given up; its snapshot holds up vacuum",
    )

    @property
    def directory(self) -> Path:
        """Where files are made and kept, a directory for each account."""
        return self.data_dir / "exports"
