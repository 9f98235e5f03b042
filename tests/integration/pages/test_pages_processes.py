"""Two admin processes behind one address, on two machines that share no directory."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from embedded.ports import free_ports
from tests.integration.api.conftest import BOOTSTRAP
from tests.support.processes import conexoes
from tests.support.served import until_alive


async def test_who_signed_in_at_one_process_is_signed_in_at_the_other(database_url: str, tmp_path: Path) -> None:
    secret = tmp_path / "session-secret"
    secret.write_text("a secret of the tests, which both processes read\n")
    async with AsyncExitStack() as stack:
        clients = []
        for port in free_ports(2):
            settings = {
                "DATABASE_URL": database_url,
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
                "DATA_DIR": str(tmp_path / str(port)),
                "HTTP_PORT": str(port),
                "BOOTSTRAP_KEY": BOOTSTRAP,
                "SESSION_SECRET_FILE": str(secret),
            }
            await stack.enter_async_context(conexoes("admin", log=tmp_path / f"{port}.log", **settings))
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
            clients.append(await stack.enter_async_context(client))
        await asyncio.gather(*(until_alive(each) for each in clients))
        one, other = clients
        assert (await other.get("/acme/overview")).status_code == 303
        signed_in = await one.post("/sign-in", data={"access_key": BOOTSTRAP}, headers={"Origin": str(one.base_url)})
        assert signed_in.status_code == 303, signed_in.text
        # Cookies know no port, so a browser sends one process's to the other.
        other.cookies.update(one.cookies)
        assert (await other.get("/acme/overview")).status_code == 200
    assert not list(tmp_path.rglob("session.secret"))
