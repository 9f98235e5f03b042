"""Retries that go to a URL, on a real Kafka and a real HTTP server."""

import asyncio
import base64
import hmac
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from broker.settings import BrokerSettings
from cli.main import app as command_line
from conexoes_connector.retry import Answer, Retry, read_retry
from connectors.webhook.bridge import bridge
from connectors.webhook.deliver import Target
from connectors.webhook.settings import WebhookSettings
from outbound import http as outbound
from outbound.http import Network
from outbound.signature import Signer
from schemas.breaker import BAD_IN_A_ROW, FIRST_PAUSE_SECONDS
from schemas.busy import Said, is_busy
from schemas.json_document import dump
from schemas.reprocess import RetryData
from schemas.timestamp import to_text
from schemas.topics import MAX_EVENT_BYTES
from tests.integration.connectors.test_connector import read_back, send_retry
from tests.support.agents import records
from tests.support.http_server import HERE, answering
from tests.support.waiting import eventually

KEY = b"k" * 32
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Receiver:
    """A webhook's target: keeps requests, checks their signatures, and answers what it is told, the last for ever."""

    def __init__(self, *answers: web.Response | str) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        headers, body = {name.lower(): value for name, value in request.headers.items()}, await request.read()
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = f"v1,{base64.b64encode(hmac.digest(KEY, signed, 'sha256')).decode()}"
        assert headers["webhook-signature"] == expected
        assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300
        self.requests.append((headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang up":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer == "say nothing":
            await asyncio.sleep(60)
        assert isinstance(answer, web.Response)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.requests]


def result(**fields: Any) -> web.Response:
    return web.json_response(fields)


def settings(url: str, **changes: Any) -> WebhookSettings:
    given = {"url": url, "source": "/connectors/hooked", "secret": SECRET, "allowed_networks": HERE, **changes}
    return WebhookSettings(**{f"webhook_{name}": value for name, value in given.items()})


@asynccontextmanager
async def bridged(broker: BrokerSettings, url: str, **changes: Any) -> AsyncIterator[asyncio.Task[None]]:
    """The bridge, stopped in order at the end of the block unless the block has ended it."""
    stop = asyncio.Event()
    servers = str(broker.kafka_bootstrap_servers)
    task = asyncio.create_task(bridge(servers, broker.topic_prefix, settings(url, **changes), stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=task.cancelled())


async def answers(broker: BrokerSettings, count: int) -> list[Any]:
    found = await records(str(broker.kafka_bootstrap_servers), broker.topics.results("price"), count)
    return [read_back(each) for each in found]


def retry(busy_answers: int = 0, account: str = "acme") -> Retry:
    data = RetryData(
        account=account,
        affiliate="MLB",
        key="SKU-1",
        integration_type="price",
        mode="refresh",
        last_event_id="e1",
        attempt=1,
        busy_answers=busy_answers,
        expires_at=to_text(datetime.now(UTC) + timedelta(minutes=15)),
    )
    return read_retry(dump(data.event(str(uuid.uuid4()), "c1", to_text(datetime.now(UTC)), TRACE)))


@asynccontextmanager
async def target(
    url: str, *, allowed: Sequence[Network] = HERE, timeout_seconds: float = 20, **more: Any
) -> AsyncIterator[Target]:
    async with outbound.session(allowed, timeout_seconds) as session:
        yield Target(session, url, Signer(SECRET), first_pause_seconds=0.01, **{"tries": 3, **more})


def is_busy_answer(answer: Answer | None) -> bool:
    assert answer is not None
    assert isinstance(answer.errors, list)
    said = [Said(each.get("code"), each.get("message")) for each in answer.errors]
    return answer.status == "error" and is_busy(said, answer.message, answer.response)


async def test_a_retry_is_posted_signed_and_what_is_answered_is_its_result(broker_settings: BrokerSettings) -> None:
    receiver = Receiver(result(status="success", message="sent again", response={"id": 7}, account="not-mine"))
    async with answering(receiver) as url, bridged(broker_settings, f"{url}/hook?x=1"):
        item = await send_retry(broker_settings)
        [answer] = await answers(broker_settings, 1)
    assert (str(answer.correlation_id), answer.source) == (item, "/connectors/hooked")
    assert (answer.account, answer.affiliate, answer.key) == ("acme", "MLB", "SKU-1")
    assert (answer.status, answer.message) == ("success", "sent again")
    [(headers, body)] = receiver.requests
    assert headers["content-type"].startswith("application/cloudevents+json")
    event = json.loads(body)
    assert (event["id"], event["type"], headers["webhook-id"]) == (item, "conexoes.price.retry.v1", item)
    assert event["data"]["key"] == "SKU-1"


async def test_a_target_that_answers_later_is_not_answered_for(broker_settings: BrokerSettings) -> None:
    receiver = Receiver(web.Response(status=202), result(status="success"))
    async with answering(receiver) as url, bridged(broker_settings, url):
        await send_retry(broker_settings)
        second = await send_retry(broker_settings)
        [answer] = await answers(broker_settings, 1)
    assert str(answer.correlation_id) == second
    assert len(receiver.requests) == 2


async def test_only_retries_of_the_accounts_affiliates_and_types_are_delivered(broker_settings: BrokerSettings) -> None:
    receiver = Receiver(result(status="success"))
    chosen = {"affiliates": ("MLB",), "types": ("price", "orders")}
    async with answering(receiver) as url, bridged(broker_settings, url, accounts=("acme",), **chosen):
        await send_retry(broker_settings, affiliate="AMZ")
        mine = await send_retry(broker_settings)
        await answers(broker_settings, 1)
    assert receiver.ids == [mine]


async def test_a_crash_before_the_answer_delivers_again_with_the_same_id(broker_settings: BrokerSettings) -> None:
    receiver = Receiver("say nothing", result(status="success"))
    async with answering(receiver) as url:
        async with bridged(broker_settings, url) as task:
            item = await send_retry(broker_settings)

            async def asked() -> bool:
                return bool(receiver.requests)

            await eventually(asked)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with bridged(broker_settings, url):
            [answer] = await answers(broker_settings, 1)
    assert receiver.ids == [item, item]
    assert (str(answer.correlation_id), answer.status) == (item, "success")


async def test_a_result_that_is_none_is_an_error_and_not_silence(broker_settings: BrokerSettings) -> None:
    async with answering(Receiver(result(status="OK"))) as url, bridged(broker_settings, url):
        item = await send_retry(broker_settings)
        [answer] = await answers(broker_settings, 1)
    assert (str(answer.correlation_id), answer.status, answer.code) == (item, "error", "connector.exception")
    assert "success, warning, error" in answer.faults[0].message


@pytest.mark.parametrize(
    "evidence",
    [
        '{"weight":1e400}',
        '{ "price": 19.90, "price": 19.9 }',
        "12345678901234567890.10",
        '"\\u00e3\\u0041"',
        f'"{"ã" * 500_000}"',
    ],
    ids=["beyond a float", "doubled name and space", "digits", "escapes", "a megabyte in UTF-8"],
)
async def test_evidence_of_an_answer_is_kept_as_it_came(broker_settings: BrokerSettings, evidence: str) -> None:
    body = f'{{"status":"success","request":{evidence if len(evidence) < 1000 else 1},"response":{evidence}}}'
    async with answering(Receiver(web.Response(text=body))) as url, bridged(broker_settings, url):
        await send_retry(broker_settings)
        [answer] = await answers(broker_settings, 1)
    assert (answer.status, answer.altered) == ("success", False)
    assert f'"response":{evidence}' in answer.body


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ('"response":[%s]' % ("[" * 70 + "]" * 70), {"message": "m", "errors": [{"code": "c"}]}),
        ('"response":{"weight":NaN}', {"message": "m", "response": {"weight": "NaN"}}),
        ('"processed_at":"tomorrow"', {"message": "m"}),
        ('"sequence":-1', {"message": "m"}),
        (f'"request":"{"a" * 1_048_400}"', {"message": "m"}),
    ],
    ids=["too deep", "not a number", "time", "sequence", "too large"],
)
@pytest.mark.parametrize("status", ["success", "error"])
async def test_what_is_wrong_beside_the_status_does_not_change_it(
    broker_settings: BrokerSettings, status: str, more: str, kept: dict[str, Any]
) -> None:
    body = f'{{"status":"{status}","message":"m","errors":[{{"code":"c"}}],{more}}}'
    async with answering(Receiver(web.Response(text=body))) as url, bridged(broker_settings, url):
        await send_retry(broker_settings)
        [answer] = await answers(broker_settings, 1)
    assert answer.status == status
    data = json.loads(answer.body)
    assert {name: data.get(name) for name in kept} == kept


async def test_a_whole_cloudevent_is_an_answer_too() -> None:
    event = {
        "specversion": "1.0",
        "type": "x",
        "source": "/x",
        "id": "1",
        "data": {"status": "warning", "message": "m"},
    }
    async with answering(Receiver(result(**event))) as url, target(url) as one:
        assert await one.deliver(retry()) == Answer(status="warning", message="m")


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=202, text='{"status": "success"}'),
        web.Response(status=204),
        web.Response(text="OK"),
        web.Response(text="[]"),
        web.Response(text='{"received": true}'),
        web.Response(text='{"specversion": "1.0"}'),
    ],
    ids=["202", "204", "text", "a list", "no status", "no data"],
)
async def test_what_has_no_result_is_taken_and_answered_later(answer: web.Response) -> None:
    receiver = Receiver(answer)
    async with answering(receiver) as url, target(url) as one:
        assert await one.deliver(retry()) is None
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 206, 299])
async def test_an_answer_that_is_too_large_is_an_error_and_nobody_waits_for_another(status: int) -> None:
    body = f'{{"status": "success", "response": "{"a" * MAX_EVENT_BYTES}"}}'
    receiver = Receiver(web.Response(status=status, text=body))
    async with answering(receiver) as url, target(url) as one:
        answer = await one.deliver(retry())
    assert answer is not None
    assert isinstance(answer.errors, list)
    assert (answer.status, answer.errors[0]["code"]) == ("error", "webhook.answer_too_large")
    assert len(receiver.requests) == 1


async def test_a_target_that_answers_later_may_say_what_it_likes() -> None:
    receiver = Receiver(web.Response(status=202, text="a" * (MAX_EVENT_BYTES + 1)))
    async with answering(receiver) as url, target(url) as one:
        assert await one.deliver(retry()) is None


BUSY: list[web.Response | str] = [
    *(web.Response(status=each, text="not now") for each in (408, 425, 429, 500, 502, 503, 504, 599)),
    "hang up",
    "say nothing",
]


@pytest.mark.parametrize("answer", BUSY, ids=lambda each: each if isinstance(each, str) else str(each.status))
async def test_a_target_without_time_is_tried_again_and_then_the_answer_says_so(answer: web.Response | str) -> None:
    receiver = Receiver(answer)
    async with answering(receiver) as url, target(url, timeout_seconds=0.3) as one:
        assert is_busy_answer(await one.deliver(retry()))
    assert len(receiver.requests) == 3
    assert len(set(receiver.ids)) == 1


async def test_nobody_there_is_no_time_too() -> None:
    async with answering(Receiver("hang up")) as url:
        pass
    async with target(url) as one:
        assert is_busy_answer(await one.deliver(retry()))


async def test_it_is_enough_that_one_try_succeeds() -> None:
    receiver = Receiver(web.Response(status=503), "hang up", result(status="success"))
    async with answering(receiver) as url, target(url) as one:
        assert await one.deliver(retry()) == Answer(status="success")
    assert len(receiver.requests) == 3


async def test_a_retry_that_was_busy_is_another_message_when_it_comes_again() -> None:
    receiver = Receiver(result(status="success"))
    async with answering(receiver) as url, target(url) as one:
        for busy_answers in (0, 1, 2):
            await one.deliver(retry(busy_answers))
    assert [each[36:] for each in receiver.ids] == ["", "-1", "-2"]
    assert not any("." in each for each in receiver.ids)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 409, 410, 422, 501])
async def test_a_refusal_is_the_answer_at_once_and_a_redirect_is_not_followed(status: int) -> None:
    elsewhere = Receiver(result(status="success"))
    async with answering(elsewhere) as other:
        receiver = Receiver(web.Response(status=status, text="no such hook", headers={"Location": other}))
        async with answering(receiver) as url, target(url) as one:
            answer = await one.deliver(retry())
    assert answer is not None
    assert answer.errors == [{"code": f"webhook.http_{status}", "message": "no such hook"}]
    assert answer.response == {"status": status, "body": "no such hook"}
    assert (len(receiver.requests), elsewhere.requests) == (1, [])


async def test_a_failing_target_is_left_alone_tried_once_and_used_again_when_it_is_well() -> None:
    receiver = Receiver(*[web.Response(status=503, text="secret of acme")] * BAD_IN_A_ROW, result(status="success"))
    now = [NOW]
    async with answering(receiver) as url, target(url, tries=1, clock=lambda: now[0]) as one:
        for _ in range(BAD_IN_A_ROW):
            await one.deliver(retry())
        for _ in range(3):
            answer = await one.deliver(retry(account="globex"))
            assert is_busy_answer(answer)
            assert "secret of acme" not in str(answer)
        assert len(receiver.requests) == BAD_IN_A_ROW
        now[0] += timedelta(seconds=FIRST_PAUSE_SECONDS)
        for _ in range(3):
            assert await one.deliver(retry()) == Answer(status="success")
    assert len(receiver.requests) == BAD_IN_A_ROW + 3


async def test_a_retry_keeps_its_trace() -> None:
    receiver = Receiver(result(status="success"))
    async with answering(receiver) as url, target(url) as one:
        await one.deliver(retry())
    assert receiver.requests[0][0]["traceparent"] == TRACE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433"])
async def test_an_address_inside_is_never_connected_to(host: str) -> None:
    receiver = Receiver(result(status="success"))
    async with answering(receiver) as url:
        port = url.rpartition(":")[2]
        async with target(f"http://{host}:{port}", allowed=()) as one:
            answer = await one.deliver(retry())
    assert answer is not None
    assert isinstance(answer.errors, list)
    [error] = answer.errors
    assert error["code"] == "webhook.address_not_allowed"
    assert error["message"]
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "CONEXOES_WEBHOOK_URL: is missing"),
        (["--url", "ftp://x"], "CONEXOES_WEBHOOK_URL: must be an http:// or https:// URL"),
        (["--url", "https://a:b@x"], "CONEXOES_WEBHOOK_URL: must have no login"),
        (["--url", "http://x.example"], "CONEXOES_WEBHOOK_URL: must be https://"),
        (["--url", "https://x.example", "--type", "refunds"], "CONEXOES_WEBHOOK_TYPES: refunds"),
        (["--url", "https://x.example", "--allow-network", "10.0.0.0/99"], "CONEXOES_WEBHOOK_ALLOWED_NETWORKS: 0"),
    ],
)
def test_a_mistake_in_an_option_is_a_sentence_with_the_setting(
    options: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n", "utf-8")
    monkeypatch.setenv("CONEXOES_WEBHOOK_SECRET_FILE", str(secret))
    ended = CliRunner().invoke(command_line, ["bridge", "webhook", "--source", "/connectors/x", *options])
    assert said in sentence_of(ended.exception)


def sentence_of(error: Any) -> str:
    from cli.settings_errors import sentences

    return " ".join(sentences(error))
