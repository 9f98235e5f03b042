"""An export: the request for one, and its state."""

import zoneinfo
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.catalogue import Language
from schemas.example import example
from schemas.filter import LogFilter
from schemas.item_state import ItemState
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reasons.said import Said
from schemas.result import Account

ExportFormat = Literal["xlsx", "csv", "jsonl"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
#: `running` only while this process makes it; `unfinished` when no process has said how it ended and one still may;
#: `lost` when whatever made it was killed; `expired` when it was made and its file is no longer kept.
ExportState = Literal["running", "done", "failed", "cancelled", "lost", "expired", "unfinished"]
#: Recorded ends of an export. One whose end is never recorded is `unfinished`, then `lost`.
ExportOutcome = Literal["done", "failed", "cancelled", "lost"]

MEDIA_TYPES: dict[ExportFormat, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/jsonl",
}


def _known_zone(name: str) -> str:
    # Names without a slash are old ones, or none of the tz database (`localtime`), that PostgreSQL may not know.
    if name != "UTC" and ("/" not in name or name not in zoneinfo.available_timezones()):
        raise ReasonError(ReasonCode.TIMEZONE_UNKNOWN)
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
_LANGUAGE: Any = Field(
    default="en", description="of headings, statuses and sheets; in CSV pt and es separate by semicolon"
)
_TIMEZONE: Any = Field(
    default="UTC", description="tz database name; times in xlsx and CSV are in it, in JSON Lines always in UTC"
)


class ExportView(BaseModel):
    """Format, language and time zone of an export, whatever is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language = _LANGUAGE
    timezone: TimeZone = _TIMEZONE


class ExportRequest(ExportView):
    """Body of POST /commands/exports."""

    model_config = example(
        account="demo",
        integration_type="price",
        format="xlsx",
        filter={"status": ["error"]},
        language="pt",
        timezone="America/Sao_Paulo",
    )

    account: Account
    integration_type: str
    format: ExportFormat
    filter: LogFilter = Field(default_factory=LogFilter)


class ExportOrder(ExportRequest):
    """A request with its author: all that is needed to make the file, in any process."""

    requested_by: str
    key_id: str | None = Field(description="of the access key; null for the bootstrap key and the command line")
    key_name: str | None = Field(default=None, description="of that key; null without one, as from the command line")
    public_url: str = Field(description="what links to logs begin with, without a slash at the end")
    command_id: str | None = Field(
        default=None, description="export the items of this command instead of logs, without a filter"
    )
    item_state: ItemState | None = Field(default=None, description="only items in this state")
    fixes: tuple[str, ...] = Field(
        default=(), description="fields of kept requests that have a column in the workbook, to be corrected in"
    )


class Export(BaseModel):
    """One line of the audit: the person who exported, the filter, and the outcome."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    account: str
    integration_type: str
    format: ExportFormat
    filter: LogFilter
    language: Language
    timezone: str
    requested_by: str
    requested_at: datetime
    command_id: str | None = Field(description="set for an export of a command's items; null for one of logs")
    item_state: ItemState | None = Field(description="set when such an export has only items in this state")
    has_evidence: bool = Field(description="its file has fields of requests: only keys that may see evidence get it")
    state: ExportState
    rows: int | None = Field(description="logs or items in the file; null until it is known")
    reason: Said | None = Field(description="why it is not done, in a sentence")
    finished_at: datetime | None


class ExportJob(Export):
    """An export made in the background, with its progress and its file."""

    rows_read: int | None = Field(description="rows read from the database so far; null when not running here")
    rows_written: int | None = Field(description="rows written to the file so far; null when not running here")
    total: int | None = Field(description="logs that the file will have; null until counted, or when not running here")
    bytes: int | None = Field(description="size of the file; null until it is done")
    file_url: str | None = Field(description="where to download it, relative to this host; null until it is done")
    expires_at: datetime | None = Field(description="when the file is deleted")
