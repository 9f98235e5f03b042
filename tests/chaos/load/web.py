"""HTTP as users of the pages and of the API have it, while processes end and servers are away."""

from typing import Any

import httpx

from tests.chaos.load.load import Load
from tests.chaos.system import BOOTSTRAP_KEY

#: Answers that were promised: done, try again later, slower please.
FORESEEN = {200, 202, 503, 429}
_SECONDS = 40.0


class Web:
    """Asks both processes; an answer that was not foreseen is a complaint, a connection that ends is not."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.client = httpx.AsyncClient(timeout=_SECONDS, headers={"Authorization": f"Bearer {BOOTSTRAP_KEY}"})
        self.answers = 0

    async def get(self, process: str, path: str, **parameters: Any) -> httpx.Response | None:
        """One answer, of the API's path; None when there is none."""
        return await self._ask("GET", f"{self._load.system.web_urls[process]}/api/v1{path}", params=parameters or None)

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response | None:
        """One answer of `admin`."""
        return await self._ask("POST", f"{self._load.system.web_urls['admin']}{path}", json=body, headers=headers)

    async def _ask(self, method: str, url: str, **arguments: Any) -> httpx.Response | None:
        try:
            answer = await self.client.request(method, url, **arguments)
        except httpx.TransportError:
            return None
        self.answers += 1
        if answer.status_code not in FORESEEN:
            self._load.complaints.append(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
        return answer
