"""Settings of exports: limits, and the directory of files."""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from schemas.settings import Settings

#: Library that writes workbooks; `auto`: the fast one where it is installed.
WorkbookWriter = Literal["auto", "rustpy-xlsxwriter", "openpyxl"]


class ExportSettings(Settings):
    """Environment variables `CONEXOES_…`."""

    data_dir: Path = Field(
        default=Path(".conexoes"), description="directory of the embedded servers, run files and exports"
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
        description="URL of the pages, for links in files and notifications; unset = the address of the request, and "
        "notifications without links",
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

    workbook_writer: WorkbookWriter = Field(
        default="auto",
        description="library that writes workbooks: both write the same cells, openpyxl in about ten times the "
        "time; `auto`: the faster one where it is installed",
    )

    @field_validator("workbook_writer")
    @classmethod
    def _is_there(cls, name: WorkbookWriter) -> WorkbookWriter:
        if name == "rustpy-xlsxwriter" and find_spec("rustpy_xlsxwriter") is None:
            raise ValueError("rustpy-xlsxwriter is not installed; `openpyxl` needs nothing more")
        return name

    @property
    def directory(self) -> Path:
        """Directory in which files are made and kept, with a directory for each account."""
        return self.data_dir / "exports"
