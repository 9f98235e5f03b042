"""A cause that is hidden in real results is told by incident and by group, within the caller's rights."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.raw_json import elements, members
from storage.database import Database
from storage.logs.compaction import compact_results
from storage.why import sample
from tests.integration.api.conftest import Caller, Store
from tests.support.caused import AFFECTED, GTIN, HEALED, have_a_cause
from tests.support.events import T0

API = "/api/v1/accounts/acme"


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no load of the machine cut a sample short: what is left out then is another test's."""
    monkeypatch.setattr(sample, "_STATEMENT_TIMEOUT", "60s")


def text_of(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def named(cause: dict[str, Any]) -> set[tuple[str, str, str | None]]:
    """The features of one cause, with the names of those that can't be told from it; of an act its kind."""
    if cause["kind"] == "act":
        return {(cause["act"]["kind"], cause["act"]["action"], cause["act"]["about"].get("affiliate"))}
    features = [cause["feature"], *cause.get("also", [])]
    return {(each["dimension"], each["name"], each["value"]) for each in features}


def features_of(why: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for found in why["findings"] if "also" in found for each in (found["feature"], *found["also"])]


async def test_a_hidden_cause_is_among_the_first_causes_and_evidence_needs_its_right(
    operator: Caller, viewer: Caller, store_events: Store, owner: asyncpg.Connection, writer: Database
) -> None:
    fingerprint = await have_a_cause(store_events, owner)
    async with writer.transaction() as connection:
        await compact_results(connection, 10_000)
    addresses = [f"{API}/incidents/1/why", f"{API}/incidents/2/why", f"{API}/price/logs/groups/{fingerprint}/why"]
    for address in addresses:
        answer = await operator.get(address)
        assert answer.status_code == 200, answer.text
        why = answer.json()
        assert (why["integration_type"], why["affiliate"], why["evidence"], why["complete"]) == (
            "price",
            "MLB",
            "shown",
            True,
        )
        # Those that have succeeded since are among the affected, by their attempts.
        assert AFFECTED - HEALED < why["affected"] <= AFFECTED, why
        first = [name for each in why["findings"][:3] for name in named(each)]
        assert ("version", "connectorversion", "2.5.0") in first, why["findings"]
        assert ("request", "/gtin", None) in first, why["findings"]
        assert [each["missing"] for each in features_of(why) if each["name"] == "/gtin"] == [True]
        assert ("affiliate", "resumed", "MLB") in first, why["findings"]
        told = {name for each in why["findings"] for name in named(each)}
        assert ("affiliate", "resumed", "AMZ") not in told
        assert not {name for name in told if name[0] in ("key_prefix", "operation", "hour", "source", "code")}
        [trait] = [each for each in why["findings"] if ("version", "connectorversion", "2.5.0") in named(each)]
        assert trait["affected"] == trait["affected_of"] == why["affected"]
        assert 0 < trait["others"] < 0.2 * trait["others_of"]
        assert trait["chance"] < 0.001
        assert (why["began"], why["first"]["key"]) == (text_of(T0), "KIT-0000")
        changes = dict(members(dict(members(answer.text))["difference"]))["changes"]
        gone = dict(members(next(iter(elements(changes)))))
        assert (gone["pointer"], gone["before"], gone["after"]) == ('"/gtin"', f'"{GTIN}"', "null")
        assert int(gone["entities"]) == why["difference"]["entities"] > 4
        shown = (await viewer.get(address)).json()
        assert (shown["evidence"], shown["difference"]) == ("not_permitted", None)
        assert not any(name[0] in ("version", "request") for each in shown["findings"] for name in named(each))
        assert any(("affiliate", "resumed", "MLB") in named(each) for each in shown["findings"])
    assert (await operator.get(f"{API}/incidents/3/why")).status_code == 404
    for absent in ("0123456789abcdef", "x"):
        assert (await operator.get(f"{API}/price/logs/groups/{absent}/why")).status_code == 404


async def test_where_the_database_is_too_slow_what_people_did_is_told_alone(
    operator: Caller,
    store_events: Store,
    owner: asyncpg.Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await have_a_cause(store_events, owner)
    monkeypatch.setattr(sample, "_STATEMENT_TIMEOUT", "1ms")
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE conexoes.attempts IN ACCESS EXCLUSIVE MODE")
            why = (await operator.get(f"{API}/incidents/1/why")).json()
    finally:
        await other.close()
    assert (why["complete"], why["affected"], why["first"]) == (False, 0, None)
    assert [named(each) for each in why["findings"]] == [{("affiliate", "resumed", "MLB")}]
    assert why["findings"][0]["act"]["at"] == text_of(T0 - timedelta(minutes=7))
