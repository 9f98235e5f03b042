"""Slots of exports: who finds none waits for one, not for long."""

import asyncio

import pytest

from exports.errors import TooManyExports
from exports.jobs.slots import Limit, Slots
from schemas.reasons.code import ReasonCode


def slots(per_account: int = 1, in_all: int = 2) -> Slots:
    """Make slots with these limits."""
    return Slots(Limit(per_account, ReasonCode.TOO_MANY_EXPORTS), Limit(in_all, ReasonCode.TOO_MANY_EXPORTS_IN_ALL))


async def held(some: Slots, account: str, wait_seconds: float, until: asyncio.Event) -> None:
    async with some.one(account, wait_seconds=wait_seconds):
        await until.wait()


async def turns() -> None:
    """Let other tasks go on for a while."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_has_the_slot_that_is_given_back() -> None:
    some, first, others = slots(), asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(held(some, "acme", 60, each)) for each in (first, others, others)]
    await turns()
    assert some.running == 1
    first.set()
    await turns()
    assert some.running == 1  # one of the two, which wait together
    others.set()
    await asyncio.gather(*tasks)
    assert some.running == 0


async def test_a_slot_that_another_account_gives_back_is_waited_for_too() -> None:
    some, until = slots(in_all=1), asyncio.Event()
    tasks = [asyncio.create_task(held(some, each, 60, until)) for each in ("acme", "globex")]
    await turns()
    assert some.running == 1
    until.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("wait_seconds", [0, 0.01])
async def test_who_has_waited_is_refused_by_the_limit(wait_seconds: float) -> None:
    some = slots()
    async with some.one("acme"):
        with pytest.raises(TooManyExports) as refused:
            async with some.one("acme", wait_seconds=wait_seconds):
                pass
        assert refused.value.reason.code == ReasonCode.TOO_MANY_EXPORTS
        async with some.one("globex"):
            with pytest.raises(TooManyExports) as refused:
                async with some.one("initech", wait_seconds=wait_seconds):
                    pass
            assert refused.value.reason.code == ReasonCode.TOO_MANY_EXPORTS_IN_ALL
    assert some.running == 0


async def test_who_leaves_while_waiting_takes_no_slot() -> None:
    some, until = slots(), asyncio.Event()
    task = asyncio.create_task(held(some, "acme", 60, until))
    waiting = asyncio.create_task(held(some, "acme", 60, until))
    await turns()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    until.set()
    await task
    assert some.running == 0
