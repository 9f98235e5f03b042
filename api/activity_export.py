"""The answer to a request for the activity of an account as a file."""

from collections.abc import AsyncIterator
from typing import Literal

from api.lines_export import LinesExport
from exports.activity import activity_csv, activity_heading
from exports.jobs.desk import ExportDesk
from schemas.activity import ActivityFilter
from schemas.catalogue import Language
from schemas.export import MEDIA_TYPES
from storage.access_keys import Grant
from storage.activity import add_act, all_activity
from storage.reprocess.audit import UsedKey

ActivityFormat = Literal["csv", "jsonl"]


class ActivityExport(LinesExport):
    """A file of acts, which has the act of its making as its first line."""

    def __init__(
        self,
        desk: ExportDesk,
        grant: Grant,
        account: str,
        filter_: ActivityFilter,
        *,
        format_: ActivityFormat,
        language: Language,
    ) -> None:
        """`grant` must be one that may export. `language`: of the words of CSV; JSON Lines have none."""
        super().__init__(desk, account, file_name=f"activity-{account}.{format_}", content_type=MEDIA_TYPES[format_])
        self._grant = grant
        self._filter = filter_
        self._format = format_
        self._language = language

    async def record(self) -> None:
        """Add the act of this export to the activity."""
        async with self._desk.database.recording(self._account) as connection:
            await add_act(
                connection,
                self._account,
                "export",
                "exported",
                {"name": "activity", "format": self._format},
                requested_by=self._grant.name or f"key {self._grant.key_id}",
                key=UsedKey.grant(self._grant),
            )

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the acts, newest first."""
        if self._format == "csv":
            yield activity_heading(self._language)
        async for acts in all_activity(self._desk.database, self._account, self._filter):
            for each in acts:
                if self._format == "csv":
                    yield activity_csv(each, self._language)
                else:
                    yield each.model_dump_json().encode() + b"\n"
