"""Groups over HTTP: what is counted, what was decided, what helped, what is known."""

import itertools
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from api.plan import lacking_reason
from connectors.simulator import PLAYBOOK
from schemas.group import Cure
from schemas.incident import IncidentFacts, Kind
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.reprocess import ReprocessRequest
from schemas.signal import Signal
from storage.database import Database
from storage.errors import NotLetIn
from storage.logs.compaction import compact_faults
from storage.logs.group_decisions import end_ignored
from storage.reprocess.writer import cancel
from storage.results import store
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.test_api_pages import walk
from tests.support.events import at, result
from tests.support.reprocess import Desk, read_all
from tests.support.waiting import eventually

GROUPS = "/api/v1/accounts/acme/price/logs/groups"
BELOW = {"message": "The price {} is below the minimum", "errors": [{"code": "price.minimum", "message": "x"}]}
LOCKED = {"message": "Listing {} is locked", "errors": [{"code": "locked", "message": "x"}]}
OK = {"status": "success", "message": None, "errors": None}
numbers = itertools.count(1)


def failed(key: str, fault: dict[str, Any], **changes: Any) -> Any:
    number = next(numbers)
    said = {**fault, "message": fault["message"].format(number)} if fault["message"] else fault
    return result(f"g{number}", key=key, **{**said, **changes})


def now_text(**shift: float) -> str:
    """The present time, or one before it."""
    return (datetime.now(UTC) + timedelta(**shift)).isoformat()


async def groups(client: Caller, query: str = "") -> list[dict[str, Any]]:
    response = await client.get(f"{GROUPS}?{query}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def decide(client: Caller, fingerprint: str, state: str = "acknowledged", **changes: Any) -> httpx.Response:
    body = {"account": "acme", "integration_type": "price", "state": state, "set_by": "maria", **changes}
    return await client.put(f"/commands/groups/{fingerprint}", json=body)


async def plan(client: Caller, query: str) -> dict[str, Any]:
    """The plan of a filter."""
    answer = await client.get(f"/api/v1/accounts/acme/price/reprocess-plan?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_equal_errors_are_one_group_and_the_largest_comes_first(viewer: Caller, store_events: Store) -> None:
    await store_events(
        failed("A", LOCKED, processed_at=at(0)),
        failed("B", BELOW, processed_at=at(1)),
        failed("C", BELOW, processed_at=at(3)),
        failed("C", BELOW, processed_at=at(2)),  # late: counted, though no log shows it
        failed("D", OK),
        failed("E", BELOW, account="globex"),
        failed("F", BELOW, affiliate="AMZ"),
    )
    found = await groups(viewer, "affiliate=MLB")
    assert [(each["code"], each["logs"], each["results"]) for each in found] == [
        ("price.minimum", 2, 3),
        ("locked", 1, 1),
    ]
    first = found[0]
    assert (first["affiliates"], first["statuses"], first["sample"]["key"]) == (["MLB"], ["error"], "C")
    assert first["first_seen_at"] < first["last_seen_at"]
    assert first["trend"] == {"last_24_hours": 3, "the_24_hours_before": 0}
    assert first["cure"] == Cure.of({}).model_dump()
    assert (first["state"], first["reopened"], first["state_by"]) == ("open", False, None)
    assert first["playbook"]["origin"] == "class"
    sample = await viewer.get(f"/api/v1/accounts/acme/price/logs/{first['sample']['log_id']}")
    assert sample.json()["fingerprint"] == first["fingerprint"]
    assert len(await groups(viewer)) == 3


async def test_a_group_whose_last_log_is_mended_is_gone(viewer: Caller, store_events: Store) -> None:
    await store_events(failed("A", BELOW, processed_at=at(0)))
    assert len(await groups(viewer)) == 1
    await store_events(failed("A", OK, processed_at=at(1)))
    assert await groups(viewer) == []
    await store_events(failed("A", BELOW, processed_at=at(2)))
    [group] = await groups(viewer)
    assert (group["logs"], group["results"]) == (1, 2)


async def test_pages_of_groups_are_complete_and_their_tokens_are_of_this_list(
    viewer: Caller, store_events: Store
) -> None:
    words = ("red", "green", "blue", "black", "white", "grey", "pink")
    await store_events(
        *(
            failed(f"{word}{n}", {**LOCKED, "errors": [{"code": "locked", "message": f"{word} is locked"}]})
            for index, word in enumerate(words)
            for n in range(1 + index % 3)
        )
    )
    whole = await groups(viewer)
    assert [each["logs"] for each in whole] == [3, 3, 2, 2, 1, 1, 1]
    pages = await walk(viewer, f"{GROUPS}?page_size=2")
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [each for page in pages for each in page] == whole
    token = (await viewer.get(f"{GROUPS}?page_size=2")).json()["next_page_token"]
    for other in (f"{GROUPS}?status=error&page_token={token}", f"{GROUPS.removesuffix('/groups')}?page_token={token}"):
        assert (await viewer.get(other)).status_code == 400


@pytest.mark.parametrize("query", ["page_size=0", "nope=1", "fingerprint=x", "reprocess=silent&reprocess=busy"])
async def test_a_bad_parameter_is_refused(viewer: Caller, query: str) -> None:
    assert (await viewer.get(f"{GROUPS}?{query}")).status_code == 422


async def test_what_a_retry_did_is_counted_by_the_error_that_it_was_sent_for(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    """4 fixed of 4 + 3 + 2 that were tried; what was busy, silent, healed, awaited or never sent says nothing."""
    await store_events(failed("A", BELOW))
    [group] = await groups(viewer)
    tried = {"fixed": 4, "same_error": 3, "different_error": 2}
    wanted = {**tried, "silent": 1, "sent": 5, "queued": 6, "failed": 1, "busy": 8, "healed": 9}
    rows = [
        (account, uuid.uuid4(), uuid.uuid4(), state, group["fingerprint"] if number else "0" * 16)
        for account in ("acme", "globex")
        for state, count in {**wanted, "not_reprocessable": 7}.items()
        for number in range(count + 1)
    ]
    await owner.executemany(
        """INSERT INTO reprocess_items (account, id, command_id, log_id, integration_type, state, mode,
               before_fingerprint, sent_at, expires_at, answered_at, after_status)
           VALUES ($1, $2, 'c', $3, 'price', $4, 'refresh', $5, now(), now(), now(), 'error')""",
        rows,
    )
    [group] = await groups(viewer)
    beside = {"tried": 9, "silent": 1, "busy": 8, "healed": 9, "awaited": 5, "queued": 6}
    assert group["cure"] == {
        **tried,
        **beside,
        "rate": 4 / 9,
        "low": group["cure"]["low"],
        "high": group["cure"]["high"],
        "automation": None,
    }
    assert 0 < group["cure"]["low"] < 4 / 9 < group["cure"]["high"] < 1


async def test_an_item_with_several_errors_counts_for_each_of_them(
    viewer: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    """Each came back or went away for itself, whatever the others did; an item with one error counts as before."""
    await store_events(failed("A", BELOW))
    [group] = await groups(viewer)
    own, other = group["fingerprint"], "f" * 16
    items = [  # state, before, after
        ("different_error", [other, own], [other]),  # ours went away, the other came back
        ("different_error", [own, other], [own]),  # ours came back
        ("same_error", [other, own], [other, own]),
        ("fixed", [other, own], []),
        ("healed", [other, own], None),
        ("fixed", [own], []),
        ("fixed", [other], []),
    ]
    await owner.executemany(
        """INSERT INTO reprocess_items (account, id, command_id, log_id, integration_type, state, mode,
               before_fingerprint, before_fingerprints, after_fingerprints, answered_at, after_status)
           VALUES ('acme', gen_random_uuid(), 'c', gen_random_uuid(), 'price', $1, 'refresh', $2, $3, $4, now(),
               'error')""",
        [(state, before[0], sorted(before), after) for state, before, after in items],
    )
    [group] = await groups(viewer)
    cure = group["cure"]
    assert {name: cure[name] for name in ("fixed", "same_error", "different_error", "healed", "tried")} == {
        "fixed": 2,
        "same_error": 2,
        "different_error": 1,
        "healed": 1,
        "tried": 5,
    }


class TestDecisions:
    """Decisions of people about a group."""

    @pytest.fixture
    async def fingerprint(self, viewer: Caller, store_events: Store) -> str:
        await store_events(failed("A", BELOW))
        [group] = await groups(viewer)
        return str(group["fingerprint"])

    @pytest.mark.parametrize("state", ["acknowledged", "ignored", "open"])
    async def test_a_decision_shows_who_and_when(
        self, viewer: Caller, operator: Caller, fingerprint: str, state: str
    ) -> None:
        response = await decide(operator, fingerprint, state, note="we know")
        assert response.status_code == 200, response.text
        decided = response.json()
        assert (decided["state"], decided["state_by"], decided["note"]) == (state, "maria", "we know")
        [group] = await groups(viewer)
        assert {name: group[name] for name in decided} == decided
        assert group["reopened"] is False

    async def test_an_acknowledged_group_is_open_again_when_one_more_result_fails(
        self, viewer: Caller, operator: Caller, store_events: Store, writer: Database, fingerprint: str
    ) -> None:
        """The result's own time does not matter: only that it arrived."""
        await decide(operator, fingerprint)
        await store_events(failed("A", BELOW, processed_at=at(-5000)))
        for _ in range(2):
            [group] = await groups(viewer)
            assert (group["state"], group["reopened"], group["state_by"]) == ("open", True, "maria")
            async with writer.transaction() as connection:
                await compact_faults(connection, 1000)
        again = (await decide(operator, fingerprint)).json()
        assert (again["state"], again["reopened"]) == ("acknowledged", False)

    async def test_another_error_or_the_same_delivery_again_opens_nothing(
        self, viewer: Caller, operator: Caller, store_events: Store
    ) -> None:
        event = failed("A", BELOW)
        await store_events(event)
        [group] = await groups(viewer)
        await decide(operator, group["fingerprint"])
        await store_events(event, failed("B", LOCKED))
        states = {each["code"]: each["state"] for each in await groups(viewer)}
        assert states == {"price.minimum": "acknowledged", "locked": "open"}

    async def test_an_ignored_group_stays_ignored(
        self, viewer: Caller, operator: Caller, store_events: Store, fingerprint: str
    ) -> None:
        await decide(operator, fingerprint, "ignored")
        await store_events(failed("B", BELOW))
        [group] = await groups(viewer)
        assert (group["state"], group["reopened"], group["logs"]) == ("ignored", False, 2)

    async def test_a_plan_leaves_out_what_is_ignored_and_says_so(
        self, viewer: Caller, operator: Caller, desk: Desk, store_events: Store, fingerprint: str
    ) -> None:
        # With it goes the log that has another error too.
        await store_events(failed("B", LOCKED), failed("C", BELOW, errors=[*LOCKED["errors"], *BELOW["errors"]]))
        assert (await plan(viewer, "status=error"))["ignored_groups"] == []
        await decide(operator, fingerprint, "ignored")

        planned = await plan(viewer, "status=error")
        assert (planned["total"], planned["ignored_logs"], planned["ignored_groups"]) == (1, 2, [fingerprint])
        assert planned["filter"] == {"status": ["error"], "exclude_fingerprint": [fingerprint]}
        await desk.command("c", filter=planned["filter"], as_of=planned["as_of"])
        await desk.make()
        items = (await viewer.get("/api/v1/accounts/acme/reprocess/c/items")).json()["items"]
        assert [each["key"] for each in items] == ["B"]

        for asked in ("status=error&ignored=true", f"fingerprint={fingerprint}", "affiliate=none"):
            other = await plan(viewer, asked)
            assert (other["ignored_logs"], other["ignored_groups"]) == (0, [])
            assert "exclude_fingerprint" not in other["filter"]
        assert (await plan(viewer, "status=error&ignored=true"))["total"] == 3
        excluded = await plan(viewer, f"all=true&exclude_fingerprint={fingerprint}")
        assert (excluded["total"], excluded["ignored_logs"], excluded["ignored_groups"]) == (1, 0, [])

    @pytest.mark.parametrize(
        ("asked", "taken", "leaves_out"),
        [
            ({"status": ["error"]}, "B", True),
            ({"all": True}, "B", True),
            ({"status": ["error"], "affiliate": ["MLB"], "exclude_code": ["other"]}, "B", True),
            ({"code": ["locked"]}, "B", True),
            ({"code": ["price.minimum"]}, "", True),
            ({"status": ["error"], "ignored": True}, "ABC", False),
            ({"fingerprint": ["the group"]}, "AC", False),
            ({"rest_of": "stopped"}, "ABC", False),
            ({"status": ["error"], "exclude_fingerprint": ["the group"]}, "B", False),
        ],
    )
    async def test_the_same_filter_means_the_same_logs_in_a_plan_and_in_a_command(
        self,
        viewer: Caller,
        operator: Caller,
        desk: Desk,
        store_events: Store,
        fingerprint: str,
        asked: dict[str, Any],
        taken: str,
        *,
        leaves_out: bool,
    ) -> None:
        """The plan's own filter is sent, or that which it was asked with."""
        await store_events(failed("B", LOCKED), failed("C", BELOW, errors=[*LOCKED["errors"], *BELOW["errors"]]))
        await desk.by_filter("stopped")
        async with desk.writer.transaction() as connection:
            await cancel(connection, "acme", "stopped", requested_by="maria", note=own_words("enough"))
        assert await desk.let_go() == 3
        await decide(operator, fingerprint, "ignored")
        asked = {name: [fingerprint] if value == ["the group"] else value for name, value in asked.items()}
        query = urlencode({name: "true" if value is True else value for name, value in asked.items()}, doseq=True)
        planned = await plan(viewer, query)
        assert planned["ignored_groups"] == ([fingerprint] if leaves_out else [])
        for name, filter_ in (("as-asked", asked), ("as-planned", planned["filter"])):
            await desk.command(name, filter=filter_, as_of=planned["as_of"])
            await desk.make()
            command = (await viewer.get(f"/api/v1/accounts/acme/reprocess/{name}")).json()
            items = (await viewer.get(f"/api/v1/accounts/acme/reprocess/{name}/items")).json()["items"]
            assert "".join(sorted(each["key"] for each in items)) == taken
            assert command["total"] == command["selected"] == planned["total"] == len(taken)
            assert command["ignored_groups"] == (planned["ignored_groups"] if name == "as-asked" else [])
            again = await plan(viewer, f"{query}&as_of={quote(planned['as_of'])}")
            assert again["total"] == planned["total"]

    async def test_what_a_command_leaves_out_is_decided_once(
        self, viewer: Caller, operator: Caller, desk: Desk, store_events: Store, fingerprint: str
    ) -> None:
        """The items are made by what was ignored when it was recorded, whatever people decide meanwhile."""
        await store_events(failed("B", LOCKED))
        as_of = (await plan(viewer, "status=error"))["as_of"]
        await desk.command("before", filter={"status": ["error"]}, as_of=as_of)
        await decide(operator, fingerprint, "ignored")
        await desk.command("meanwhile", filter={"status": ["error"]}, as_of=as_of)
        await decide(operator, fingerprint, "open")
        await desk.make()
        totals = {name: (await desk.ledger(name)).total for name in ("before", "meanwhile")}
        assert totals == {"before": 2, "meanwhile": 1}

    async def test_a_reason_is_required_for_what_a_command_takes(
        self, operator: Caller, desk: Desk, store_events: Store, fingerprint: str
    ) -> None:
        await store_events(failed("B", LOCKED))
        await decide(operator, fingerprint, "ignored")
        policy = Policy.model_validate({"price": {"*": {"reason_required_above": 1}}})
        of_command = {"account": "acme", "integration_type": "price", "requested_by": "maria", "as_of": now_text()}
        for ignored in (False, True):
            asked = {**of_command, "filter": {"status": ["error"], "ignored": ignored}}
            lack = await lacking_reason(desk.reader, policy, ReprocessRequest.model_validate(asked))
            assert (lack is not None) is ignored

    async def test_every_decision_is_kept_and_the_same_one_twice_is_one(
        self, operator: Caller, owner: asyncpg.Connection, fingerprint: str
    ) -> None:
        for state, note in (("ignored", None), ("ignored", None), ("ignored", "why"), ("open", None)):
            await decide(operator, fingerprint, state, note=note)
        rows = await owner.fetch("SELECT state, note FROM fault_states ORDER BY id")
        assert [tuple(row) for row in rows] == [("ignored", None), ("ignored", "why"), ("open", None)]

    async def test_nobody_can_change_or_delete_a_decision(
        self, operator: Caller, writer: Database, owning: Database, fingerprint: str
    ) -> None:
        await decide(operator, fingerprint)
        for database in (writer, owning):
            for statement in (
                "DELETE FROM fault_states",
                "UPDATE fault_states SET set_by = 'x'",
                "TRUNCATE fault_states",
            ):
                with pytest.raises(NotLetIn):
                    async with database.connection() as connection:
                        await connection.execute(statement)

    @pytest.mark.parametrize(
        ("who", "status"), [("viewer", 403), ("admin", 200), ("every", 200), ("other", 404), ("", 401)]
    )
    async def test_by_role(self, app: FastAPI, keys: dict[str, str], fingerprint: str, who: str, status: int) -> None:
        async with Caller(app, keys.get(who)) as client:
            assert (await decide(client, fingerprint)).status_code == status

    @pytest.mark.parametrize(
        ("changes", "status", "field"),
        [
            ({"state": "closed"}, 422, "body.state"),
            ({"set_by": ""}, 422, "body.set_by"),
            ({"set_by": "conexoes"}, 422, "body.set_by"),
            ({"note": "x" * 1001}, 422, "body.note"),
            ({"more": 1}, 422, "body.more"),
            ({"integration_type": "nope"}, 404, None),
            ({"integration_type": "orders"}, 404, None),
            ({"account": "globex"}, 404, None),
        ],
    )
    async def test_what_is_no_decision_is_refused(
        self, operator: Caller, fingerprint: str, changes: dict[str, Any], status: int, field: str | None
    ) -> None:
        response = await decide(operator, fingerprint, **changes)
        assert response.status_code == status, response.text
        assert [each["field"] for each in response.json().get("errors", [])] == ([field] if field else [])

    @pytest.mark.parametrize("name", ["0" * 16, "x", "F" * 16])
    async def test_a_group_that_never_was_is_not_found(self, operator: Caller, name: str) -> None:
        assert (await decide(operator, name)).status_code == 404


class TestTriage:
    """States with an end, and what people write about a group, on one account."""

    @pytest.fixture
    async def fingerprint(self, viewer: Caller, store_events: Store) -> str:
        await store_events(failed("A", BELOW))
        [group] = await groups(viewer)
        return str(group["fingerprint"])

    async def test_each_state_until_its_end(
        self, viewer: Caller, operator: Caller, store_events: Store, writer: Database, fingerprint: str
    ) -> None:
        """Changes are added up and not; a plan leaves a group out only as long as it is ignored."""

        async def seen() -> tuple[str, str | None, int]:
            [group] = await groups(viewer)
            assert group["reopened"] == (group["reopened_by"] is not None)
            left_out = len((await plan(viewer, "status=error"))["ignored_groups"])
            assert left_out == (group["state"] == "ignored")
            return group["state"], group["reopened_by"], group["logs"]

        async def over() -> bool:
            return bool((await groups(viewer))[0]["state"] == "open")

        async def add_up() -> None:
            async with writer.transaction() as connection:
                await compact_faults(connection, 1000)

        await decide(operator, fingerprint, "resolved")
        assert await seen() == ("resolved", None, 1)
        await store_events(failed("B", BELOW))
        assert await seen() == ("regressed", "failed_again", 2)
        await add_up()
        assert await seen() == ("regressed", "failed_again", 2)

        assert (await decide(operator, fingerprint, "ignored", until_results=3)).status_code == 200
        await store_events(failed("C", BELOW), failed("A", BELOW))
        await add_up()
        assert await seen() == ("ignored", None, 3)
        await store_events(failed("D", BELOW))
        assert await seen() == ("open", "results", 4)
        await add_up()
        assert await seen() == ("open", "results", 4)

        at_once = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
        assert (await decide(operator, fingerprint, "ignored", until=at_once)).status_code == 200
        await eventually(over)
        assert await seen() == ("open", "date", 4)

        past = await decide(operator, fingerprint, "ignored", until="2026-01-01T00:00:00Z")
        assert (past.status_code, [each["field"] for each in past.json()["errors"]]) == (422, ["until"])
        twice = await decide(operator, fingerprint, "ignored", until_results=1, until_escalates=True)
        assert (twice.status_code, [each["field"] for each in twice.json()["errors"]]) == (422, ["body"])

    @pytest.mark.parametrize(("state", "after"), [("resolved", "regressed"), ("acknowledged", "open")])
    async def test_a_failure_whose_transaction_began_before_the_decision_ends_it(
        self, viewer: Caller, operator: Caller, writer: Database, fingerprint: str, state: str, after: str
    ) -> None:
        async with writer.transaction() as connection:
            began = await connection.fetchval("SELECT now()")
            assert (await decide(operator, fingerprint, state)).status_code == 200
            assert (await groups(viewer))[0]["state"] == state
            await store(connection, read_all([failed("B", BELOW)]), Policy())
        [group] = await groups(viewer)
        assert (group["state"], group["reopened_by"]) == (after, "failed_again")
        assert datetime.fromisoformat(group["state_at"]) > began

    async def test_a_group_is_ignored_until_it_has_three_times_what_it_had_when_it_escalates(
        self, viewer: Caller, operator: Caller, store_events: Store, owner: asyncpg.Connection, writer: Database,
        fingerprint: str,
    ) -> None:  # fmt: skip
        def signal(count: int, name: str = fingerprint, *, opens: bool = True) -> tuple[str, Signal]:
            rises = Signal(
                kind=Kind.GROUP_ESCALATES, types=("price",), affiliate="MLB", subject=name, opens=opens, critical=False,
                facts=IncidentFacts(count=count),
            )  # fmt: skip
            return "acme", rises

        async def end(*signals: tuple[str, Signal]) -> int:
            async with writer.transaction() as connection:
                return await end_ignored(connection, signals)

        async with writer.transaction() as connection:
            await compact_faults(connection, 1000)
        await store_events(*(failed(f"B{n}", BELOW, processed_at=now_text()) for n in range(9)))  # the first is older
        await decide(operator, fingerprint, "ignored", until_escalates=True)
        baseline = await owner.fetchval("SELECT baseline FROM fault_states ORDER BY id DESC LIMIT 1")
        assert baseline in {9, 10}  # with the first where this hour or the one before has it
        assert await end() == 0
        assert await end(signal(3 * baseline - 1), signal(3 * baseline, opens=False), signal(999, "0" * 16)) == 0
        assert (await groups(viewer))[0]["state"] == "ignored"
        assert await end(signal(3 * baseline)) == 1
        assert await end(signal(3 * baseline)) == 0  # it is marked already
        [group] = await groups(viewer)
        assert (group["state"], group["reopened_by"], group["until_escalates"]) == ("open", "escalated", True)
        for state, ends in (("ignored", {"until_escalates": True}), ("ignored", {}), ("open", {})):
            await decide(operator, fingerprint, state, **ends)
            assert (await groups(viewer))[0]["state"] == state

        # Where agents lag, both counts are of the hours that the data is at.
        late = datetime.now(UTC) - timedelta(hours=70)
        await owner.execute("INSERT INTO data_times VALUES ('price', $1, $1, now())", late)
        await store_events(*(failed(f"L{n}", BELOW, processed_at=late.isoformat()) for n in range(4)))
        await decide(operator, fingerprint, "ignored", until_escalates=True)
        assert await owner.fetchval("SELECT baseline FROM fault_states ORDER BY id DESC LIMIT 1") == 4
        # Where none has judged for a day, both are of now.
        await owner.execute("UPDATE data_times SET judged_at = now() - interval '25 hours'")
        for state, ends in (("open", {}), ("ignored", {"until_escalates": True})):
            await decide(operator, fingerprint, state, **ends)
        assert await owner.fetchval("SELECT baseline FROM fault_states ORDER BY id DESC LIMIT 1") in {9, 10}

    async def test_what_is_written_holds_and_everything_stays_in_the_history(
        self, viewer: Caller, operator: Caller, owner: asyncpg.Connection, fingerprint: str
    ) -> None:
        async def write(**fields: Any) -> dict[str, Any]:
            body = {"account": "acme", "integration_type": "price", "noted_by": "maria", **fields}
            answer = await operator.post(f"/commands/groups/{fingerprint}/notes", json=body)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        link = "https://tickets.example/OPS-1"
        assert await write(owner="v", tags=["Table", "b"]) == {"owner": "v", "tags": ["b", "table"], "ticket": None}
        assert await write(ticket=link, owner="v") == {"owner": "v", "tags": ["b", "table"], "ticket": link}
        await write(note="first")
        await write(note="first")  # who writes it twice has said it twice
        await decide(operator, fingerprint, "resolved", note="new table")
        await write(owner=None, tags=[])
        [group] = await groups(viewer)
        assert (group["owner"], group["tags"], group["ticket"]) == (None, [], link)
        acts = [(each["act"], each["value"], each["by"]) for each in group["history"]]
        assert acts == [
            ("tags", [], "maria"),
            ("owner", [], "maria"),
            ("resolved", ["new table"], "maria"),
            ("note", ["first"], "maria"),
            ("note", ["first"], "maria"),
            ("ticket", [link], "maria"),
            ("tags", ["b", "table"], "maria"),
            ("owner", ["v"], "maria"),
        ]
        activity = (await viewer.get("/api/v1/accounts/acme/activity?kind=group")).json()["items"]
        assert [each["action"] for each in activity] == [act for act, _value, _by in acts]
        about = [{name: each["about"].get(name) for name in ("owner", "tags", "ticket")} for each in activity]
        assert about[-1] == {"owner": "v", "tags": None, "ticket": None}
        assert (activity[3]["reason"], activity[3]["requested_with"]) == ("first", "o")
        assert about[-3] == {"owner": None, "tags": None, "ticket": link}
        for statement in ("DELETE FROM fault_notes", "UPDATE fault_notes SET noted_by = 'x'"):
            with pytest.raises(asyncpg.PostgresError):
                await owner.execute(statement)

    async def test_what_is_no_note_is_refused(self, operator: Caller, viewer: Caller, fingerprint: str) -> None:
        bad: list[tuple[dict[str, Any], str]] = [
            ({}, "body"),
            ({"owner": "nobody"}, "owner"),
            ({"owner": "c"}, "owner"),  # a connector is no person
            ({"owner": "g"}, "owner"),  # of another account
            ({"ticket": "javascript:alert(1)"}, "body.ticket"),
            ({"tags": ["a,b"]}, "body.tags.0"),
            ({"tags": [" "]}, "body.tags.0"),
            ({"note": ""}, "body.note"),
            ({"note": "n", "noted_by": "Conexoes"}, "body.noted_by"),
        ]
        address = f"/commands/groups/{fingerprint}/notes"
        for fields, field in bad:
            body = {"account": "acme", "integration_type": "price", "noted_by": "m", **fields}
            answer = await operator.post(address, json=body)
            refused = [each["field"] for each in answer.json()["errors"]]
            assert (answer.status_code, refused) == (422, [field]), fields
        good = {"account": "acme", "integration_type": "price", "noted_by": "m", "note": "n"}
        assert (await viewer.post(address, json=good)).status_code == 403
        for changes in ({"account": "globex"}, {"integration_type": "orders"}, {"integration_type": "nope"}):
            assert (await operator.post(address, json={**good, **changes})).status_code == 404
        assert (await operator.post(f"/commands/groups/{'0' * 16}/notes", json=good)).status_code == 404

    async def test_groups_by_state_owner_and_tag_in_every_order_page_by_page(
        self, viewer: Caller, operator: Caller, store_events: Store, writer: Database
    ) -> None:
        """Against the list of all of them, sorted and filtered here, with counts added up and not."""
        errors = [{"message": None, "errors": [{"code": f"c{n}", "message": "x"}]} for n in range(9)]
        await store_events(
            *(
                failed(f"K{n}-{k}", errors[n], processed_at=now_text(hours=-5 * n * (k % 2) - k))
                for n in range(9)
                for k in range(1 + n % 4)
            )
        )
        async with writer.transaction() as connection:
            await compact_faults(connection, 1000)
        await store_events(*(failed(f"L{n}", errors[n], processed_at=now_text()) for n in range(0, 9, 2)))
        of = {each["code"]: each["fingerprint"] for each in await groups(viewer)}
        wanted = {
            "c0": "ignored",
            "c1": "resolved",
            "c2": "acknowledged",
            "c3": "ignored",
            "c4": "open",
            "c5": "resolved",
        }
        for code, state in wanted.items():
            await decide(operator, of[code], state)
        await store_events(failed("again", errors[5], processed_at=now_text()))
        noted: dict[str, dict[str, Any]] = {
            "c2": {"owner": "o", "tags": ["x", "y"]},
            "c3": {"owner": "o"},
            "c7": {"tags": ["x"]},
        }
        for code, fields in noted.items():
            body = {"account": "acme", "integration_type": "price", "noted_by": "m", **fields}
            assert (await operator.post(f"/commands/groups/{of[code]}/notes", json=body)).status_code == 200
        every = await groups(viewer, "page_size=200")
        assert {each["code"]: each["state"] for each in every} == {
            **dict.fromkeys((f"c{n}" for n in range(9)), "open"), **wanted, "c5": "regressed",
        }  # fmt: skip

        values: dict[str, Any] = {
            "count": lambda each: -each["logs"],
            "growth": lambda each: each["trend"]["the_24_hours_before"] - each["trend"]["last_24_hours"],
            "age": lambda each: each["first_seen_at"],
        }
        choices: list[tuple[str, Any]] = [
            ("", lambda _each: True),
            ("state=open", lambda each: each["state"] == "open"),
            ("state=open&state=ignored", lambda each: each["state"] in {"open", "ignored"}),
            ("state=ignored&state=regressed", lambda each: each["state"] in {"ignored", "regressed"}),
            ("owner=o", lambda each: each["owner"] == "o"),
            ("tag=X", lambda each: "x" in each["tags"]),
            ("tag=x&owner=o&state=acknowledged", lambda each: each["code"] == "c2"),
            ("owner=nobody", lambda _each: False),
        ]
        for sort, value in values.items():
            for query, chooses in choices:
                expected = sorted(
                    (each for each in every if chooses(each)),
                    key=lambda each: (each["state"] == "ignored", value(each), each["fingerprint"]),
                )
                pages = await walk(viewer, f"{GROUPS}?sort={sort}&page_size=2&{query}")
                found = [each for page in pages for each in page]
                assert [each["code"] for each in found] == [each["code"] for each in expected], (sort, query)
        for bad in ("state=closed", "sort=size", "owner=a&owner=b"):
            assert (await viewer.get(f"{GROUPS}?{bad}")).status_code == 422


class TestPlaybook:
    """The playbook's entry is shown with its error."""

    @pytest.fixture
    async def knowing(self, app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
        app.state.playbook = lambda: Playbook.read(Path(PLAYBOOK).read_text("utf-8"))
        async with Caller(app, keys["viewer"]) as client:
            yield client

    async def test_in_group_and_log(self, knowing: Caller, store_events: Store) -> None:
        known = {"message": "Below {}", "errors": [{"code": "item.price.below_minimum", "message": "x"}]}
        await store_events(failed("A", known), failed("B", LOCKED), failed("C", OK))
        found = {each["code"]: each["playbook"] for each in await groups(knowing)}
        assert (found["locked"]["origin"], found["locked"]["fault_class"]) == ("class", "conflict")
        assert found["item.price.below_minimum"]["who"] == "seller"
        assert set(found["item.price.below_minimum"]["what_to_do"]) == {"pt", "en", "es"}
        logs = (await knowing.get("/api/v1/accounts/acme/price/logs")).json()["items"]
        details = [(await knowing.get(f"/api/v1/accounts/acme/price/logs/{log['id']}")).json() for log in logs]
        assert {each["key"]: each["playbook"] for each in details} == {
            "A": found["item.price.below_minimum"], "B": found["locked"], "C": None,
        }  # fmt: skip
