"""A limit on the head of a request, which httptools itself does not have."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: More than what api.edge lets in, so that a head that only just is too large still gets an answer that says why.
MAX_HEAD_BYTES: Final = 128 * 1024


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, which ends a connection whose request line and headers do not end in time."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The head of a request must have at most {MAX_HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        self._head_bytes, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
