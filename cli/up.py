"""`conexoes up`: everything on this machine, started in order, stopped in order."""

import asyncio
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping

from admin.session import Sessions
from api.settings import ApiSettings
from broker.settings import BrokerSettings
from broker.topics import create_topics
from cli.installation import InstallationSettings, UnusableError, embedded_url, ready_file
from cli.kept import local_key, session_secret, worker_id
from cli.playbook import playbook_of
from connectors.simulator import PLAYBOOK
from connectors.simulator.marketplaces import marketplace_of
from connectors.simulator.settings import SimulatorSettings
from embedded.children import Child, Children
from embedded.ports import is_free
from embedded.run_file import running
from embedded.system import EmbeddedSystem
from schemas.settings import FILE
from storage import access_keys
from storage.database import Database
from storage.logins import ROLES, make_logins, password_of
from storage.migrate import migrate
from storage.retention_floors import set_floors
from storage.settings import StorageSettings
from storage.sign_in import has_account

#: Name of the key of the demo's connector by HTTP.
_DEMO_KEY = "demo: results by HTTP"
#: Time limit until everything is ready: a first start on a busy machine takes long. A dead process is noticed at once.
READY_SECONDS = 300.0


class Up:
    """One run of `conexoes up`."""

    def __init__(self, settings: InstallationSettings, *, demo: bool, say: Callable[[str], None]) -> None:
        """Take `say`, which prints one line of progress."""
        self._settings = settings
        self._data_dir = settings.data_dir.resolve()
        self._names = ["agents", "admin", *(["simulate"] if demo else [])]
        self._say = say
        self._http = _with_playbook(ApiSettings(), demo=demo)
        self._address = f"http://{self._http.http_host}:{self._http.http_port}"

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set. Raises EmbeddedError, UnusableError or BadPlaybookError, with a sentence."""
        if (here := running(self._data_dir)) is not None:
            raise UnusableError(
                f"It is running here already{f', at {here.http}' if here.http else ''}: {self._data_dir}"
            )
        if not is_free(self._http.http_port):
            raise UnusableError(
                f"Port {self._http.http_port} is used by another program: "
                "stop it, or set CONEXOES_HTTP_PORT to another port."
            )
        playbook_of(self._http)  # a bad one is said before anything starts
        broker, storage = BrokerSettings(), StorageSettings()
        self._say("starting Kafka and PostgreSQL")
        async with EmbeddedSystem(
            self._data_dir,
            kafka_port=self._settings.kafka_port,
            kafka=broker.kafka_bootstrap_servers is None,
            postgres=storage.database_url is None,
        ) as system:
            servers = broker.kafka_bootstrap_servers or system.kafka_bootstrap_servers
            url = storage.database_url or system.database_url
            self._say("creating topics, migrating the database")
            await asyncio.gather(create_topics(servers, broker), migrate(url, storage.retention_days))
            await set_floors(url, storage)
            if storage.database_url is None:
                await make_logins(url, {login: password_of(url, login) for login in ROLES})
            key = self._tell_children(servers)
            begun = await self._demo_has_begun(url)
            door = await _door_of_demo(url, self._address) if "simulate" in self._names else {}
            self._say(f"starting {', '.join(self._names)}")
            children = [
                Child(
                    name=name,
                    argv=[sys.executable, "-m", "cli", name],
                    environment=_environment(name, url, embedded=storage.database_url is None, begun=begun, door=door),
                    ends=name == "simulate",
                )
                for name in self._names
            ]
            async with Children(children, self._data_dir, self._say):
                await self._first(stop, system, self._until_ready)
                if not stop.is_set():
                    system.publish(http=self._address)
                    self._say(f"ready: {self._address}   key: {key}   (Ctrl-C stops)")
                    self._say(f"sign in: {self._address}/sign-in?link={self._sessions().make_link()}   (once)")
                    await self._first(stop, system, stop.wait)
                self._say("stopping")
        self._say("stopped; the data is kept")

    async def _first(self, stop: asyncio.Event, system: EmbeddedSystem, work: Callable[[], Awaitable[object]]) -> None:
        """Run `work` until it is done or `stop` is set. Raises its errors, and EmbeddedError when a server ends."""
        working = asyncio.ensure_future(work())
        ended = asyncio.create_task(system.ended())
        stopped = asyncio.create_task(stop.wait())
        tasks = {working, ended, stopped}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ended.result()
            if working.done():
                working.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tell_children(self, servers: str) -> str:
        """Set the environment of the children, as in production. Returns the key to sign in with."""
        key = self._http.bootstrap_key.get_secret_value() if self._http.bootstrap_key else local_key(self._data_dir)
        told = {
            "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": servers,
            "CONEXOES_BOOTSTRAP_KEY": key,
            "CONEXOES_DATA_DIR": str(self._data_dir),
            "CONEXOES_PLAYBOOK": str(self._http.playbook.resolve()) if self._http.playbook else "",
            "CONEXOES_WORKER_ID": os.environ.get("CONEXOES_WORKER_ID") or worker_id(self._data_dir),
        }
        for name in told:
            os.environ.pop(f"{name}{FILE}", None)  # its text is in `told`, and only one of both may be given
        os.environ |= told
        return key

    async def _demo_has_begun(self, url: str) -> bool:
        """Return True when an earlier start has sent the demo's last week; it is not sent twice."""
        database = Database(url, "reader", StorageSettings(), "conexoes-up")
        try:
            return await has_account(database, SimulatorSettings().account)
        finally:
            await database.close()

    def _sessions(self) -> Sessions:
        return Sessions(session_secret(self._data_dir, self._http.session_secret))

    async def _until_ready(self) -> None:
        """Wait until the API reaches its database and the agents have their partitions."""
        agents = ready_file(self._data_dir)
        agents.unlink(missing_ok=True)
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not (agents.exists() and await asyncio.to_thread(_answers, f"{self._address}/readyz")):
            if asyncio.get_running_loop().time() > deadline:
                raise UnusableError(
                    f"Not ready within {READY_SECONDS:g} s; the end of {self._data_dir / 'logs'}/*.log says why."
                )
            await asyncio.sleep(0.1)


def _environment(name: str, owner_url: str, *, embedded: bool, begun: bool, door: Mapping[str, str]) -> dict[str, str]:
    """Return what a child is told beside what all are told.

    `begun`: the demo has its last week already. `door`: what the simulator needs to post results.
    """
    if name == "simulate":
        # The agents, children too, have the address of metrics.
        return {**door, "CONEXOES_METRICS_PORT": "", **({"CONEXOES_SIMULATE_BACKFILL": "0"} if begun else {})}
    return _logins(name, owner_url) if embedded else {}


async def _door_of_demo(url: str, address: str) -> dict[str, str]:
    """Make the key by which the demo's connector without Kafka posts, in place of that of the last start."""
    settings = SimulatorSettings()
    by_http = [each for each in settings.affiliates if marketplace_of(each).way == "http"]
    if not by_http:
        return {}
    owner = Database(url, "owner", StorageSettings(), "conexoes-up")
    try:
        for key in await access_keys.list_all(owner):
            if (key.account, key.name) == (settings.account, _DEMO_KEY) and key.revoked_at is None:
                await access_keys.revoke(owner, key.id)
        secret = await access_keys.create(
            owner,
            settings.account,
            "connector",
            _DEMO_KEY,
            source=marketplace_of(by_http[0]).source,
            affiliates=by_http,
        )
    finally:
        await owner.close()
    return {"CONEXOES_SIMULATE_HTTP_URL": address, "CONEXOES_SIMULATE_HTTP_KEY": secret}


def _logins(name: str, owner_url: str) -> dict[str, str]:
    """Return a child's addresses of the embedded PostgreSQL, with logins that have its roles and no others."""
    if name == "agents":
        return {"CONEXOES_DATABASE_URL": embedded_url(owner_url, "conexoes_agents")}
    if name == "admin":
        return {
            "CONEXOES_DATABASE_URL": embedded_url(owner_url, "conexoes_api"),
            "CONEXOES_DATABASE_WRITER_URL": embedded_url(owner_url, "conexoes_admin"),
        }
    return {}


def _with_playbook(settings: ApiSettings, *, demo: bool) -> ApiSettings:
    """Return settings with the demo's playbook, unless another one is set."""
    return settings.model_copy(update={"playbook": PLAYBOOK}) if demo and settings.playbook is None else settings


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
