"""Files of exports that are kept on disk, for whoever must delete them all."""

from pathlib import Path
from typing import NamedTuple


class Forgotten(NamedTuple):
    """Number of files that were deleted, and of exports that were being made: their files come later."""

    files: int
    running: int


def delete_files(directory: Path, account: str, *, dry_run: bool = False) -> Forgotten:
    """Delete every file that exports of an account have left in `directory`, but those of exports that run now.

    Any of them may have any value: a workbook can't be searched as text. With `dry_run` they are only counted. Raises
    OSError.
    """
    paths = list((directory / account).glob("*"))
    running = {path.stem for path in paths if path.suffix == ".lock"}
    files = 0
    for path in paths:
        if path.suffix != ".lock" and path.name.partition(".")[0] not in running:
            if not dry_run:
                path.unlink(missing_ok=True)
            files += 1
    return Forgotten(files, len(running))
