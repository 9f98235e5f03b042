"""A form with one file, within limits that are checked while it arrives."""

import asyncio
import mmap
import re
import tempfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import IO

from fastapi import Request

from api.problems import ProblemError, invalid, refusal
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Time limit for the whole form.
UPLOAD_SECONDS = 120.0
_MORE_BYTES = 16 * 1024  # of the form besides its file
_MAX_HEADER_BYTES = 2048
_MAX_FIELD_BYTES = 1024
_MAX_PARTS = 8
_MEDIA_TYPE = "multipart/form-data"
_UNREADABLE = Reason(ReasonCode.FORM_UNREADABLE, expected=_MEDIA_TYPE, limit=_MAX_PARTS)
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,\-./:=?]{1,70}")


async def read_upload(request: Request, name: str, path: Path, max_bytes: int) -> dict[str, str]:
    """Write the file of the field `name` to `path`; returns the fields, of which `name` has the file's own name.

    415, 413, 408 or 422 unless the body is one multipart form (RFC 7578) with such a file, of at most `max_bytes`. Its
    name is as the browser gives it, for people to read; its media type is ignored.
    """
    boundary = _boundary(request.headers.get("content-type", ""))
    most = max_bytes + _MORE_BYTES
    too_large = ProblemError(413, "too-large", Reason(ReasonCode.WORKBOOK_TOO_LARGE, limit=max_bytes // 1024**2))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    with tempfile.TemporaryFile(dir=path.parent) as body:
        size = 0
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > most:
                        raise too_large
                    await asyncio.to_thread(body.write, chunk)
        except TimeoutError:
            reason = Reason(ReasonCode.BODY_TOO_SLOW, field="form", seconds=UPLOAD_SECONDS)
            raise ProblemError(408, "too-slow", reason) from None
        if size == 0:
            raise _unreadable()
        body.flush()
        return await asyncio.to_thread(_take_apart, body, boundary, name, path)


def _unreadable() -> ProblemError:
    return refusal([_UNREADABLE])


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != _MEDIA_TYPE or not isinstance(boundary, str):
        raise ProblemError(415, "unsupported-media-type", _UNREADABLE)
    if _BOUNDARY.fullmatch(boundary) is None:
        raise _unreadable()
    return f"--{boundary}".encode()


def _take_apart(body: IO[bytes], boundary: bytes, name: str, path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    with mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        place = 0 if whole[: len(boundary)] == boundary else -1
        for _ in range(_MAX_PARTS):
            begin = place + len(boundary)
            if place < 0 or whole[begin : begin + 2] not in {b"\r\n", b"--"}:
                raise _unreadable()
            if whole[begin : begin + 2] == b"--":
                if name in fields:
                    return fields
                raise invalid(name, ReasonCode.FILE_MISSING)
            content = whole.find(b"\r\n\r\n", begin, begin + _MAX_HEADER_BYTES) + 4
            end = whole.find(b"\r\n" + boundary, content)
            if content < 4 or end < 0:
                raise _unreadable()
            field, file_name = _field(whole[begin + 2 : content - 4])
            if field in fields or (field != name and end - content > _MAX_FIELD_BYTES):
                raise _unreadable()
            if field == name:
                with path.open("wb") as file, memoryview(whole) as view, view[content:end] as part:
                    file.write(part)
                fields[name] = file_name
            else:
                fields[field] = whole[content:end].decode("utf-8", "replace")
            place = end + 2
    raise _unreadable()


def _field(head: bytes) -> tuple[str, str]:
    """Return the name of a part, and that of its file."""
    headers = HeaderParser().parsestr(head.decode("utf-8", "replace"))
    name = headers.get_param("name", header="content-disposition")
    if not isinstance(name, str):
        raise _unreadable()
    return name, headers.get_filename("")
