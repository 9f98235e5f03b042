"""A deadline ends the process whatever holds it up."""

import subprocess
import sys

SCRIPT = """
import asyncio
from agents.process.crash import deadline

async def main():
    with deadline("stopping", 0.2):
        while True:  # swallows every cancellation, as a library may
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

async def cancelled():
    task = asyncio.create_task(main())
    await asyncio.sleep(0.1)
    task.cancel()
    await task

asyncio.run(cancelled())
"""


def test_what_swallows_its_cancellation_is_ended_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=False, timeout=30)
    assert done.returncode == 70
    assert b"stopping took longer" in done.stdout + done.stderr


def test_what_ends_in_time_is_left_alone() -> None:
    script = "from agents.process.crash import deadline\nwith deadline('x', 0.2): pass\nimport time; time.sleep(0.5)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0
