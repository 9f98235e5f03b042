"""`conexoes erase`: a person or an entity out of everything that is stored here, with a receipt."""

import sys
from collections.abc import Callable

from cli.author import login_name
from cli.filter_options import STDIN
from cli.installation import UnusableError
from cli.json_option import to_json
from exports.kept_files import Forgotten, delete_files
from exports.settings import ExportSettings
from schemas.erasure import MIN_PATTERN_CHARACTERS, WAYS, By, Receipt, Wanted
from schemas.result import ACCOUNT
from storage.database import Database
from storage.erasure import Erasure


def wanted_of(account: str, given: dict[By, str | None]) -> Wanted:
    """Return what is to be erased, of the one way that is given. Raises UnusableError."""
    if ACCOUNT.fullmatch(account) is None:
        raise UnusableError("--account must be 1 to 64 of a-z, 0-9 and '-'.")
    chosen = [(by, value) for by in WAYS if (value := given[by]) is not None]
    if len(chosen) != 1:
        raise UnusableError(f"Give one of {', '.join(f'--{each}' for each in WAYS)}.")
    [(by, value)] = chosen
    if value == STDIN:  # so that it is in no history of a shell and no list of processes
        value = sys.stdin.readline().rstrip("\r\n")
    alias = None
    if by == "alias" and "=" in value:
        alias, _, value = value.partition("=")
    if not value or "\x00" in value or (by == "pattern" and len(value) < MIN_PATTERN_CHARACTERS):
        raise UnusableError(f"--{by} must have at least {MIN_PATTERN_CHARACTERS if by == 'pattern' else 1} characters.")
    return Wanted(account, by, value, alias)


async def erase(
    owner: Database,
    wanted: Wanted,
    *,
    requested_by: str | None,
    reason: str,
    dry_run: bool,
    say: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Receipt:
    """Erase, and say on the way what is searched. Raises UnusableError, StorageUnavailable."""
    by = requested_by or login_name()
    if wanted.is_in(reason) or wanted.is_in(by):
        raise UnusableError("The reason is kept for ever: it may not have what is to be erased.")
    forgotten = Forgotten(0, 0)

    def forget_files() -> int:
        nonlocal forgotten
        forgotten = delete_files(ExportSettings().directory, wanted.account, dry_run=dry_run)
        return forgotten.files

    erasure = Erasure(
        owner, wanted, requested_by=by, reason=reason, dry_run=dry_run, progress=_progress(say), stopped=stopped
    )
    receipt = await erasure.run(forget_files)
    if forgotten.running:
        say(f"{forgotten.running} exports are being made: erase again when they are done.")
    return receipt


def _progress(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """Return a function that says of a large table how far it is, each tenth once."""
    said: set[tuple[str, int]] = set()

    def progress(table: str, page: int, pages: int) -> None:
        tenth = page * 10 // pages
        if pages > 10_000 and (table, tenth) not in said:
            said.add((table, tenth))
            say(f"{table}: {tenth * 10} %")

    return progress


def as_json(receipt: Receipt) -> str:
    """Return a receipt as one JSON object."""
    return to_json(receipt._asdict())


def as_lines(receipt: Receipt) -> list[str]:
    """Return a receipt for people."""
    lines = [f"{table:<24}{rows:>10,}" for table, rows in (receipt.rows | {"files": receipt.files}).items()]
    if receipt.mentions_left:
        lines.append(
            f"{receipt.mentions_left:,} other logs say it too (messages, other names, attempts), and stay: "
            "--pattern erases them, whole."
        )
    if receipt.dry_run:
        return [*lines, "Nothing was erased: this is what would be."]
    state = "erased" if receipt.finished_at else "stopped: run the same again"
    return [
        *lines,
        f"{state}   receipt {receipt.id}   digest {receipt.digest}",
        f"proof {receipt.proof}   (keep it: with the value it proves the digest, and it is stored nowhere)",
        "Kafka keeps its records until their retention: docs/personal-data.md.",
    ]


def as_line(receipt: Receipt) -> str:
    """Return a stored receipt as one line of a list."""
    state = "erased" if receipt.finished_at else "not finished"
    rows = ", ".join(f"{table} {number}" for table, number in receipt.rows.items())
    left = f"; mentions left {receipt.mentions_left}" if receipt.mentions_left else ""
    return (
        f"{receipt.id}  {receipt.requested_at:%Y-%m-%d %H:%M}  {receipt.by:<7}  {state:<12}  {receipt.requested_by}: "
        f"{receipt.reason}  ({rows or 'nothing'}{left})"
    )
