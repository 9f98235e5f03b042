"""Sources and their affiliates, accounts and topics, and errors of the file that ties them."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from agents.kafka.record_batch import RecordBatch
from agents.results.ingest import Decoded, decode
from broker.settings import BrokerSettings
from cli.settings_errors import sentences
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.envelope import BATCH
from schemas.reading.reader import ResultsReader
from schemas.sources import Allowed, Sources
from tests.support.events import SOURCE, Event, at, data, result

FILE = {
    "/connectors/mlb": {"affiliates": ["MLB"], "accounts": ["acme", "bravo"], "connector": "mlb"},
    "/connectors/any": {},
    "/connectors/erp": {"accounts": ["acme"]},
}
SOURCES = Sources.model_validate(FILE)


@pytest.mark.parametrize(
    ("source", "account", "affiliate", "connector", "outside"),
    [
        ("/connectors/mlb", "acme", "MLB", "mlb", None),
        ("/connectors/mlb", "bravo", "MLB", "mlb", None),
        ("/connectors/mlb", "carlos", "MLB", "mlb", "data.account"),
        ("/connectors/mlb", "acme", "AMZ", "mlb", "data.affiliate"),
        ("/connectors/mlb", "acme", "mlb", "mlb", "data.affiliate"),
        ("/connectors/mlb", "acme", "MLB", None, "topic"),
        ("/connectors/mlb", "acme", "MLB", "other", "topic"),
        ("/connectors/any", "whoever", "X", None, None),
        ("/connectors/any", "whoever", "X", "mlb", "topic"),
        ("/connectors/erp", "acme", "X", None, None),
        ("/connectors/erp", "bravo", "X", None, "data.account"),
        ("/connectors/ml", "acme", "MLB", "mlb", "source"),
        ("/connectors/mlb/", "acme", "MLB", "mlb", "source"),
    ],
)
def test_what_is_outside(source: str, account: str, affiliate: str, connector: str | None, outside: str | None) -> None:
    assert SOURCES.outside(source, account, affiliate, connector) == outside


def read(event: Event, allowed: Allowed | None) -> Decoded:
    value = event.value or b""
    record = ConsumerRecord("t", 0, 5, 0, 0, event.key, value, None, 1, len(value), tuple(event.headers))
    batch = RecordBatch(("t", 0), 0, [record], 0, 6)  # type: ignore[arg-type]
    return decode(ResultsReader([BY_NAME["price"]]), batch, time.time_ns(), allowed=allowed)


def test_a_result_outside_is_a_dead_letter_of_the_account_that_it_names() -> None:
    assert len(read(result(), None).accepted) == 1
    [letter] = read(result(), Allowed(SOURCES, None)).refused
    assert (letter.refusal.code, letter.account, letter.value) == ("not_allowed", "acme", result().value)
    allowed = Sources.model_validate({SOURCE: {"affiliates": ["MLB"]}})
    assert len(read(result(), Allowed(allowed, None)).accepted) == 1
    [letter] = read(result(affiliate="AMZ"), Allowed(allowed, None)).refused
    assert letter.refusal.reason.parameters["field"] == "data.affiliate"


def test_of_a_batch_only_what_is_outside_is_refused() -> None:
    attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "time": at(0)}
    events = [{**attributes, "id": name, "data": data(affiliate=name)} for name in ("MLB", "AMZ")]
    batch = Event(b"acme/x", json.dumps(events).encode(), [("content-type", BATCH.encode())])
    found = read(batch, Allowed(Sources.model_validate({SOURCE: {"affiliates": ["MLB"]}}), None))
    assert [each.result.event_id for each in found.accepted] == ["MLB"]
    assert [(each.position, json.loads(each.value)["id"]) for each in found.refused] == [(1, "AMZ")]


def test_connectors_of_the_file_have_topics_for_every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sources.json"
    path.write_text(json.dumps(FILE))
    monkeypatch.setenv("CONEXOES_SOURCES", str(path))
    settings = BrokerSettings()
    assert settings.sources == SOURCES
    names = {name for name, _size in settings.topics.all()}
    assert {f"conexoes.results.{each.name}.mlb" for each in CATALOGUE} <= names
    assert len(names) == 3 * len(CATALOGUE) + 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "can't be read: No such file or directory"),
        ("", "Invalid JSON"),
        ("[]", "should be an object"),
        ("{}", "at least 1"),
        ('{"/s": {"affiliates": []}}', "/s.affiliates"),
        ('{"/s": {"affiliates": "MLB"}}', "/s.affiliates"),
        ('{"/s": {"accounts": ["ACME"]}}', "/s.accounts"),
        ('{"/s": {"connector": "a.b"}}', "/s.connector"),
        ('{"/s": {"affiliate": ["MLB"]}}', "/s.affiliate: Extra inputs"),
        ('{"": {}}', "at least 1 character"),
    ],
)
def test_a_bad_file_is_one_sentence(text: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sources.json"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("CONEXOES_SOURCES", str(path))
    with pytest.raises(ValidationError) as caught:
        BrokerSettings()
    [sentence] = sentences(caught.value)
    assert sentence.startswith(f"CONEXOES_SOURCES: {path}")
    assert said in sentence
