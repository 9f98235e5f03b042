"""The text of messages: every kind and edge in every language, whatever facts there are; nothing breaks out of it."""

import itertools
import uuid
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from outbound.email import email_of, is_address, masked
from schemas.catalogue import LANGUAGES, Language
from schemas.event_out import DATA, EventType
from schemas.filter import REPEATABLE, LogFilter
from schemas.incident import Edge, Kind
from schemas.notification.message import Content, Message
from schemas.notification.notice import DIGEST_INCIDENTS, Reader, Told, digest, link, notice, tried
from schemas.notification.words import ADVICE, PHRASES
from schemas.playbook import Playbook
from schemas.words import UNWATCHED, word

ZONE = ZoneInfo("America/Sao_Paulo")
SITE = "https://conexoes.store.example/"
FACTS = {"count": 1350, "share": 0.481, "usual": 0.03, "code": "price.below_minimum", "fingerprint": "74dab71393f51981"}
PLAYBOOK = Playbook.read("""
[[entry]]
code = "price.below_minimum"
who = "seller"
cause = {pt = "O preço é baixo.", en = "The price is low.", es = "El precio es bajo."}
what_to_do = {pt = "Corrija o preço.", en = "Correct the price.", es = "Corrija el precio."}
""")


def told(**changes: Any) -> Told:
    return Told(
        **{
            "edge_id": 1,
            "incident_id": 7,
            "account": "acme",
            "edge": Edge.OPENED,
            "at": datetime(2026, 11, 24, 13, 5, tzinfo=UTC),
            "kind": Kind.GROUP_ESCALATES,
            "severity": "critical",
            "integration_type": "price",
            "affiliate": "MLB",
            "opened_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
            "began_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
            "facts": FACTS,
            **changes,
        }
    )


def write(one: Told, language: Language = "pt", playbook: Playbook = PLAYBOOK, site: str | None = SITE) -> Content:
    return notice(one, Reader(language, ZONE), playbook=playbook, public_url=site)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_edge_has_a_text_in_every_language(language: Language) -> None:
    titles = set()
    for kind, edge in itertools.product(Kind, Edge):
        for facts in (FACTS, {}, {"count": None, "share": "much", "code": None}):
            content = write(told(kind=kind, edge=edge, facts=facts), language)
            assert content.title.startswith(f"{word('edge', edge, language)}: MLB · ")
            assert word("incident", kind, language)[1:] in content.title
            assert content.text.startswith(f"{content.title}\n\n")
            assert "None" not in content.text + content.html
            assert (ADVICE[kind][language] in content.text) is (edge is not Edge.RESOLVED and facts is not FACTS)
            titles.add(content.title)
    assert len(titles) == len(Kind) * len(Edge) * 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unwatched", [*UNWATCHED, "odd", ["odd"]])
def test_what_is_closed_without_being_over_is_not_resolved_and_says_why(language: Language, unwatched: Any) -> None:
    content = write(told(edge=Edge.RESOLVED, facts={**FACTS, "unwatched": unwatched}), language)
    resolved = word("edge", "resolved", language)
    if unwatched in [*UNWATCHED]:
        assert content.title.startswith(f"{word('unwatched', unwatched, language, short=True)}: ")
        assert f"{PHRASES['why'][language]}: {word('unwatched', unwatched, language)}\n" in content.text
        assert resolved not in content.text
    else:
        assert content.title.startswith(f"{resolved}: ")


def test_a_message_has_number_since_when_cause_advice_and_the_plan() -> None:
    assert write(told()).text.splitlines() == [
        "Começou: MLB · Preço: um erro aparece cada vez mais (1.350)",
        "",
        "Conta: acme",
        "Marketplace: MLB",
        "Tipo: Preço",
        "Gravidade: Crítico",
        "Desde: 24 nov. 2026, 09:30 (America/Sao_Paulo)",
        "Quantos: 1.350",
        "Falham: 48,1% (normal: 3%)",
        "Erro: price.below_minimum",
        "Causa provável: O preço é baixo.",
        "O que fazer: Corrija o preço.",
        "",
        "Abrir no Conexões: https://conexoes.store.example/acme/price/reprocess"
        "?status=error&affiliate=MLB&fingerprint=74dab71393f51981",
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "/acme/price/reprocess"),
        ({"facts": {"code": "a&b"}}, "/acme/price/reprocess"),
        ({"affiliate": None}, "/acme/price/reprocess"),
        ({"facts": {}}, "/acme/incidents/7"),
        ({"edge": Edge.RESOLVED}, "/acme/incidents/7"),
        ({"integration_type": "orders"}, "/acme/incidents/7"),  # not reprocessed
        ({"facts": {"command_id": "c/1"}}, "/acme/reprocess/c%2F1"),
        ({"integration_type": None}, "/acme/incidents/7"),
        ({"integration_type": "gone"}, "/acme/incidents/7"),
    ],
)
def test_the_link_is_that_of_the_very_plan_else_of_the_incident(changes: dict[str, Any], path: str) -> None:
    address = link(SITE, told(**changes))
    assert address is not None
    parts = urlsplit(address)
    assert (parts.netloc, parts.path) == ("conexoes.store.example", path)
    if parts.query:
        given = {name: values if name in REPEATABLE else values[0] for name, values in parse_qs(parts.query).items()}
        assert LogFilter.model_validate(given).status == ("error",)
    assert link(None, told(**changes)) is None


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        ("2026-11-24T10:00:00Z", "07:00"),
        ("2026-11-24T10:00:00-03:00", "10:00"),
        ("2026-11-24T10:00:00", "09:30"),  # of no time zone: the time at which it was found
        ("yesterday", "09:30"),
        (None, "09:30"),
    ],
)
def test_since_when_is_what_the_facts_know(since: str | None, shown: str) -> None:
    assert f"Desde: 24 nov. 2026, {shown} (" in write(told(facts={"since": since})).text


HOSTILE = "<script>x</script>\r\nBcc: a@b.example"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_account_says_does_not_break_out_of_a_message(language: Language) -> None:
    content = write(told(affiliate=HOSTILE, facts={**FACTS, "code": HOSTILE}, integration_type=HOSTILE), language)
    assert "\n" not in content.title
    assert "\r" not in content.title
    assert "<script>" not in content.html
    email = message_from_bytes(
        email_of(MESSAGE, content, "conexoes@store.example", "maria@store.example").as_bytes(), policy=default
    )
    assert email["Bcc"] is None
    assert email["To"] == "maria@store.example"


MESSAGE = Message(uuid.UUID(int=7), datetime(2026, 11, 24, 13, 5, tzinfo=UTC), "incident-7.acme")


def test_an_e_mail_is_the_same_at_each_try_but_for_its_boundary() -> None:
    sent = [email_of(MESSAGE, write(told()), "conexoes@store.example", "maria@store.example") for _ in range(2)]
    for email in sent:
        assert email["Message-ID"] == f"<{uuid.UUID(int=7)}@store.example>"
        assert email["X-Conexoes-Language"] == "pt"
        parts = {part.get_content_type(): part.get_content() for part in email.iter_parts()}
        assert set(parts) == {"text/plain", "text/html"}
        assert parts["text/plain"].replace("\r\n", "\n") == write(told()).text
    assert sent[0].items()[:-1] == sent[1].items()[:-1]


def test_a_digest_has_each_incident_once_by_its_last_edge_those_that_go_on_first() -> None:
    edges = [
        told(edge_id=3, incident_id=1, edge=Edge.RESOLVED),
        told(edge_id=1, incident_id=1),
        told(edge_id=2, incident_id=2, severity="warning", affiliate="AMZ"),
        told(edge_id=4, incident_id=3, affiliate="B2W"),
    ]
    content = digest(edges, Reader("en", ZONE), playbook=PLAYBOOK, public_url=SITE)
    assert content.title == "Digest of the day: acme, 24 Nov (3)"
    order = [content.text.index(each) for each in ("Started: B2W", "Started: AMZ", "Resolved: MLB")]
    assert order == sorted(order)
    assert "Started: MLB" not in content.text
    assert [each["incident_id"] for each in content.data["incidents"]] == ["3", "2", "1"]


def test_a_digest_of_very_many_says_how_many_more_there_are() -> None:
    edges = [told(edge_id=number, incident_id=number) for number in range(DIGEST_INCIDENTS + 7)]
    content = digest(edges, Reader("es", ZONE), playbook=Playbook(), public_url=None)
    assert content.text.count("Comenzó: ") == DIGEST_INCIDENTS
    assert PHRASES["more"]["es"] % 7 in content.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_message_says_that_it_is_one(language: Language) -> None:
    content = tried("acme", Reader(language, ZONE), SITE)
    assert content.title == PHRASES["test"][language]
    assert "https://conexoes.store.example/acme/notifications" in content.text


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_out_names_its_account_first(event_type: EventType) -> None:
    assert next(iter(DATA[event_type].model_fields)) == "account"


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("maria@store.example", True),
        ("maria.silva+x@mail.store.example", True),
        ("maria@store", False),
        ("maria", False),
        ("Maria <maria@store.example>", False),
        ("maria@store.example\nBcc: x@y.example", False),
        ("maria@store.example,joao@store.example", False),
        ("é@store.example", False),
        (f"{'m' * 65}@store.example", False),
    ],
)
def test_one_plain_address_is_an_address_and_is_shown_masked(address: str, *, good: bool) -> None:
    assert is_address(address) is good
    if good:
        assert masked(address) == f"m…@{address.rpartition('@')[2]}"
