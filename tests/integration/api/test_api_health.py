"""Health and metrics ask for no key: however many ask at once, it costs one look."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.app import build_api
from api.authentication import Authenticator
from api.health import health_app, readiness_of
from api.shared_answer import FRESH_SECONDS, SharedAnswer
from schemas.policy import Policy
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import NOWHERE, app_on
from tests.support.served import served
from tests.support.waiting import eventually


class Counted(Collector):
    """Counts how often metrics are rendered."""

    def __init__(self) -> None:
        self.times = 0

    def collect(self) -> Iterator[Metric]:
        self.times += 1
        return iter(())


async def answers(address: str, path: str) -> list[int]:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
        found = await asyncio.gather(*(client.get(path) for _ in range(100)))
    return [each.status_code for each in found]


@pytest.mark.parametrize("process", ["api", "admin", "probes"])
async def test_a_hundred_at_once_make_one_look(
    database_url: str, storage_settings: StorageSettings, process: str
) -> None:
    reader = Database(database_url, "reader", storage_settings)
    counted = Counted()

    async def look(app: FastAPI) -> None:
        async with served(app) as address:
            assert set(await answers(address, "/readyz")) == {200}
            assert reader.connections_made == 1
            assert set(await answers(address, "/metrics")) == {200}
            assert counted.times <= 2  # it may have taken more than a second

    if process == "admin":
        async with app_on(reader, reader, NOWHERE, Topics()) as app:
            app.state.metrics.register(counted)
            counted.times = 0  # registering renders once
            await look(app)
    else:
        registry = CollectorRegistry()
        app = build_api(reader, Authenticator(reader, None), Policy())
        if process == "probes":
            app = health_app(readiness_of(reader), registry)
        (registry if process == "probes" else app.state.metrics).register(counted)
        counted.times = 0
        await look(app)
    await reader.close()


async def test_an_answer_is_asked_anew_after_a_second_and_outlives_who_asked_first() -> None:
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return asked

    answer = SharedAnswer(ask)
    first = asyncio.create_task(answer.get())
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(answer.get()) for _ in range(10)]
    await asyncio.sleep(0.01)
    first.cancel()
    assert await asyncio.gather(*others) == [1] * 10

    async def again() -> bool:
        return await answer.get() == 2

    await asyncio.sleep(FRESH_SECONDS)
    await eventually(again)
