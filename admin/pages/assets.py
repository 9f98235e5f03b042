"""Static files of the pages. Each has a name that changes with its content, so that browsers may cache it for ever."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from admin.pages.compression import CODINGS, Coding, compress_well

STATIC = Path(__file__).parents[1] / "static"
PREFIX = "/static"
_KEPT = "public, max-age=31536000, immutable"
_COMPRESSED = {".css", ".js", ".svg"}
#: Another file, as a style sheet names it: by its path in the directory.
_NAMED = re.compile(rb'url\("([^":#]+)"\)')
#: Parts of our own files that only we read: comments that have lines of their own, and indents.
_OURS = {
    ".css": re.compile(rb"^[ \t]+|/\*.*?\*/[ \t]*", re.MULTILINE | re.DOTALL),
    ".js": re.compile(rb"^[ \t]*//.*\n|^[ \t]+", re.MULTILINE),
}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file in the forms in which it is sent."""

    url: str
    body: bytes
    compressed: Mapping[Coding, bytes]  # nothing: not worth it
    media_type: str

    def headers(self) -> dict[str, str]:
        """Headers of every answer with this file."""
        return {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}


@cache
def load(directory: Path = STATIC) -> Mapping[str, Asset]:
    """Return every file by its path in `directory`, e.g. `vendor/htmx-2.0.11.min.js`. Licences are not sent.

    The files are read once in a process. Raises KeyError for a style sheet that names a file that is not there.
    """
    assets: dict[str, Asset] = {}

    def address(named: re.Match[bytes]) -> bytes:
        return b'url("%b")' % assets[named[1].decode()].url.encode()

    # Style sheets come last: they name others, and those by names that change with the content.
    for path in sorted(directory.rglob("*"), key=lambda path: (path.suffix == ".css", path)):
        if not path.is_file() or path.suffix == ".LICENSE":
            continue
        body = path.read_bytes()
        if path.parent == directory and path.suffix in _OURS:
            body = _OURS[path.suffix].sub(b"", body)
        if path.suffix == ".css":
            body = _NAMED.sub(address, body)
        name = path.relative_to(directory).as_posix()
        digest = hashlib.blake2b(body, digest_size=6).hexdigest()
        compressed = {each: compress_well(body, each) for each in CODINGS if path.suffix in _COMPRESSED}
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if media_type.startswith("text/"):
            media_type += "; charset=utf-8"
        url = f"{PREFIX}/{digest}/{name}"
        assets[name] = Asset(url=url, body=body, compressed=compressed, media_type=media_type)
    return MappingProxyType(assets)
