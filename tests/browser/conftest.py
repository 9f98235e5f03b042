"""A person at a real Chromium, before the real app on a real PostgreSQL and Kafka, with agents and a connector."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from admin.app import build_admin
from admin.session import Sessions
from api.authentication import Authenticator
from api.server import serve
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from conexoes_connector.connector import Connector
from conexoes_connector.retries import serve_retries
from conexoes_connector.retry import Answer, Retry
from embedded.ports import free_port
from exports.settings import ExportSettings
from schemas.catalogue import BY_NAME
from schemas.playbook import Playbook
from schemas.policy import Policy
from storage.database import Database
from storage.settings import StorageSettings
from tests.browser.chromium import chromium
from tests.integration.api.conftest import BOOTSTRAP, Store, keys, owning, store_events
from tests.support.agents import running_worker

__all__ = ["keys", "owning", "store_events"]

SECRET = b"secret of the browser tests"
WIDE = {"width": 1360, "height": 900}
#: Playbook with one error.
ADVICE = Playbook.read(
    """
    [[entry]]
    code = "advised"
    who = "seller"
    link = "https://help.example/advised"
    cause = {pt = "causa", en = "cause", es = "causa"}
    what_to_do = {pt = "o que fazer", en = "what to do", es = "qué hacer"}
    """
)
Answering = Callable[[Retry], Awaitable[Answer | None]]


def zone(now: datetime) -> str:
    """The time zone of people.

    It is never just after midnight there: results of the tests are an hour old, and would be yesterday's.
    """
    home = "America/Sao_Paulo"
    return home if now.astimezone(ZoneInfo(home)).hour >= 2 else "Asia/Tokyo"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        # Root may not have Chromium's own sandbox, and nothing but our own pages is opened.
        arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        launched = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield launched
        await launched.close()


@pytest.fixture
def policy() -> Policy:
    """The policy of the pages and the agents."""
    return Policy()


@pytest.fixture
async def address(
    reader: Database, writer: Database, broker_settings: BrokerSettings, policy: Policy, tmp_path: Path
) -> AsyncIterator[str]:
    """The admin app, served."""
    stop, port = asyncio.Event(), free_port()
    publisher = Publisher(str(broker_settings.kafka_bootstrap_servers), timeout_seconds=4)
    app = build_admin(
        reader,
        writer,
        publisher,
        authenticator=Authenticator(reader, BOOTSTRAP),
        policy=policy,
        playbook=lambda: ADVICE,
        topics=broker_settings.topics,
        sessions=Sessions(SECRET),
        export_settings=ExportSettings(data_dir=tmp_path),
        stop=stop,
    )
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop))
    yield f"http://127.0.0.1:{port}"
    stop.set()
    await serving
    await app.state.jobs.close()
    await publisher.close()


@pytest.fixture
async def agents(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, policy: Policy, data_dir: Path
) -> AsyncIterator[None]:
    """The agents, which record commands and fold results."""
    async with running_worker(broker_settings, storage_settings, data_dir, policy):
        yield


@asynccontextmanager
async def connector(broker: BrokerSettings, answering: Answering) -> AsyncIterator[None]:
    """A connector of MLB and AMZ that answers every retry."""
    stop = asyncio.Event()
    servers, prefix = str(broker.kafka_bootstrap_servers), broker.topic_prefix
    async with Connector(servers, source="/connectors/test", topic_prefix=prefix) as made:
        handlers = dict.fromkeys(BY_NAME, answering)
        serving = asyncio.create_task(
            serve_retries(made, handlers, affiliates={"MLB", "AMZ"}, group=f"{prefix}-test", stop=stop)
        )
        try:
            yield
        finally:
            stop.set()
            await serving


class Person:
    """One browser window. It records what must never happen, such as console errors and requests to other hosts."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        self.expected_status: set[int] = set()
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self._request)

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(f"status of {each} " in text for each in self.expected_status):
            self.faults.append(f"{kind}: {text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.faults.append(f"request: {request.url}")

    def forget(self, *words: str) -> None:
        """Forget the faults that have one of these words; any other stays, and fails the test."""
        self.faults = [each for each in self.faults if not any(said in each for said in words)]

    async def open(self, path: str) -> None:
        await self.page.goto(self.address + path)

    async def sign_in(self, key: str) -> None:
        await self.open("/sign-in")
        await self.page.fill("#access-key", key)
        await self.page.click(".sign-in button")
        await self.page.wait_for_url("**/overview")


Arrive = Callable[..., Awaitable[Person]]


@pytest.fixture
async def arrive(browser: Browser, address: str, keys: dict[str, str]) -> AsyncIterator[Arrive]:
    """Opens a window: `arrive(role="operator", lang="en-US", …)`; anything else goes to the browser's context."""
    contexts: list[BrowserContext] = []
    people: list[Person] = []

    async def new(
        role: str | None = "operator", lang: str = "en-US", *, scripts: bool = True, **options: object
    ) -> Person:
        settings: dict[str, object] = {"viewport": WIDE, "timezone_id": zone(datetime.now(UTC)), **options}
        context = await browser.new_context(locale=lang, java_script_enabled=scripts, **settings)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        person = Person(await context.new_page(), address)
        people.append(person)
        if role is not None:
            await person.sign_in(keys[role])
        return person

    yield new
    for person in people:
        assert person.faults == []
    for context in contexts:
        await context.close()


Fill = Callable[[], Awaitable[None]]
__all__ += ["Store"]
