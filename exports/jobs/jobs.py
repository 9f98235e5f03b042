"""Exports in the background: progress, cancelling, and files that are kept for a day.

Only this process knows the exports that it runs. Ended ones are in the audit, and their files in the data directory, so
that both outlive a restart. An export that a restart has interrupted is shown as `lost`.
"""

import asyncio
import shutil
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from exports.errors import ExportFailed, ServerStopped, no_file
from exports.file import make_file
from exports.jobs.desk import ExportDesk
from exports.jobs.lock import UNLOCKED, Lock, left_behind
from exports.jobs.outcome import followed
from exports.jobs.slots import Limit
from schemas.export import FORMATS, Export, ExportJob, ExportOrder
from schemas.reasons.code import ReasonCode
from schemas.result import ACCOUNT
from storage.errors import StorageError
from storage.exports.audit import get_export, record_order, record_outcome

log = structlog.get_logger(__name__)


@dataclass
class _Running:
    order: ExportOrder
    lock: Lock
    read: int = 0
    written: int = 0
    total: int | None = None
    task: asyncio.Task[None] | None = None

    def progress(self, read: int, written: int, total: int) -> None:
        self.read, self.written, self.total = read, written, total


class Jobs:
    """The background exports of one process."""

    def __init__(self, desk: ExportDesk) -> None:
        self._desk = desk
        self._running: dict[uuid.UUID, _Running] = {}
        self._closing = False

    async def recover(self) -> None:
        """Record exports of an earlier process of this data directory as lost, and delete old files.

        Called once, at the start. Exports of other living processes stay. An unavailable database is no reason not to
        start: lost exports are found again next time.
        """
        for path in self._files("*/*.lock"):
            try:
                export_id = uuid.UUID(path.stem)
            except ValueError:
                export_id = None
            if export_id is None or ACCOUNT.fullmatch(path.parent.name) is None:
                log.warning("no lock of an export", path=str(path))
                continue
            with left_behind(path) as is_left:
                if is_left:
                    await self._lose(path.parent, export_id)
        self.delete_old()
        self._delete_later()

    async def _lose(self, directory: Path, export_id: uuid.UUID) -> None:
        account = directory.name
        try:
            await record_outcome(self._desk.database, account, export_id, "lost", reason=ServerStopped().reason)
            export = await get_export(self._desk.database, account, export_id)
        except StorageError as exc:
            log.warning("lost export not recorded", export=str(export_id), reason=str(exc))
            return
        # The process was killed after it recorded the outcome: the file is complete and stays.
        is_done = export is not None and export.state == "done"
        for path in self._files(f"{account}/{export_id}.{'lock' if is_done else '*'}"):
            if path.is_dir():  # of the process that made the workbook
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    async def close(self) -> None:
        """End running exports; they are recorded as lost."""
        self._closing = True
        tasks = [running.task for running in self._running.values() if running.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, order: ExportOrder) -> ExportJob:
        """Begin an export. Raises TooManyExports, StorageUnavailable; ExportFailed for a read-only data directory.

        The lock is taken before the audit is written, so that an export is found again whenever its process is killed.
        """
        self.delete_old()
        kept = self._files(f"{order.account}/*.{{}}")
        Limit(self._desk.settings.exports_kept, ReasonCode.TOO_MANY_FILES).check(len(kept))
        self._desk.slots.take(order.account)
        export_id = uuid.uuid4()
        lock: Lock | None = None
        try:
            lock = self._lock(order, export_id)
            await record_order(self._desk.database, export_id, order, seconds=self._desk.settings.export_seconds)
            running = _Running(order, lock)
            self._running[export_id] = running
            running.task = asyncio.create_task(self._run(export_id, running))
        except BaseException:
            if lock is not None:
                lock.give_up()
            self._desk.slots.give_back(order.account)
            raise
        job = await self.get(order.account, export_id)
        assert job is not None  # noqa: S101 - recorded above
        return job

    async def get(self, account: str, export_id: uuid.UUID) -> ExportJob | None:
        """Return one export of the account, wherever it was made; None when there is none."""
        export = await get_export(self._desk.database, account, export_id)
        return None if export is None else self._job(export)

    async def cancel(self, account: str, export_id: uuid.UUID) -> bool:
        """End an export that runs here, or delete its file. False when it neither runs nor has a file here."""
        running = self._running.get(export_id)
        if running is not None and running.order.account == account and running.task is not None:
            running.task.cancel()
            await asyncio.wait([running.task])
            return True
        path = self.path(account, export_id)
        if path is None:
            return False
        path.unlink(missing_ok=True)
        return True

    def path(self, account: str, export_id: uuid.UUID) -> Path | None:
        """Return the file of an export that is done and still kept."""
        self.delete_old()
        return next(iter(self._files(f"{account}/{export_id}.{{}}")), None)

    def delete_old(self) -> None:
        """Delete files after the time for which they are kept."""
        oldest = time.time() - self._desk.settings.export_keep_seconds
        for path in (*self._files("*/*.{}"), *self._files(f"*/*.{UNLOCKED}")):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= oldest:
                    path.unlink()

    async def _run(self, export_id: uuid.UUID, running: _Running) -> None:
        order = running.order
        try:
            async with followed(self._desk.database, order, export_id) as outcome:
                try:
                    outcome.rows = await self._make(export_id, running)
                except asyncio.CancelledError:
                    if self._closing:
                        raise ServerStopped from None
                    raise
            self._delete_later()
        except (ExportFailed, ServerStopped, StorageError, OSError, asyncio.CancelledError):
            pass  # recorded: whoever asks for the job is told
        except Exception:
            log.exception("unexpected", export=str(export_id))
        finally:
            del self._running[export_id]
            running.lock.give_up()
            self._desk.slots.give_back(order.account)

    async def _make(self, export_id: uuid.UUID, running: _Running) -> int:
        order, settings = running.order, self._desk.settings
        async with asyncio.timeout(settings.export_seconds):
            return await make_file(
                self._desk.database,
                order,
                settings.directory / order.account / f"{export_id}.{order.format}",
                seconds=settings.export_seconds,
                progress=running.progress,
                playbook=self._desk.playbook(),
                writer=settings.workbook_writer,
            )

    def _lock(self, order: ExportOrder, export_id: uuid.UUID) -> Lock:
        directory = self._desk.settings.directory / order.account
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Lock(directory / f"{export_id}.lock")
        except OSError as exc:
            raise ExportFailed(no_file(exc)) from exc

    def _delete_later(self) -> None:
        """Schedule the deletion of the files of now, for when they are too old."""
        asyncio.get_running_loop().call_later(self._desk.settings.export_keep_seconds, self.delete_old)

    def _job(self, export: Export) -> ExportJob:
        running = self._running.get(uuid.UUID(export.id))
        fields = dict(export)
        if running is not None:  # until the last of it is cleaned up
            fields["state"] = "running"
        path = self.path(export.account, uuid.UUID(export.id)) if fields["state"] == "done" else None
        if fields["state"] == "done" and path is None:
            fields["state"] = "expired"
        made = None if path is None else path.stat()
        return ExportJob(
            **fields,
            rows_read=running.read if running else None,
            rows_written=running.written if running else None,
            total=running.total if running else None,
            bytes=made.st_size if made else None,
            file_url=f"/commands/exports/{export.account}/{export.id}/file" if made else None,
            expires_at=_at(made.st_mtime) + timedelta(seconds=self._desk.settings.export_keep_seconds)
            if made
            else None,
        )

    def _files(self, pattern: str) -> list[Path]:
        """Return files of the data directory; `{}` in `pattern` is any of the formats."""
        patterns = [pattern.format(each) for each in FORMATS] if "{}" in pattern else [pattern]
        return [path for each in patterns for path in self._desk.settings.directory.glob(each)]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
