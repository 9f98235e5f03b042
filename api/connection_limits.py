"""Limits what one connection may send and how slowly: httptools and uvicorn limit neither."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import ProblemError, response
from schemas.reasons.reason import own_words

#: More than api.edge accepts, so that headers slightly over its limit still get an answer that says why. A URL gets
#: one up to 64 KiB, where httptools itself closes the connection.
MAX_HEAD_BYTES: Final = 128 * 1024
#: Time limit of a head: of the first since the connection, of each later one since its first byte.
HEAD_SECONDS: Final = 10.0
#: Limit of a body that nobody reads: the answer is complete, or the method takes no body.
MAX_UNREAD_BYTES: Final = 64 * 1024
#: Time limit of the rest of a body after the answer, so that a caller can read the answer first.
UNREAD_SECONDS: Final = 1.0
#: Limit of chunks: each costs as much as a kilobyte of body. A body of smaller chunks on average is refused.
MIN_CHUNK_BYTES: Final = 64
_FREE_CHUNKS: Final = 16
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class _ChunksTooSmallError(Exception):
    """Error that ends the parser's work within a read."""


class HttpProtocol(HttpToolsProtocol):
    """Protocol of uvicorn with limits of bytes, chunks and time: what is beyond them closes the connection.

    A read that completes a head, chunk or trailer may bring up to 256 KiB more with it.
    """

    _pending = 0
    _whole = False
    _in_head = True
    _in_body = False
    _body_bytes = 0
    _chunks = 0
    _unread_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _body_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._whole = False
        super().data_received(data)
        self._pending = 0 if self._whole else self._pending + len(data)
        if self._pending > MAX_HEAD_BYTES:
            self._refuse(f"A request may have at most {MAX_HEAD_BYTES} bytes beside its body.")

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser refuses too, but never into an answer that has begun."""
        if self._chunks_too_small():
            msg = f"The chunks of a body must have at least {MIN_CHUNK_BYTES} bytes on average."
        self._refuse(msg)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer is no header, and nothing reads trailers: uvicorn would keep them all.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._whole, self._in_head, self._in_body = True, False, True
        self._body_bytes = self._chunks = self._unread_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks_too_small():
            raise _ChunksTooSmallError

    def on_body(self, body: bytes) -> None:
        self._whole = True
        self._body_bytes += len(body)
        answered = self.cycle.response_complete
        if answered or self.scope["method"] not in _WITH_BODY:
            self._unread_bytes += len(body)
        super().on_body(body)
        if self._unread_bytes > MAX_UNREAD_BYTES:
            if answered:
                self.flow.pause_reading()  # until the timer ends it: a close now could take the answer back
            else:
                self._refuse(f"A {self.scope['method']} request may have at most {MAX_UNREAD_BYTES} bytes of body.")

    def on_message_complete(self) -> None:
        self._whole, self._in_body = True, False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        # With another request behind, the body that still comes is that one's.
        unread = self._in_body and not self.pipeline
        super().on_response_complete()
        if unread:
            self._body_timer = self.loop.call_later(UNREAD_SECONDS, self._close)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # an answer is under way before it
        else:
            self._close()

    def _chunks_too_small(self) -> bool:
        return self._chunks > _FREE_CHUNKS + self._body_bytes // MIN_CHUNK_BYTES

    def _refuse(self, sentence: str) -> None:
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and cycle.response_started and (self._in_body or not cycle.response_complete):
            self._close()
        else:
            self.transport.write(_bad_request(sentence))
            self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def _bad_request(sentence: str) -> bytes:
    """Return a whole HTTP answer: 400, a problem document as every other refusal, and the end of the connection."""
    answer = response(ProblemError(400, "bad-request", own_words(sentence)))
    headers = [*answer.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%s: %s\r\n" % each for each in headers)
    return b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + bytes(answer.body)
