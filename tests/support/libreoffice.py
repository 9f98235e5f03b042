"""LibreOffice without a screen, installed when it is missing: a program of others that opens what we write."""

import asyncio
import shutil
from pathlib import Path

PACKAGE = "libreoffice-calc-nogui"
#: All sheets, comma, quote, UTF-8, text quoted, values as shown: the token list of LibreOffice's CSV filter.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
_SECONDS = 240


async def program() -> str:
    """Find LibreOffice, or install it: Debian's package takes about 20 s and 200 MB. AssertionError when that fails."""
    if found := shutil.which("soffice"):
        return found
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", PACKAGE]):
        await _run(*command)
    found = shutil.which("soffice")
    assert found, f"LibreOffice is needed: install {PACKAGE}"
    return found


async def sheets_as_csv(workbook: Path, directory: Path) -> dict[str, str]:
    """Return each sheet as LibreOffice reads it, as CSV by sheet name.

    AssertionError when it can't open the workbook.
    """
    profile = directory / "profile"
    await _run(
        await program(),
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--convert-to",
        _CSV,
        "--outdir",
        str(directory),
        str(workbook),
    )
    files = directory.glob(f"{workbook.stem}-*.csv")
    return {path.stem.removeprefix(f"{workbook.stem}-"): path.read_text("utf-8") for path in files}


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    assert process.returncode == 0, out.decode(errors="replace")
