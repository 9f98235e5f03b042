"""The answer with a file that is kept: whole, or the part that a `Range` header asks for."""

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from api.problems import ProblemError
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class KeptFile(FileResponse):
    """FileResponse whose refusal of a range is a problem document, as every other refusal."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_out(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                raise range_not_in_file(Headers(raw=message["headers"]))
            await send(message)

        await super().__call__(scope, receive, send_out)


def range_not_in_file(refusal: Headers | dict[str, str]) -> ProblemError:
    """A 416 with the file's length as `refusal`, the headers of Starlette's own answer, tells it."""
    told = {name: value for name, value in refusal.items() if name.lower() == "content-range"}
    return ProblemError(416, "range-not-in-file", Reason(ReasonCode.RANGE_NOT_IN_FILE), headers=told)
