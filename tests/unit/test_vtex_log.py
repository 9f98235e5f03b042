"""Our logs in VTEX's log contract."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.raw_json import RawJson
from schemas.shown.log import Attempt, StatusLog
from schemas.shown.vtex_log import VtexLog, VtexLogs

LOG = StatusLog.model_validate(StatusLog.model_config["json_schema_extra"]["examples"][0])  # type: ignore[index]


def attempt(**changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "result_id": "r1",
        "event_id": "e1",
        "source": "/x",
        "status": "error",
        "processed_at": LOG.processed_at,
        "received_at": LOG.processed_at,
        "operation": None,
        "message": "the whole message",
        "errors": [RawJson('{"code":"c"}')],
        "request": None,
        "response": None,
        "aliases": {},
        "extra": {},
        "extensions": {},
        "late": False,
        "ahead": False,
        "altered": False,
        "alterations": [],
        "answers_item_id": None,
        "evidence": "shown",
        "evidence_until": None,
    }
    return Attempt(**fields | changes)


def test_contents_are_text_and_any_other_value_is_its_json_digit_for_digit() -> None:
    contents = {"request": RawJson('{"preço": 19.90}'), "response": RawJson('"<x\\n/>"')}
    made = VtexLog.of(LOG, attempt(**contents, extra={"ContentSource": RawJson("[1.0]"), "other": RawJson("2")}))
    assert (made.content_source, made.content_translated, made.content_destination) == (
        "[1.0]",
        '{"preço": 19.90}',
        "<x\n/>",
    )
    assert made.content_transalted == made.content_translated
    assert VtexLog.of(LOG, attempt(request=RawJson("null"))).content_translated == ""


def test_the_message_is_the_attempts_and_without_it_the_logs() -> None:
    assert VtexLog.of(LOG, attempt()).business_message == "the whole message"
    for without in (attempt(message=None), None):
        assert VtexLog.of(LOG, without).business_message == LOG.message
    bare = LOG.model_copy(update={"message": None})
    assert VtexLog.of(bare, None).business_message == ""


def test_the_id_is_the_results_and_without_it_the_logs() -> None:
    assert (VtexLog.of(LOG, attempt()).id, VtexLog.of(LOG, None).id) == ("r1", LOG.id)
    assert VtexLog.of(LOG, None).errors == []


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_an_operation_of_vtex_is_kept_and_another_word_is_not_one(each: Any) -> None:
    log = LOG.model_copy(update={"integration_type": each.name})
    for word in vtex.operations_of(each):
        assert VtexLog.of(log, attempt(operation=word)).operation == word
    for other in (None, "", "update-price"):
        assert VtexLog.of(log, attempt(operation=other)).operation == vtex.operations_of(each)[0]


def test_orders_come_from_the_marketplace_and_everything_else_goes_there() -> None:
    assert {name: vtex.direction_of(name) for name in BY_NAME} == {
        name: "Marketplace to VTEX" if name == "orders" else "VTEX to Marketplace" for name in BY_NAME
    }


def test_members_have_the_names_of_the_contract() -> None:
    [message] = VtexLogs(messages=[VtexLog.of(LOG, None)]).model_dump(mode="json")["Messages"]
    assert {"id", "Operation", "Direction", vtex.SOURCE, vtex.TRANSLATED, "BusinessMessage", "Status"} <= message.keys()
    assert {vtex.TRANSLATED_AS_IN_THE_EXAMPLE, vtex.DESTINATION} <= message.keys()


@pytest.mark.parametrize(
    ("day", "zone", "begin", "hours"),
    [
        (date(2026, 11, 24), "UTC", datetime(2026, 11, 24, tzinfo=UTC), 24),
        (date(2026, 11, 24), "America/Sao_Paulo", datetime(2026, 11, 24, 3, tzinfo=UTC), 24),
        (date(2026, 3, 29), "Europe/Madrid", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), "Europe/Madrid", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
def test_a_day_is_from_midnight_to_midnight(day: date, zone: str, begin: datetime, hours: int) -> None:
    assert vtex.span_of(day, ZoneInfo(zone)) == (begin, begin + timedelta(hours=hours))
