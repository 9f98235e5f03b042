"""Rules of requests, policies and playbooks, at the boundaries of each."""

import json
import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from agents.reprocess.fairness import fair, share
from agents.reprocess.new_items import Asked, new_items
from schemas.catalogue import BY_NAME, TROUBLESHOOTING_GUIDE
from schemas.filter import LogFilter, ReprocessFilter
from schemas.item_state import ItemState, outcome
from schemas.playbook import BadPlaybookError, SeenError, WrittenEntries
from schemas.policy import BUSY_PAUSE_CEILING_SECONDS, BUSY_PAUSE_SECONDS, BUSY_TRIES, Policy
from schemas.raw_json import load, spliced
from schemas.reasons.reason import own_words
from schemas.reasons.say import say
from schemas.redaction import Redaction
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import (
    MAX_CORRECTIONS,
    Command,
    CommandRefusal,
    ReprocessRequest,
    RetryData,
    command_event,
    read_command,
)
from schemas.steps import StepFault, judge, released
from storage.reprocess.claims import Lane
from storage.reprocess.writer import LockedLog

ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
NOON = "2026-11-24T12:00:00Z"
REQUEST: dict[str, Any] = {"account": "a", "integration_type": "price", "requested_by": "me"}


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        ({"log_ids": [ID]}, None),
        ({"filter": {"status": "error"}, "as_of": NOON}, None),
        ({"log_ids": [ID], "as_of": NOON}, None),
        ({}, "either log_ids or filter"),
        ({"log_ids": [ID], "filter": {"status": "error"}, "as_of": NOON}, "either log_ids or filter"),
        ({"filter": {"status": "error"}}, "as_of is required"),
        ({"log_ids": [ID], "integration_type": "x"}, "integration_type must be one of orders"),
        ({"filter": {}, "as_of": NOON}, "say all=true"),
        ({"filter": {"all": True}, "as_of": NOON}, None),
        ({"filter": {"all": False, "q": "a"}, "as_of": NOON}, None),
    ],
)
def test_logs_are_chosen_in_one_way(chosen: dict[str, Any], fault: str | None) -> None:
    if fault is None:
        made = ReprocessRequest.model_validate({**REQUEST, **chosen})
        assert (made.mode, made.reason, made.pace) == ("refresh", None, None)
    else:
        with pytest.raises(ValidationError, match=fault):
            ReprocessRequest.model_validate({**REQUEST, **chosen})


@pytest.mark.parametrize(("count", "taken"), [(MAX_CORRECTIONS, True), (MAX_CORRECTIONS + 1, False)])
def test_a_command_has_so_many_corrections_at_most(count: int, *, taken: bool) -> None:
    ids = [str(uuid.UUID(int=each)) for each in range(count)]
    corrections = [{"log_id": each, "event_id": "e", "changes": [{"pointer": "/a", "value": "1"}]} for each in ids]
    sent = command_event("c1", ReprocessRequest.model_validate({**REQUEST, "log_ids": ids}), NOON)
    sent["data"] |= {"mode": "replay", "corrections": corrections}
    [command] = read_command([], json.dumps(sent).encode())
    if taken:
        assert isinstance(command, Command)
    else:
        assert isinstance(command, CommandRefusal)
        assert say(command.reason, "en") == f"data.corrections must have at most {MAX_CORRECTIONS} values"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", ("error",)), ("affiliate", ("MLB",)), ("processed_from", NOON), ("processed_to", NOON), ("q", "a"),
        ("code", "a"), ("fingerprint", "0123456789abcdef"), ("reprocess", "sent"),
    ],
)  # fmt: skip
def test_a_field_that_names_what_to_take_makes_a_filter_choose(field: str, value: object) -> None:
    assert not LogFilter().chooses
    assert LogFilter.model_validate({field: value}).chooses
    asked = ReprocessFilter.model_validate({field: list(value) if isinstance(value, tuple) else value})
    assert asked.filter == LogFilter.model_validate({field: value})
    assert not asked.all


@pytest.mark.parametrize(
    ("start", "end", "ordered"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", True),
        (NOON, NOON, False),
        (NOON, "2026-01-01T00:00:00Z", False),
    ],
)
def test_a_filter_begins_before_it_ends(start: str, end: str, *, ordered: bool) -> None:
    if ordered:
        assert LogFilter.model_validate({"processed_from": start, "processed_to": end}).chooses
    else:
        with pytest.raises(ValidationError, match="processed_from must be before processed_to"):
            LogFilter.model_validate({"processed_from": start, "processed_to": end})


@pytest.mark.parametrize("text", ["\x00", "\ufffd", chr(0xD800), chr(0xDFFF), f"a{chr(0xDABC)}b"])
def test_what_can_t_be_stored_can_t_be_searched_for(text: str) -> None:
    with pytest.raises(ValidationError):
        LogFilter.model_validate({"q": text})
    assert LogFilter(q="\ud7ff\ue000").q == "\ud7ff\ue000"


def test_a_command_comes_back_as_it_was_sent() -> None:
    request = ReprocessRequest.model_validate({**REQUEST, "log_ids": [ID]})
    sent = command_event("c1", request, NOON)
    assert "reason" not in sent["data"]
    [command] = read_command([], json.dumps(sent).encode())
    assert isinstance(command, Command)
    assert (command.id, command.request) == ("c1", request)


def test_what_is_stored_of_a_command_tells_other_corrections_and_has_none_of_their_values() -> None:
    def kept(value: str, event_id: str = "e") -> str:
        correction = {"log_id": ID, "event_id": event_id, "changes": [{"pointer": "/a", "value": value}]}
        fields = {**REQUEST, "mode": "replay", "log_ids": [ID], "corrections": [correction]}
        request = ReprocessRequest.model_validate(fields)
        [command] = read_command([], json.dumps(command_event("c1", request, NOON)).encode())
        assert isinstance(command, Command)
        assert command.request.kept() == request.kept()
        return request.kept()

    assert len({kept("24.90"), kept("24.9"), kept('"24.90"'), kept("24.90", "another")}) == 4
    assert "24.90" not in kept("24.90")
    assert "corrections" not in ReprocessRequest.model_validate({**REQUEST, "log_ids": [ID]}).kept()


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    ("change", "code"), [({"type": "other"}, "type_mismatch"), ({"data": {}}, "schema"), ({"id": "a b"}, "schema")]
)
def test_a_refused_command_keeps_its_own_part_of_a_batch(change: dict[str, Any], code: str, *, batch: bool) -> None:
    request = ReprocessRequest.model_validate({**REQUEST, "log_ids": [ID]})
    bad = json.dumps({**command_event("c1", request, NOON), **change})
    headers = [("content-type", b"application/cloudevents-batch+json")] if batch else []
    [refused] = read_command(headers, f"[{bad}]".encode() if batch else bad.encode())
    assert isinstance(refused, Refusal)
    assert refused.code == DeadLetterCode(code)
    assert refused.part == (bad.encode() if batch else None)
    assert isinstance(refused, CommandRefusal) == (code == "schema")


@pytest.mark.parametrize("before", ["success", "warning", "error"])
@pytest.mark.parametrize("after", ["success", "warning", "error"])
def test_less_bad_is_fixed_and_as_bad_is_told_by_its_fingerprint(before: str, after: str) -> None:
    less_bad = ["success", "warning", "error"].index(after) < ["success", "warning", "error"].index(before)
    assert (outcome(before, "f", after, "f") is ItemState.FIXED) == less_bad
    if not less_bad:
        assert outcome(before, "f", after, "f") is ItemState.SAME_ERROR
        assert outcome(before, "f", after, "g") is ItemState.DIFFERENT_ERROR


def test_a_retry_is_its_entity_again() -> None:
    retry = RetryData(
        account="a", affiliate="M", key="k", integration_type="price", mode="replay", last_event_id="e", attempt=1,
        expires_at=NOON,
    )  # fmt: skip
    event = retry.event("i", "c", NOON)
    assert (event["type"], event["subject"], event["id"], event["correlationid"]) == (
        "conexoes.price.retry.v1",
        "k",
        "i",
        "c",
    )
    assert RetryData.model_validate(event["data"]) == retry
    assert retry.aliases == {}


def found(in_flight: uuid.UUID | None = None) -> LockedLog:
    fields: dict[str, Any] = dict.fromkeys(LockedLog._fields)
    fields |= {"affiliate": "MLB", "status": "error", "in_flight": in_flight, "changed": False}
    return LockedLog(**fields)


@pytest.mark.parametrize("mode", ["replay", "refresh"])
def test_an_item_has_the_mode_of_the_policy_else_of_the_command(mode: Any) -> None:
    log, asked = uuid.UUID(ID), Asked("a", "c", "price", mode)
    [item] = new_items(asked, [log], {log: found()}, Policy(), ())
    assert (item.state, item.mode, item.log_id) == (ItemState.QUEUED, mode, log)
    policy = Policy.model_validate({"price": {"*": {"mode": "refresh"}}})
    [item] = new_items(asked, [log], {log: found()}, policy, ())
    assert item.mode == "refresh"
    [item] = new_items(asked, [log], {}, policy, ())
    assert (item.state, item.mode) == (ItemState.NOT_FOUND, mode)
    earlier = uuid.uuid4()
    [item] = new_items(asked, [log], {log: found(earlier)}, policy, ())
    assert (item.state, item.joined_item_id) == (ItemState.IN_FLIGHT, earlier)
    [item] = new_items(asked, [log], {log: found()}, policy, {"MLB"})
    assert (item.state, item[-1]) == (ItemState.PAUSED, None)


@pytest.mark.parametrize(
    ("room", "demands", "turn", "parts"),
    [
        (0, [1, 1], 0, [0, 0]), (1, [1, 1], 0, [1, 0]), (1, [1, 1], 1, [0, 1]), (1, [1, 1], 2, [1, 0]),
        (2, [1, 1], 0, [1, 1]), (3, [1, 1], 0, [1, 1]), (3, [0, 9, 9], 1, [0, 1, 2]), (10, [1, 9, 9], 0, [1, 5, 4]),
        (10, [], 0, []), (5, [9], 3, [5]), (4, [2, 0, 2], 0, [2, 0, 2]),
    ],
)  # fmt: skip
def test_parts_are_exact(room: int, demands: list[int], turn: int, parts: list[int]) -> None:
    assert fair(room, demands, turn) == parts
    assert share([], room, {}, lambda _lane: ()) == []


def test_the_first_is_first_where_no_turn_is_told() -> None:
    assert fair(1, [1, 1]) == [1, 0]
    fields: dict[str, Any] = {**dict.fromkeys(Lane._fields), "ready": 1, "account": "a", "affiliate": "MLB"}
    lanes = [Lane(**{**fields, "command_id": command}) for command in ("c1", "c2")]
    assert share(lanes, 1, {}, lambda _lane: ()) == [1, 0]
    assert share(lanes, 1, {}, lambda _lane: (), turn=1) == [0, 1]


POLICY = Policy.model_validate(
    {
        "price": {
            "*": {"per_second": 5, "reason_required_above": 10, "deadline_seconds": 60, "mode": "replay"},
            "MLB": {"per_second": 2, "reason_required_above": 0, "reprocessable": False, "reason": "no"},
            "AMZ": {"deadline_seconds": 120, "mode": "refresh"},
        }
    }
)


@pytest.mark.parametrize(
    ("affiliate", "rule"),
    [
        ("other", (True, None, "replay", 60, 5, 10)),
        ("MLB", (False, own_words("no"), "replay", 60, 2, 0)),
        ("AMZ", (True, None, "refresh", 120, 5, 10)),
    ],
)
def test_an_affiliate_is_laid_over_all_others(affiliate: str, rule: tuple[Any, ...]) -> None:
    of_busy = (False, BUSY_TRIES, BUSY_PAUSE_SECONDS, BUSY_PAUSE_CEILING_SECONDS, True, ())
    assert tuple(POLICY.for_("price", affiliate)) == (*rule, *of_busy)
    assert tuple(POLICY.for_("inventory", affiliate)) == (True, None, None, 900, None, None, *of_busy)
    assert tuple(Policy().for_("orders", affiliate))[2:] == ("refresh", 900, None, None, *of_busy)


def test_pauses_of_busy_items_grow_to_a_ceiling_and_end() -> None:
    rule = Policy().for_("price", "MLB")
    assert [rule.pause_after(count) for count in range(1, 7)] == [30, 60, 120, 240, 480, None]
    changed = Policy.model_validate(
        {"price": {"*": {"busy_tries": 3, "busy_pause_seconds": 5, "busy_pause_ceiling_seconds": 8}}}
    ).for_("price", "MLB")
    assert [changed.pause_after(count) for count in range(1, 5)] == [5, 8, 8, None]
    assert changed._replace(busy_tries=0).pause_after(1) is None
    assert changed._replace(busy_tries=20).pause_after(20) == 8


def test_a_type_that_is_only_refreshed_is_never_replayed() -> None:
    with pytest.raises(ValidationError, match="orders of MLB"):
        Policy.model_validate({"orders": {"MLB": {"mode": "replay"}}})
    assert Policy.model_validate({"orders": {"MLB": {"mode": "refresh"}}}).for_("orders", "MLB").mode == "refresh"
    assert BY_NAME["orders"].refresh_only
    assert [each.name for each in BY_NAME.values() if each.refresh_only or not each.reprocessable] == ["orders"]
    assert BY_NAME["orders"].troubleshooting_link("MLB").startswith(f"{TROUBLESHOOTING_GUIDE.format(language='en')}/")
    assert BY_NAME["orders"].troubleshooting_link("new") == BY_NAME["price"].troubleshooting_link("MLB")


TEXTS = 'cause = {pt = "a", en = "b", es = "c"}\nwhat_to_do = {pt = "a", en = "b", es = "c"}\nwho = "seller"\n'


def test_a_playbook_counts_its_entries_and_names_the_first_bad_one() -> None:
    one, two = f'[[entry]]\ncode = "a"\n{TEXTS}', f'[[entry]]\ncode = "b"\n{TEXTS}'
    assert (len(WrittenEntries()), len(WrittenEntries.read("")), len(WrittenEntries.read(one + two))) == (0, 0, 2)
    with pytest.raises(BadPlaybookError, match="entry 3 is about the same as entry 2"):
        WrittenEntries.read(one + two + two)
    found = WrittenEntries.read(one).about(SeenError("price", "MLB", "a"))
    assert found is not None
    assert found.subject == (None, "a", None, None, None)
    assert WrittenEntries.read(one).about(SeenError("price", "MLB", "a", "f" * 16)) == found
    assert WrittenEntries.read(one).about(SeenError("price", "MLB")) is None


@pytest.mark.parametrize(
    ("steps", "step", "position"), [((1, 10), 0, 1), ((1, 10), 1, 11), ((1, 10), 2, None), ((5,), 0, 5), ((), 0, None)]
)
def test_a_step_adds_to_those_before(steps: tuple[int, ...], step: int, position: int | None) -> None:
    assert released(steps, step) == position


@pytest.mark.parametrize(
    ("states", "share_", "go_on"),
    [
        ({"fixed": 4, "silent": 1}, 0.8, True),
        ({"fixed": 3, "same_error": 1}, 0.8, False),
        ({}, 1.0, True),
        ({"silent": 1}, 0.01, False),
    ],
)
def test_a_step_goes_on_at_its_share(states: dict[str, int], share_: float, *, go_on: bool) -> None:
    found = judge(2, states, share_)
    assert found.go_on is go_on
    assert (found.outcome.step, found.outcome.sent, found.outcome.code) == (2, sum(states.values()), None)
    assert found.outcome.fixed == states.get("fixed", 0)


def test_of_the_faults_of_a_step_the_one_that_came_back_most_is_named() -> None:
    faults = [StepFault(fingerprint=code, code=code, tried=3, came_back=count) for code, count in (("a", 1), ("b", 2))]
    assert judge(1, {"same_error": 3}, 0.5, faults).outcome.code == "b"
    assert judge(1, {"fixed": 3}, 0.5, [faults[0].model_copy(update={"came_back": 0})]).outcome.code is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"token": "x"}, {"token": "[redacted]"}),
        ({"To_Ken": "x", "to-ken": "y"}, {"To_Ken": "[redacted]", "to-ken": "[redacted]"}),
        ({"token": None, "tokens": "x"}, {"token": None, "tokens": "x"}),
        ({"a": [{"token": 1}]}, {"a": [{"token": "[redacted]"}]}),
        ({"a": ["token", "x"]}, {"a": ["token", "[redacted]"]}),
        ({"a": ["token", "x", "y"]}, {"a": ["token", "x", "y"]}),
        ({"a": ["token"]}, {"a": ["token"]}),
        ({"name": "token", "value": "x"}, {"name": "token", "value": "[redacted]"}),
        ({"key": "token", "values": ["x"], "value": None}, {"key": "token", "values": "[redacted]", "value": None}),
        ({"a": '{"token": 5, "b": 1.50}'}, {"a": '{"token": "[redacted]", "b": 1.50}'}),
        ({"a": '{"b": "token"}'}, {"a": '{"b": "token"}'}),
        ({"a": "token: x\nb"}, {"a": "token: [redacted]\nb"}),
        ({"a": "token=x&b=1"}, {"a": "token=[redacted]&b=1"}),
        ({"a": "token =\tx b"}, {"a": "token =\t[redacted] b"}),
        ({"a": "token = b"}, {"a": "token = [redacted]"}),
        ({"a": "token:\nb: 1"}, {"a": "token:\nb: 1"}),
        ({"a": 'token:\n  "x"'}, {"a": 'token:\n  "[redacted]"'}),
        ({"a": "token="}, {"a": "token="}),
        ({"a": "token: [redacted] x"}, {"a": "token: [redacted] x"}),
        ({"a": "token: {1} x"}, {"a": "token: [redacted]"}),
        ({"a": "<token>x</token>y"}, {"a": "<token>[redacted]</token>y"}),
        ({"a": "<token></token>y"}, {"a": "<token></token>y"}),
        ({"a": "<token/>y"}, {"a": "<token/>y"}),
        ({"a": "<token>x<token>y</token>z</token>w"}, {"a": "<token>[redacted]</token>w"}),
        ({"a": "<s:token>x</s:token>y"}, {"a": "<s:token>[redacted]</s:token>y"}),
        ({"a": "<token>x"}, {"a": "<token>[redacted]"}),
        ({"a": '"token": "a\\"b" c'}, {"a": '"token": "[redacted]" c'}),
        ({"a": "'token': 'x' c"}, {"a": "'token': '[redacted]' c"}),
        ({"a": "%22token%22%3A%22x%22 c"}, {"a": "%22token%22%3A%22[redacted]%22 c"}),
        ({"a": 5, "b": True}, {"a": 5, "b": True}),
    ],
)  # fmt: skip
def test_what_is_named_is_taken_out(before: dict[str, Any], after: dict[str, Any]) -> None:
    redaction = Redaction(["token"])
    text = json.dumps(before)
    came = load(text)
    assert json.loads(spliced(text, came, redaction.fields(came))) == after
    assert redaction.fields(came, kept=before) is came
    assert Redaction(["other"]).fields(came) is came
    assert not Redaction(["other"]).may_be_in(json.dumps(before).encode())
