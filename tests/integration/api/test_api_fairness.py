"""One account's flood, or one without a key, is that one's own trouble."""

import asyncio
from collections import Counter

import httpx
import pytest
from fastapi import FastAPI

from api import fairness
from api.authentication import MAX_GUESSES
from api.fairness import Places, places_of
from api.problems import ProblemError
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, Store
from tests.support.account import account
from tests.support.served import served
from tests.support.waiting import eventually

ACME = "/api/v1/accounts/acme/price/logs"
GLOBEX = "/api/v1/accounts/globex/price/logs"


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
    assert not app.state.places._used


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
