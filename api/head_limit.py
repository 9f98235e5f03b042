"""Limits the bytes of a request's head, chunk headers and trailers, which httptools does not limit."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: More than api.edge accepts, so that headers slightly over its limit still get an answer that says why. A URL gets
#: one up to 64 KiB, where httptools itself closes the connection.
MAX_HEAD_BYTES: Final = 128 * 1024


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit: so much without a complete head, chunk or trailer closes the connection.

    A read that completes one may bring up to 256 KiB more with it.
    """

    _pending = 0
    _whole = False
    _in_head = True

    def data_received(self, data: bytes) -> None:
        self._whole = False
        super().data_received(data)
        self._pending = 0 if self._whole else self._pending + len(data)
        if self._pending > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"A request may have at most {MAX_HEAD_BYTES} bytes beside its body.")

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer is no header, and nothing reads trailers: uvicorn would keep them all.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._whole, self._in_head = True, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._whole = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()
