"""A file between what makes an answer and a caller that may be slow."""

import asyncio
import random

import pytest

from api.streaming import Write, through_file


async def no_rest() -> None:
    """Rest of work that need not let others go on."""


@pytest.mark.parametrize("seed", range(5))
async def test_everything_is_passed_on_in_order_however_slow_the_caller_is(seed: int) -> None:
    draw = random.Random(seed)
    parts = [draw.randbytes(draw.choice((1, 1000, 400_000))) for _ in range(30)]
    came: list[bytes] = []

    async def make(write: Write) -> int:
        for part in parts:
            await write(part)
            if draw.random() < 0.3:
                await asyncio.sleep(0)
        return 7

    async def write(data: bytes) -> None:
        came.append(data)
        for _ in range(draw.randrange(4)):
            await asyncio.sleep(0)

    assert await through_file(make, write, rest=no_rest) == 7
    assert b"".join(came) == b"".join(parts)


async def test_what_makes_it_does_not_wait_for_the_caller() -> None:
    made, read = asyncio.Event(), asyncio.Event()

    async def make(write: Write) -> int:
        await write(b"a")
        await write(b"b")
        made.set()
        return 2

    async def write(_data: bytes) -> None:
        await read.wait()

    passing = asyncio.create_task(through_file(make, write, rest=no_rest))
    await made.wait()
    assert not passing.done()
    read.set()
    assert await passing == 2


async def test_nothing_is_passed_on_of_what_makes_nothing() -> None:
    async def make(_write: Write) -> int:
        return 0

    async def write(_data: bytes) -> None:
        raise AssertionError("there is nothing to write")

    assert await through_file(make, write, rest=no_rest) == 0


@pytest.mark.parametrize("who", ["make", "write"])
async def test_an_error_on_either_side_is_raised(who: str) -> None:
    async def make(write: Write) -> int:
        await write(b"a")
        if who == "make":
            raise OSError("make")
        return 1

    async def write(_data: bytes) -> None:
        if who == "write":
            raise OSError("write")

    with pytest.raises(OSError, match=who):
        await through_file(make, write, rest=no_rest)


async def test_what_makes_it_rests_after_each_piece() -> None:
    rested, has_come, came = asyncio.Event(), asyncio.Event(), list[bytes]()

    async def make(write: Write) -> int:
        await write(b"a")
        await write(b"b")
        return 2

    async def write(data: bytes) -> None:
        came.append(data)
        has_come.set()

    async def rest() -> None:
        await rested.wait()

    passing = asyncio.create_task(through_file(make, write, rest=rest))
    await has_come.wait()
    assert came == [b"a"]  # passed on before the rest is over
    rested.set()
    assert await passing == 2
    assert came == [b"a", b"b"]
