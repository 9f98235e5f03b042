"""An input for every reason that there can be."""

import asyncio
import gzip
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams

from admin import groups
from admin.door import not_of_key
from admin.pages.address import need_chosen
from admin.pages.notifications import name_taken, read_channel
from admin.pages.playbook import refused as not_kept
from admin.pages.reprocess import form_key as key_of_form
from admin.pages.saved_views import read_name
from admin.pages.view import read_view
from agents.kafka.expansion import install
from agents.kafka.unreadable import Unreadable, salvage
from agents.reprocess.materialise import why
from api import actions
from api.export_order import NOT_EXPORTING
from broker.errors import RecordRefused
from exports.errors import BUG, CallerLeft, ServerStopped
from exports.excel.process import ended_with
from exports.jobs.outcome import explain
from outbound.sealed import Sealer, new_key
from outbound.settings import NotificationSettings
from schemas import envelope
from schemas.automatic_rule import AutomaticRules
from schemas.catalogue import BY_NAME
from schemas.check import check, events_of
from schemas.error_class import ErrorClass
from schemas.export import TimeZone
from schemas.filter import LogFilter
from schemas.group import GroupDecision, GroupNotes
from schemas.item_state import ItemState
from schemas.json_document import MAX_DEPTH, load
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.error import ReasonError, reasons_of
from schemas.reasons.reason import Reason, each_of, from_document
from schemas.refusal import Refusal
from schemas.reprocess import ReprocessRequest, read_command
from schemas.rereading import KeptLetter, Rereading
from schemas.result import Result, read
from schemas.series import SeriesQuery
from schemas.sources import Allowed, Sources
from schemas.steps import StepFault, judge
from schemas.topics import MAX_EVENT_BYTES, MAX_RECORD_BYTES, Topics
from schemas.verdict import REASONS
from storage.access_keys import Grant
from storage.errors import RowRefused, StorageUnavailable, TimedOut
from storage.exports.audit import LOST
from storage.playbook import AnotherEntryError, TooManyEntriesError
from storage.reprocess.automatic import SWITCHED_OFF, Lane
from storage.reprocess.cancellation import note_of
from tests.support.events import Event, at, data, raw, result, whole
from tests.support.reasons_of_corrections import CORRECTIONS
from tests.support.reasons_of_notifications import NOTIFICATIONS
from tests.support.reasons_of_requests import REQUESTS, refused
from tests.support.reasons_of_workbooks import WORKBOOKS
from tests.support.record_batch import STAND_IN, bomb, record_batch

NOW = datetime.now(UTC)


def no_channel() -> object:
    return read_channel([("kind", "email")], NotificationSettings(), Sealer(new_key()))


def of_result(event: Event) -> Reason:
    now_ns = int(NOW.timestamp() * 1e9)
    [refusal] = read(BY_NAME[event.integration_type], event.headers, event.key, event.value or b"", now_ns)
    assert isinstance(refusal, Refusal)
    return refusal.reason


def of_another_source() -> Reason:
    event = result()
    [read_result] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", int(NOW.timestamp() * 1e9))
    assert isinstance(read_result, Result)
    refusal = Allowed(Sources.model_validate({"/connectors/mlb": {}}), None).refusal(read_result)
    assert refusal is not None
    return refusal.reason


def of_a_letter_of_another() -> Reason:
    headers = [("content-type", envelope.STRUCTURED.encode())]
    value = json.dumps(whole(result(account="globex"))).encode()
    letter = KeptLetter("l", "acme", Topics().results("price"), None, headers, value)
    refusal = Rereading(Topics(), None).refusal(letter, int(NOW.timestamp() * 1e9))
    assert refusal is not None
    return refusal.reason


def of_another_key() -> Reason:
    [event] = events_of(result().headers, result().value or b"")
    outcome = check(event, int(NOW.timestamp() * 1e9))
    assert isinstance(outcome, Result)
    grant = Grant("acme", "connector", "c", may_export=False, may_see_evidence=False, key_id=None)
    refusal = not_of_key(grant._replace(source="/connectors/mlb", affiliates=["MLB"]), outcome)
    assert refusal is not None
    return refusal.reason


def of_unknown_type() -> Reason:
    [event] = events_of((), json.dumps(whole(result(), type="conexoes.moon.result.v1")).encode())
    refusal = check(event, int(NOW.timestamp() * 1e9))
    assert isinstance(refusal, Refusal)
    return refusal.reason


def of_data(**changes: Any) -> Reason:
    return of_result(raw(json.dumps({**data(), **changes}).encode()))


def done_to(**changes: Any) -> Reason:
    """Return what is done to a result to read it."""
    return done_to_event({**data(), **changes}, raw(b"").headers)


def done_to_event(value: dict[str, Any], headers: envelope.Headers = ()) -> Reason:
    """Return what is done to one event to read it."""
    written = json.dumps(value).encode()
    [read_result] = read(BY_NAME["price"], headers, None, written, int(NOW.timestamp() * 1e9))
    assert isinstance(read_result, Result), read_result
    [done] = json.loads(read_result.alterations or "[]")
    return from_document(done)


def of_event(headers: list[tuple[str, bytes]], value: Any) -> Reason:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    refusals = [each for each in envelope.read(headers, body) if isinstance(each, Refusal)]
    return refusals[0].reason


def structured(**changes: Any) -> Reason:
    attributes = {"specversion": "1.0", "type": "t", "source": "/s", "id": "i", "time": at(0), "data": {}}
    return of_event([], {**attributes, **changes})


def of_command(**changes: Any) -> Reason:
    request = {"account": "acme", "integration_type": "price", "requested_by": "m", "log_ids": [str(uuid.uuid4())]}
    fields = {name: value for name, value in {**request, **changes}.items() if value is not ...}
    event = {"specversion": "1.0", "type": "conexoes.reprocess.requested.v1", "source": "/s", "id": "c", "time": at(0)}
    [refusal] = read_command([], json.dumps({**event, "data": fields}).encode())
    assert isinstance(refusal, Refusal)
    return refusal.reason


def automatic_why(class_: ErrorClass) -> Reason:
    lane = Lane("acme", "price", "MLB", class_, 1, None)
    return lane.reason(AutomaticRules().for_("price", "MLB"), ["http.503", None, "http.429", "http.429"])


def too_far_ahead() -> Reason:
    fields = {"account": "acme", "integration_type": "price", "requested_by": "m", "log_ids": [uuid.uuid4()]}
    request = ReprocessRequest.model_validate({**fields, "not_before": NOW + timedelta(days=32)})
    refused = request.lies_too_far_ahead(NOW)
    assert refused is not None
    assert request.lies_too_far_ahead(NOW + timedelta(days=1)) is None
    return refused


def of_filter(**fields: Any) -> Reason:
    return of_command(log_ids=..., filter=fields, as_of=at(0))


def of_type(type_: Any, value: Any) -> Reason:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(type_).validate_python(value)
    [found] = reasons_of(refused.value, "body", "field")
    return found


def of_model(model: type[BaseModel], **fields: Any) -> Reason:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"account": "acme", "integration_type": "price", **fields})
    [found] = reasons_of(refused.value, "body")
    return found


def of_address(query: str) -> Reason:
    return refused(lambda: read_view(QueryParams(query), NOW, UTC))


def of_bytes(raw_: bytes) -> Reason:
    with pytest.raises(Refusal) as refused:
        load(raw_)
    return refused.value.reason


def of_batch(events: list[Event], *, broken: bool = False) -> Reason:
    bytes_ = bytearray(record_batch(events))
    if broken:
        bytes_[-1] ^= 1
    found = salvage("t", 0, 0, bytes(bytes_))
    assert found is not None
    return next(each.reason for each in found.records if isinstance(each, Unreadable))


def of_bomb() -> Reason:
    install(MAX_RECORD_BYTES)
    try:
        found = salvage("t", 0, 0, bomb("zstd", 3))
    finally:
        install(64 * 1024 * 1024)
    assert found is not None
    [letter] = found.records
    reason: Reason = letter.reason
    return reason


def odd(event: Event) -> Event:
    return event._replace(headers=[*event.headers, (STAND_IN, b"x")])


def of_policy(text: str) -> Reason:
    reason = Policy.model_validate(text).for_("price", "MLB").reason
    assert reason is not None
    return reason


def lack() -> Reason:
    found = Policy.model_validate('{"price": {"*": {"reason_required_above": 3}}}').lacks_reason(
        "price", None, {"M": 4}
    )
    assert found is not None
    return found


def unknown_filter() -> Exception:
    with pytest.raises(ValidationError) as refused:
        LogFilter.model_validate({"of_tomorrow": 1})
    return refused.value


def of_series(**changes: Any) -> Reason:
    with pytest.raises(ReasonError) as refused:
        SeriesQuery.model_validate(changes).span(NOW)
    return refused.value.reason.of(field="query.processed_from")


def came_back(times: int, tried: int) -> StepFault:
    return StepFault(fingerprint="f", code="price.min", tried=tried, came_back=times)


def part(state: str, *faults: StepFault) -> Reason:
    parts = judge(1, {"failed": 9, state: 2}, 1.0, faults).reason.parameters["parts"]
    assert isinstance(parts, tuple)
    [only] = [each for each in parts if isinstance(each, Reason) and each.parameters["count"] == 2]
    return only


def binary(**changes: bytes) -> list[tuple[str, bytes]]:
    return [(name, changes.get(name.replace("-", "_"), value)) for name, value in raw(b"{}").headers]


#: Codes that only rows of earlier versions have, with what they were stored with.
OF_BEFORE: dict[Code, Callable[[], Reason]] = {
    Code.NOT_JSON: lambda: Reason(Code.NOT_JSON, detail="unexpected end of data", position=1),
    Code.DATA_BASE64: lambda: Reason(Code.DATA_BASE64),
    Code.ATTRIBUTE_LENGTH: lambda: Reason(Code.ATTRIBUTE_LENGTH, field="id", limit=2048),
    Code.FIELD_NOT_PRINTABLE: lambda: Reason(Code.FIELD_NOT_PRINTABLE, field="data.key"),
}

#: An input for every code.
MADE: dict[Code, Callable[[], Reason]] = {
    Code.OWN_WORDS: lambda: of_policy('{"price": {"*": {"reprocessable": false, "reason": "Audit."}}}'),
    Code.BATCH_UNREADABLE: lambda: of_batch([result("a"), result("b")], broken=True),
    Code.BATCH_EXPANDS_TOO_FAR: of_bomb,
    Code.RECORD_UNREADABLE: lambda: of_batch([result("a")], broken=True),
    Code.HEADER_NAME_NOT_UTF8: lambda: of_batch([odd(result("a"))]),
    Code.TOO_MANY_HEADERS: lambda: of_event([("x", b"")] * (envelope.MAX_HEADERS + 1), b"{}"),
    Code.HEADERS_TOO_LARGE: lambda: of_event([("x", b"y" * envelope.MAX_HEADER_BYTES)], b"{}"),
    Code.NO_BYTES: lambda: of_bytes(b""),
    Code.VALUE_TOO_LARGE: lambda: of_bytes(b" " * (MAX_EVENT_BYTES + 1)),
    Code.VALUE_TOO_DEEP: lambda: of_bytes(b"[" * (MAX_DEPTH + 1)),
    Code.NOT_UTF8: lambda: of_bytes(b'"\xff"'),
    Code.UTF16_OR_UTF32: lambda: of_bytes("{}".encode("utf-16-le")),
    Code.COMPRESSED: lambda: of_bytes(gzip.compress(b"{}")),
    Code.SCHEMA_REGISTRY: lambda: of_bytes(b"\x00\x00\x00\x00\x0c{}"),
    Code.JSON_CHARACTER: lambda: of_bytes(b"{,}"),
    Code.JSON_ENDS_EARLY: lambda: of_bytes(b"{"),
    Code.CONTENT_TYPE_UNKNOWN: lambda: of_event([("content-type", b"application/cloudevents+avro")], b"{}"),
    Code.NOT_A_CLOUDEVENT: lambda: of_event([], b"{}"),
    Code.BATCH_NOT_A_LIST: lambda: of_event([("content-type", envelope.BATCH.encode())], b"{}"),
    Code.BATCH_TOO_LARGE: lambda: of_event(
        [("content-type", envelope.BATCH.encode())], [1] * (envelope.MAX_BATCH_EVENTS + 1)
    ),
    Code.IN_BATCH: lambda: of_event([("content-type", envelope.BATCH.encode())], b"[7]"),
    Code.FAULTS: lambda: of_data(status="parked", account="ACME"),
    Code.MORE_FAULTS: lambda: each_of(of_command(log_ids=["x"] * 22))[-1],
    Code.EVENT_NOT_AN_OBJECT: lambda: of_event([("content-type", envelope.STRUCTURED.encode())], b"[]"),
    Code.HEADERS_OF_HTTP: lambda: of_event([("ce-specversion", b"1.0")], b"{}"),
    Code.DATA_TWICE: lambda: structured(data_base64="e30="),
    Code.NOT_BASE64: lambda: structured(data=None, data_base64="!"),
    Code.IN_BASE64: lambda: structured(data=None, data_base64="ew=="),
    Code.NOT_A_JSON_MEDIA_TYPE: lambda: of_event(binary(content_type=b"text/xml"), b"{}"),
    Code.SPECVERSION: lambda: structured(specversion="0.3"),
    Code.FIELD_EMPTY: lambda: structured(id=""),
    Code.SOURCE_NOT_A_URI: lambda: structured(source="a b"),
    Code.EVENT_TYPE: lambda: of_result(result(integration_type="orders")._replace(integration_type="price")),
    Code.DATA_NOT_AN_OBJECT: lambda: of_result(raw(b"[]")),
    Code.SUBJECT_DIFFERS: lambda: of_result(result()._replace(headers=[*result().headers, ("ce_subject", b"another")])),
    Code.ACCOUNT_DIFFERS: lambda: of_result(result()._replace(key=b"other/MLB/SKU-1")),
    Code.STATUS_NOT_ALLOWED: lambda: of_data(status="parked"),
    Code.NOT_ALLOWED: of_another_source,
    Code.NOT_ALLOWED_BY_KEY: of_another_key,
    Code.NOT_ALLOWED_BY_LETTER: of_a_letter_of_another,
    Code.EVENT_TYPE_UNKNOWN: of_unknown_type,
    Code.TIME_FORMAT: lambda: of_data(processed_at="yesterday"),
    Code.TIME_WITH_SPACE: lambda: of_data(processed_at="2026-11-24T08:00:00 03:00"),
    Code.TIME_IMPOSSIBLE: lambda: of_data(processed_at="2026-02-30T00:00:00Z"),
    Code.TIME_OUT_OF_YEARS: lambda: of_type(SeriesQuery, {"processed_from": "9999-01-01T00:00:00Z"}),
    Code.TIME_TOO_EARLY: lambda: of_data(processed_at="1999-12-31T23:59:59Z"),
    Code.TIME_AHEAD: lambda: of_data(processed_at=(NOW + timedelta(hours=2)).isoformat()),
    Code.TIME_PAST: lambda: refused(lambda: groups.must_be_ahead(NOW, NOW)),
    Code.RANGE_BACKWARDS: lambda: of_filter(processed_from=at(1), processed_to=at(0)),
    Code.SPAN_TOO_LONG: lambda: of_series(processed_from=at(0), processed_to="2036-01-01T00:00:00Z"),
    Code.FILTER_EMPTY: of_filter,
    Code.TYPE_UNKNOWN: lambda: of_command(integration_type="prices"),
    Code.ONE_WAY_TO_CHOOSE: lambda: of_command(log_ids=...),
    Code.AS_OF_MISSING: lambda: of_command(log_ids=..., filter={"status": "error"}),
    Code.REFUSED_BY_POSTGRESQL: lambda: RowRefused("value out of range").reason,
    Code.FIELD_MISSING: lambda: of_command(account=...),
    Code.FIELD_UNKNOWN: lambda: of_command(colour="blue"),
    Code.FIELD_NOT_TEXT: lambda: of_data(key=123),
    Code.FIELD_NOT_INTEGER: lambda: of_data(sequence="5"),
    Code.FIELD_NOT_NUMBER: lambda: of_command(pace={"per_second": "fast"}),
    Code.FIELD_NOT_BOOLEAN: lambda: of_filter(all="perhaps"),
    Code.FIELD_NOT_LIST: lambda: of_command(log_ids="bad"),
    Code.FIELD_NOT_OBJECT: lambda: of_command(pace=[]),
    Code.FIELD_NOT_UUID: lambda: of_command(log_ids=["x"]),
    Code.FIELD_CHARACTER: lambda: of_data(key="a\tb"),
    Code.FIELD_NOT_STORABLE: lambda: of_filter(q="a\ufffd"),
    Code.FIELD_TOO_SHORT: lambda: of_data(affiliate=""),
    Code.FIELD_TOO_LONG: lambda: of_data(key="k" * 201),
    Code.FIELD_TOO_FEW: lambda: of_command(log_ids=[]),
    Code.FIELD_TOO_MANY: lambda: of_command(log_ids=[str(uuid.uuid4())] * 1001),
    Code.FIELD_AT_LEAST: lambda: of_data(sequence=-1),
    Code.FIELD_MORE_THAN: lambda: of_command(pace={"fixed_share": 0}),
    Code.FIELD_AT_MOST: lambda: of_data(sequence=2**63),
    Code.FIELD_PATTERN: lambda: of_data(account="ACME"),
    Code.FIELD_NOT_ONE_OF: lambda: of_command(mode="again"),
    Code.FIELD_BETWEEN: lambda: of_address("page_size=0"),
    Code.FIELD_NAME: lambda: refused(lambda: read_name(" ")),
    Code.UNTIL_OF_IGNORED: lambda: of_model(
        GroupDecision, set_by="m", state="ignored", until_results=1, until_escalates=True
    ),
    Code.NOTHING_WRITTEN: lambda: of_model(GroupNotes, noted_by="m"),
    Code.OWNER_UNKNOWN: lambda: refused(lambda: groups.must_be_one_of("nobody", ["maria"])),
    Code.NAME_TAKEN: lambda: name_taken().reasons[0],
    Code.NOTHING_CHOSEN: lambda: refused(lambda: need_chosen("log_id", ())),
    Code.ENTRY_EXISTS: lambda: not_kept(AnotherEntryError()).reasons[0],
    Code.ENTRIES_FULL: lambda: not_kept(TooManyEntriesError()).reasons[0],
    Code.CHANNEL_ADDRESS: lambda: refused(no_channel),
    Code.FORM_CHANGED: lambda: refused(lambda: key_of_form("", [])),
    Code.TIMEZONE_UNKNOWN: lambda: of_type(TimeZone, "localtime"),
    Code.FIELD_WRONG: lambda: of_type(Decimal, "x"),  # a type that no field of ours has
    Code.ALTERED_CHARACTERS: lambda: done_to(message="a\x00"),
    Code.ALTERED_TO_TEXT: lambda: done_to(message=7),
    Code.ALTERED_JOINED: lambda: done_to(message=["a", "b"]),
    Code.ALTERED_LEFT_OUT: lambda: done_to(aliases={"ean": None}),
    Code.ALTERED_CUT: lambda: done_to(operation="o" * 201),
    Code.ALTERED_TO_ERRORS: lambda: done_to(errors="bad"),
    Code.ALTERED_SOME_KEPT: lambda: done_to(errors=[{"code": "c"}] * 1001),
    Code.ALTERED_TIME: lambda: done_to_event(whole(result(), time="yesterday")),
    Code.LOG_NOT_FOUND: lambda: REASONS[ItemState.NOT_FOUND],
    Code.CHANGED_SINCE: lambda: REASONS[ItemState.CHANGED_SINCE],
    Code.ALREADY_SUCCEEDED: lambda: REASONS[ItemState.ALREADY_SUCCEEDED],
    Code.JOINED_EARLIER: lambda: REASONS[ItemState.IN_FLIGHT],
    Code.BEING_REPROCESSED: lambda: actions.IN_FLIGHT,
    Code.COMMAND_ENDED: lambda: REASONS[ItemState.CANCELLED],
    Code.HEALED_BEFORE: lambda: REASONS[ItemState.HEALED],
    Code.AFFILIATE_PAUSED: lambda: REASONS[ItemState.PAUSED],
    Code.ORDERS_NOT_REPROCESSED: lambda: BY_NAME["orders"].not_reprocessable_reason,  # type: ignore[dict-item,return-value]
    Code.SWITCHED_OFF: lambda: of_policy('{"price": {"*": {"reprocessable": false}}}'),
    Code.READ_ONLY_KEY: lambda: actions.READ_ONLY,
    Code.REFUSED_BY_KAFKA: lambda: RecordRefused("MessageSizeTooLarge").reason,
    Code.REASON_REQUIRED: lack,
    Code.CANCELLED_BY: lambda: note_of("maria", None),
    Code.CANCELLED_BY_BECAUSE: lambda: note_of("maria", "wrong list"),
    Code.SELECTION_TOO_SLOW: lambda: why(TimedOut("too slow")),
    Code.FILTER_NOT_KNOWN: lambda: why(unknown_filter()),
    Code.ITEMS_NOT_MADE: lambda: why(RowRefused("no")),
    Code.STEP_WENT_ON: lambda: judge(1, {"fixed": 10}, 0.8).reason,
    Code.STEP_STOPPED: lambda: judge(1, {"same_error": 2, "silent": 2}, 0.8, [came_back(2, 2)]).reason,
    Code.STEP_SAME_FAULT: lambda: judge(1, {"fixed": 16, "same_error": 4}, 0.8, [came_back(4, 4)]).reason,
    Code.STEP_NOT_TRIED: lambda: judge(1, {"fixed": 1, "busy": 4, "healed": 1}, 0.8).reason,
    Code.PART_SAME_ERROR: lambda: part("same_error"),
    Code.PART_SAME_ERROR_CODE: lambda: part("same_error", came_back(2, 2)),
    Code.PART_DIFFERENT_ERROR: lambda: part("different_error"),
    Code.PART_SILENT: lambda: part("silent"),
    Code.PART_FAILED: lambda: part("failed"),
    Code.PART_CANCELLED: lambda: part("cancelled"),
    Code.PART_BUSY: lambda: part("busy"),
    Code.PART_HEALED: lambda: part("healed"),
    Code.AUTOMATIC_BUSY: lambda: automatic_why(ErrorClass.BUSY),
    Code.AUTOMATIC_TRANSPORT: lambda: automatic_why(ErrorClass.TRANSPORT),
    Code.AUTOMATIC_CANARY: lambda: automatic_why(ErrorClass.UNKNOWN),
    Code.AUTOMATIC_SWITCHED_OFF: lambda: SWITCHED_OFF,
    Code.NAME_RESERVED: lambda: of_command(requested_by=" Conexoes"),
    Code.TOO_FAR_AHEAD: too_far_ahead,
    Code.PART_OTHER: lambda: part("of_tomorrow"),
    Code.NOT_EXPORTING: lambda: NOT_EXPORTING,
    Code.EXPORT_TOO_LONG: lambda: explain(TimeoutError())[1],
    Code.EXPORT_NO_DATABASE: lambda: explain(StorageUnavailable("away"))[1],
    Code.EXPORT_BUG: lambda: BUG,
    Code.EXPORT_CANCELLED: lambda: explain(asyncio.CancelledError())[1],
    Code.EXPORT_CALLER_LEFT: lambda: explain(CallerLeft())[1],
    Code.EXPORT_SERVER_STOPPED: lambda: explain(ServerStopped())[1],
    Code.EXPORT_LOST: lambda: LOST,
    Code.EXPORT_NO_FILE: lambda: explain(OSError(28, "No space left on device"))[1],
    Code.EXPORT_PROCESS_ENDED: lambda: ended_with(-9),
    **CORRECTIONS,
    **NOTIFICATIONS,
    **REQUESTS,
    **WORKBOOKS,
    **OF_BEFORE,
}
