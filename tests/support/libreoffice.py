"""LibreOffice without a screen, installed when it is missing: a program of others that opens what we write."""

from pathlib import Path

from tests.support.debian import program, run

#: Takes about 20 s and 200 MB to install.
PACKAGE = "libreoffice-calc-nogui"
#: All sheets, comma, quote, UTF-8, text quoted, values as shown: the token list of LibreOffice's CSV filter.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


async def sheets_as_csv(workbook: Path, directory: Path) -> dict[str, str]:
    """Return each sheet as LibreOffice reads it, as CSV by sheet name.

    AssertionError when it can't open the workbook.
    """
    profile = directory / "profile"
    await run(
        await program("soffice", PACKAGE),
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
