"""Addresses of channels: what can be one, how it is shown, and that it is nowhere readable."""

import asyncio
from datetime import time
from html import unescape
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from admin.pages.notifications import read_channel, read_rule
from api.problems import ProblemError
from outbound.chat_process import tell
from outbound.chat_services import plugin_of, shown_chat
from outbound.sealed import SealedElsewhere, Sealer, new_key
from outbound.settings import NotificationSettings
from outbound.signature import Signer
from schemas.notification.rule import Hours
from storage.notifications.definitions import MAX_ADDRESS_CHARACTERS
from tests.support.http_server import answering

SETTINGS = NotificationSettings()
INSIDE = NotificationSettings(channels_allowed_networks=("127.0.0.0/8",))
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
FORM = [("name", "n"), ("language", "pt"), ("time_zone", "UTC")]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SLACK, "Slack"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "Slack"),
        ("tgram://123456789:ABCdefghijklmnopqrstuvwxyzABCDEFGHI/12345", "Telegram"),
        ("workflow://x.logic.azure.com:443/abcdef/signature/", "Microsoft Teams"),
        ("mmosts://chat.store.example/abcdefghijklmnopqrstuvwxyz", "Mattermost"),
        ("mmost://chat.store.example/abcdefghijklmnopqrstuvwxyz", None),  # without TLS
        ("file:///etc/passwd", None),
        ("syslog://", None),
        ("dbus://", None),
        ("json://127.0.0.1/", None),
        ("mailto://a:b@store.example", None),
        ("https://store.example/", None),
        ("", None),
        ("::", None),
    ],
)
def test_a_chat_that_is_known_can_be_a_channel_and_nothing_else_that_apprise_knows(url: str, shown: str | None) -> None:
    assert shown_chat(url, ()) == shown


def test_a_chat_without_tls_can_be_one_where_a_network_of_ours_is_allowed() -> None:
    url = "mmost://127.0.0.1:8065/abcdefghijklmnopqrstuvwxyz"
    assert shown_chat(url, (ip_network("127.0.0.0/8"),)) == "Mattermost"


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("email", "maria@store.example", "m…@store.example"),
        ("chat", SLACK, "Slack"),
        ("webhook", "https://store.example/hook?token=SECRET", "https://store.example/…"),
        ("topic", "", "Kafka"),
    ],
)
def test_an_address_is_sealed_and_shown_masked(kind: str, address: str, shown: str) -> None:
    sealer = Sealer(new_key())
    fields = [*FORM, ("kind", kind), ("address", address), ("events", "conexoes.log.failed.v1")]
    new, secret = read_channel(fields, SETTINGS, sealer)
    assert new.shown == shown
    if new.address is not None:
        assert address.encode() not in new.address
        assert sealer.open(new.address) == address
    assert (secret is not None) is (kind == "webhook")
    assert list(new.events) == (["conexoes.log.failed.v1"] if kind in {"webhook", "topic"} else [])
    if secret is not None and new.secret is not None:
        assert sealer.open(new.secret) == secret
        assert Signer(secret).headers("m", 1, b"{}")["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "SECRET"),
        ("chat", "https://SECRET.example/"),
        ("webhook", "http://store.example/SECRET"),
        ("webhook", "https://u:SECRET@store.example/"),
        ("webhook", "ftp://store.example/SECRET"),
    ],
)
def test_a_refusal_does_not_have_the_address(kind: str, address: str) -> None:
    with pytest.raises(ProblemError) as raised:
        read_channel([*FORM, ("kind", kind), ("address", address)], SETTINGS, Sealer(new_key()))
    assert [reason.code for reason in raised.value.reasons] == ["channel_address"]
    assert "SECRET" not in repr(raised.value) + str(raised.value.reasons)


def test_an_address_is_as_long_as_its_field_lets_it_be() -> None:
    longest = f"https://store.example/{'x' * MAX_ADDRESS_CHARACTERS}"[:MAX_ADDRESS_CHARACTERS]
    assert read_channel([*FORM, ("kind", "webhook"), ("address", longest)], SETTINGS, Sealer(new_key()))
    with pytest.raises(ProblemError) as raised:
        read_channel([*FORM, ("kind", "webhook"), ("address", f"{longest}x")], SETTINGS, Sealer(new_key()))
    assert [reason.code for reason in raised.value.reasons] == ["field_too_long"]


def test_http_can_be_a_webhook_only_where_a_network_of_ours_is_allowed() -> None:
    new, _secret = read_channel(
        [*FORM, ("kind", "webhook"), ("address", "http://127.0.0.1:1/x")], INSIDE, Sealer(new_key())
    )
    assert new.shown == "http://127.0.0.1:1/…"


@pytest.mark.parametrize("wrong", [{"kind": "fax"}, {"language": "de"}, {"time_zone": "Mars"}, {"name": ""}])
def test_a_form_with_another_choice_is_refused(wrong: dict[str, str]) -> None:
    fields = dict([*FORM, ("kind", "topic"), ("address", "")]) | wrong
    with pytest.raises(ProblemError):
        read_channel(list(fields.items()), SETTINGS, Sealer(new_key()))


def test_an_event_that_there_is_not_is_refused() -> None:
    with pytest.raises(ProblemError):
        read_channel([*FORM, ("kind", "topic"), ("events", "conexoes.x.v1")], SETTINGS, Sealer(new_key()))


def test_the_form_of_a_rule_is_a_rule() -> None:
    rule, channels = read_rule(
        [
            *(("name", "Tudo"), ("severity", "critical"), ("enabled", "on"), ("digest_at", "08:00")),
            *(("affiliates", "MLB"), ("affiliates", "AMZ"), ("kinds", "silence"), ("begin", "22:00"), ("end", "06:00")),
            *(("days", "6"), ("days", "7"), ("channels", "0b2f9c1e-7d5a-4c1b-9f6e-2a4f0f6f1c33")),
        ]
    )
    assert (rule.affiliates, rule.severity, rule.critical_at_once) == (("MLB", "AMZ"), "critical", False)
    assert rule.hours is not None
    assert rule.hours.days == {6, 7}
    assert [str(each) for each in channels] == ["0b2f9c1e-7d5a-4c1b-9f6e-2a4f0f6f1c33"]
    weekend = [("name", "n"), ("severity", "warning"), ("days", "6"), ("days", "7"), ("begin", ""), ("end", "")]
    days_alone, _channels = read_rule(weekend)
    assert days_alone.hours == Hours(begin=time(), end=time(), days=frozenset({6, 7}))
    any_time, _channels = read_rule([*weekend, *(("days", str(each)) for each in range(1, 6))])
    assert any_time.hours is None
    for wrong in (
        {"begin": "08:00", "end": "09:00", "days": "²"},
        {"days": "9" * 5000},
        {"severity": "x"},
        {"channels": "x"},
        {"begin": "25:00", "end": "1"},
        {"kinds": "x"},
    ):
        with pytest.raises(ProblemError):
            read_rule(list(({"name": "n", "severity": "warning"} | wrong).items()))


def test_what_was_sealed_with_an_old_key_is_opened_while_both_are_known() -> None:
    old, new = new_key(), new_key()
    sealed = Sealer(old).seal("x")
    assert Sealer(f"{new} {old}").open(sealed) == "x"
    with pytest.raises(SealedElsewhere):
        Sealer(new).open(sealed)
    for bad in ("", "x", f"{new} x", "é" * 44):
        with pytest.raises(ValueError, match="32 bytes"):
            Sealer(bad)


async def test_a_text_for_telegram_is_no_markup() -> None:
    """Values of messages are anybody's: a link in one must not be a link from us, nor a `<` refuse the message."""
    posts: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.StreamResponse:
        posts.append(await request.json())
        return web.json_response({"ok": True})

    plugin = plugin_of("tgram://123456789:ABCdefghijklmnopqrstuvwxyzABCDEFGHI/12345")
    assert plugin is not None
    async with answering(take) as address:
        vars(plugin)["notify_url"] = f"{address}/bot"
        assert await asyncio.to_thread(tell, plugin, "MLB <b>", '<a href="https://evil.example">1 < 2</a> & _x_')
    [post] = posts
    assert post["parse_mode"] == "HTML"
    assert "<a" not in post["text"]
    assert "MLB &lt;b&gt;" in post["text"]
    assert ">1 < 2</a> & _x_" in unescape(post["text"])
