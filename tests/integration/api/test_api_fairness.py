"""One account's flood, or one without a key, is that one's own trouble."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from api import demand, fairness
from api.authentication import MAX_GUESSES
from api.fairness import MAX_REST_SECONDS, Places, SharedPlaces, places_of
from api.problems import ProblemError
from bench.floods import FLOODS, flood
from exports.jobs.outcome import Outcome
from schemas.export import ExportOrder
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, Store
from tests.support.account import account
from tests.support.served import served
from tests.support.waiting import eventually

ACME = "/api/v1/accounts/acme/price/logs"
GLOBEX = "/api/v1/accounts/globex/price/logs"


async def left(places: SharedPlaces) -> None:
    """Return once nobody holds a place. AssertionError if one is held on; a flood's last request rests before."""

    async def is_left() -> bool:
        return not places._used

    await eventually(is_left)


async def test_places_are_taken_in_order_and_given_back() -> None:
    places, inside, most = Places(2), 0, 0

    async def take() -> None:
        nonlocal inside, most
        async with places.one("acme"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(take() for _ in range(20)))
    assert most == 2
    async with places.one("acme"), places.one("acme"), places.one("globex"):
        pass
    assert not places._used


@pytest.mark.parametrize("wait_seconds", [0.0, 0.05])
async def test_who_waits_too_long_for_a_place_is_told_so_and_takes_none(wait_seconds: float) -> None:
    places = Places(1, wait_seconds)
    async with places.one("acme"):
        for _ in range(3):
            with pytest.raises(ProblemError) as refused:
                async with places.one("acme"):
                    pass
            assert refused.value.status == 429
        async with places.one("globex"):
            pass
    async with places.one("acme"):
        pass
    assert not places._used


async def test_who_leaves_while_waiting_takes_no_place() -> None:
    places = Places(1)

    async def take() -> None:
        async with places.one("acme"):
            pass

    async with places.one("acme"):
        waiting = asyncio.create_task(take())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await take()
    assert not places._used


async def test_a_place_that_is_given_to_who_leaves_in_that_moment_is_not_lost() -> None:
    places = Places(1)
    release = await places.take("acme")
    waiting = asyncio.create_task(places.take("acme"))
    behind = asyncio.create_task(places.take("acme"))
    await asyncio.sleep(0)
    release()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    (await behind)()
    assert not places._used


async def test_who_is_cancelled_while_the_place_is_released_takes_none() -> None:
    places = Places(1)
    release = await places.take("acme")
    waiting = asyncio.create_task(places.take("acme"))
    await asyncio.sleep(0)
    waiting.cancel()
    release()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not places._used
    (await places.take("acme"))()


class _Flood:
    """Requests of one account, so many at once and without pause: the most that had a place at one time."""

    def __init__(self, places: SharedPlaces, account: str, at_once: int) -> None:
        self.most = self._inside = 0
        self._places = places
        self._account = account
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(at_once)]

    async def _ask(self) -> None:
        while True:
            async with self._places.one(self._account):
                self._inside += 1
                self.most = max(self.most, self._inside)
                await asyncio.sleep(0.001)
                self._inside -= 1

    async def most_in(self, turns: int) -> int:
        """Return the most of the next so many milliseconds."""
        await asyncio.sleep(0.05)  # until those that have a place have left it
        self.most = 0
        for _ in range(turns):
            await asyncio.sleep(0.001)
        return self.most

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_who_asks_too_much_goes_on_one_after_the_other_while_another_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demand, "PRESENT_SECONDS", 0.5)
    monkeypatch.setattr(demand, "AVERAGE_SECONDS", 0.02)
    places = SharedPlaces(5)
    flood = _Flood(places, "acme", 16)
    try:
        assert await flood.most_in(50) == 5
        async with places.one("globex"):
            assert await flood.most_in(50) == 1
        other = _Flood(places, "initech", 16)  # as loud: only who asks for little is made way for
        assert await other.most_in(20) == 1
        await asyncio.sleep(0.6)  # globex has left
        assert await flood.most_in(50) == 5
        assert await other.most_in(50) == 5
        await other.end()
    finally:
        await flood.end()
    await left(places)


def test_an_account_has_a_quarter_of_the_pool() -> None:
    assert [places_of(size) for size in (1, 16, 20, 200)] == [4, 4, 5, 50]
    assert places_of(StorageSettings().pool_size) * 4 <= StorageSettings().pool_size


async def test_a_flood_of_one_account_is_limited_and_another_is_answered(
    app: FastAPI, keys: dict[str, str], store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "WAIT_SECONDS", 0.05)
    await store_events(*account())
    answers: Counter[int] = Counter()
    async with served(app) as url, httpx.AsyncClient(base_url=url, timeout=20, limits=httpx.Limits()) as client:

        async def flood(n: int) -> None:
            path = [f"{ACME}?page_size=200", f"{ACME}?q=a&page_size=200", f"{ACME}/summary?q=e", f"{ACME}/groups"][
                n % 4
            ]
            for _ in range(3):
                answer = await client.get(path, headers={"Authorization": f"Bearer {keys['viewer']}"})
                answers[answer.status_code] += 1
                assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0

        flooding = asyncio.gather(*(flood(n) for n in range(80)))
        for _ in range(10):
            answer = await client.get(GLOBEX, headers={"Authorization": f"Bearer {keys['other']}"})
            assert answer.status_code == 200
        await flooding
    assert set(answers) == {200, 429}
    await left(app.state.places)


@pytest.mark.parametrize("name", FLOODS)
async def test_each_flood_of_the_benchmark_is_answered_until_it_is_stopped(
    app: FastAPI, keys: dict[str, str], store_events: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("bench.caller.KEY", keys["admin"])
    await store_events(*account())
    stop, statuses = asyncio.Event(), Counter[int]()
    expected = 200 if FLOODS[name].has_key else 401

    async def answered() -> bool:
        return statuses[expected] > 0

    async with served(app) as url:
        flooding = asyncio.create_task(flood(url, "acme", name, stop, statuses))
        await eventually(answered)
        stop.set()
        await flooding
    limited = {"workbooks", "exports that nobody reads", "wrong keys", "live streams"}
    assert set(statuses) - ({429} if name in limited else set()) == {expected}
    await left(app.state.places)


@pytest.mark.parametrize("floods", [False, True])
async def test_the_next_request_of_a_flood_begins_as_long_after_the_last_as_that_took(
    monkeypatch: pytest.MonkeyPatch, *, floods: bool
) -> None:
    places = SharedPlaces(1)
    monkeypatch.setattr(places._demands, "floods", lambda _account: floods)
    rests: list[float] = []
    loop = asyncio.get_running_loop()

    def later(rest: float, release: Callable[[], None]) -> None:
        rests.append(rest)
        loop.call_soon(release)

    monkeypatch.setattr(loop, "call_later", later)
    for took in (0.02, 60.0):
        moments = iter([0.0, took])
        monkeypatch.setattr(fairness, "time", SimpleNamespace(monotonic=lambda moments=moments: next(moments)))
        end = await places.take("acme")
        end()
        await asyncio.sleep(0)
        assert not places._used
    assert rests == ([0.02, MAX_REST_SECONDS] if floods else [])


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "xlsx"])
async def test_an_export_takes_no_place_from_those_who_read(
    app: FastAPI, keys: dict[str, str], store_events: Store, file_format: str
) -> None:
    await store_events(*account())
    seen: list[int] = []
    one = app.state.exports.one

    @asynccontextmanager
    async def watched(order: ExportOrder, *, wait_seconds: float) -> AsyncIterator[Outcome]:
        seen.append(len(app.state.places._used))
        async with one(order, wait_seconds=wait_seconds) as outcome:
            yield outcome
            seen.append(len(app.state.places._used))

    app.state.exports.one = watched
    async with served(app) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        headers = {"Authorization": f"Bearer {keys['admin']}"}
        answer = await client.get(f"{ACME}/export.{file_format}", headers=headers)
        assert answer.status_code == 200

        # The answer is complete a little before its export ends.
        async def ended() -> bool:
            return len(seen) == 2

        await eventually(ended)
    assert seen == [0, 0]


async def test_keys_that_do_not_exist_are_looked_up_once_and_few_at_a_time(
    app: FastAPI, keys: dict[str, str], viewer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "WAIT_SECONDS", 0.05)
    assert (await viewer.get(ACME)).status_code == 200
    async with Caller(app, None) as nobody:

        async def guess(key: str) -> int:
            answer = await nobody.get(ACME, headers={"Authorization": f"Bearer {key}"})
            return answer.status_code

        guessing = asyncio.gather(*(guess(f"cnx_{n}") for n in range(100)))
        await asyncio.sleep(0)
        assert (await viewer.get(ACME)).status_code == 200  # its key is known: it waits for nobody who guesses
        assert set(await guessing) <= {401, 429}
        # The same key again is not looked up, so that there is always room for it.
        again = await asyncio.gather(*(guess("cnx_the_same") for _ in range(MAX_GUESSES)))
        assert set(again) == {401}
        await app.state.reader.close()
        assert await guess("cnx_the_same") == 401
    assert not app.state.authenticator._guesses._used


async def test_streams_of_one_account_are_counted(app: FastAPI, keys: dict[str, str]) -> None:
    app.state.streams = Places(2, 0)
    async with served(app) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:

        async def watch(who: str) -> tuple[httpx.AsyncClient, httpx.Response]:
            one = httpx.AsyncClient(base_url=url, timeout=20)
            assert (await one.post("/sign-in", data={"access_key": keys[who]})).status_code == 303
            path = f"/{'globex' if who == 'other' else 'acme'}/price/live"
            return one, await one.send(one.build_request("GET", path), stream=True)

        opened = [await watch(who) for who in ("viewer", "viewer", "operator", "other")]
        assert [answer.status_code for _one, answer in opened] == [200, 200, 429, 200]
        for one, answer in opened:
            await answer.aclose()
            await one.aclose()
        assert (await client.get("/livez")).status_code == 200

        async def given_back() -> bool:
            return not app.state.streams._used

        await eventually(given_back)
