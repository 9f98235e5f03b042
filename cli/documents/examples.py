"""Examples of each event and answer, made by the code that makes the real ones where there is such code."""

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from schemas.catalogue import BY_NAME, IntegrationType
from schemas.event_out import DATA, CommandDone, EventType, IncidentEdge, LetterReceived, LogEdge, event
from schemas.playbook import InEveryLanguage, PlaybookEntry
from schemas.problem import FieldProblem, Problem
from schemas.raw_json import RawJson, dump
from schemas.reprocess import ReprocessRequest, RetryData, command_event
from schemas.shown.base import COMMAND_ID
from schemas.shown.dead_letter import LETTER_ID
from schemas.shown.log import Attempt, Source, StatusLog, StatusLogDetail

Example = dict[str, Any]

_WORKED_AT = "2026-11-24T12:00:00.123456789Z"
_EMITTED_AT = "2026-11-24T12:00:01Z"
_ASKED_AT = "2026-11-24T12:05:00.000000Z"
_EXPIRES_AT = "2026-11-24T12:20:00.000000Z"
_SOURCE = "/connectors/mercado-livre"
_EVENT = "0b5ff2f0-57f5-4c58-8d2f-0e4c3d2a9f11"
_EVENT_OUT = "6f9d0f6b-64a4-4b43-9d7c-7c1c1f8ab6a2"
_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_ITEM = "79495b7f-cb87-7bc5-0720-a249abafafd9"
_COMMAND = "f62fc572-a9a3-5d71-0071-904bedb5848b"

#: Errors of the examples, by type. A type that is not here has its example from the catalogue alone.
_FAULTS: Mapping[str, Example] = {
    "orders": {
        "key": "PG-2404-01",
        "operation": "create-order",
        "errors": [{"code": "order.sku_not_found", "message": "No SKU is bound to this offer", "field": "items.0.id"}],
        "response": {"status": 404},
        "aliases": {"marketplace_order_id": "2000004412345678"},
    },
    "products": {
        "key": "00123",
        "operation": "publish-product",
        "errors": [{"code": "product.category_required", "message": "The category is not mapped", "field": "category"}],
        "aliases": {"ean": "7891234567895"},
    },
    "tracking": {
        "key": "PG-2404-01",
        "operation": "send-tracking",
        "errors": [{"code": "tracking.carrier_unknown", "message": "Carrier not known here: sent as 'other'"}],
        "aliases": {"shipment_id": "43218765432"},
    },
    "price": {
        "key": "SKU-00123",
        "operation": "update-price",
        "errors": [{"code": "price.below_minimum", "message": "Below the minimum of 12.00", "field": "price"}],
        "request": {"price": 10.0},
        "response": "<error>price_below_minimum</error>",
        "aliases": {"ean": "7891234567895"},
    },
    "inventory": {
        "key": "SKU-00123",
        "operation": "update-inventory",
        "errors": [{"code": "inventory.listing_closed", "message": "The listing is closed"}],
        "request": {"quantity": 7},
    },
}


def result_example(integration_type: IntegrationType) -> Example:
    """Return a structured result event that answers a retry."""
    fault: Example = {"key": "1234567-01", "errors": [{"code": "failed", "message": "It failed"}]}
    fault = dict(_FAULTS.get(integration_type.name, fault))
    data = {
        "account": "demo",
        "affiliate": "MLB",
        "key": fault.pop("key"),
        "status": "warning" if integration_type.name == "tracking" else "error",
        "processed_at": _WORKED_AT,
        "sequence": 42,
        "message": fault["errors"][0]["message"],
        **fault,
    }
    return {
        "specversion": "1.0",
        "type": integration_type.result_event_type,
        "source": _SOURCE,
        "id": _EVENT,
        "time": _EMITTED_AT,
        "subject": data["key"],
        "datacontenttype": "application/json",
        "correlationid": _ITEM,
        "data": data,
    }


def retry_example(integration_type: IntegrationType) -> Example:
    """Return a retry as agents send it, for the entity of `result_example`."""
    of = result_example(integration_type)["data"]
    data = RetryData(
        account=of["account"],
        affiliate=of["affiliate"],
        key=of["key"],
        integration_type=integration_type.name,
        mode="refresh",
        last_event_id=_EVENT,
        attempt=1,
        expires_at=_EXPIRES_AT,
        aliases=of.get("aliases", {}),
    )
    return data.event(_ITEM, _COMMAND, _ASKED_AT)


def command_example() -> Example:
    """Return a command as `POST /commands/reprocess` sends it."""
    return command_event(_COMMAND, ReprocessRequest.model_validate(_first_example(ReprocessRequest)), _ASKED_AT)


def filter_example() -> Example:
    """Return a filter for failures on one marketplace in one day, with one code."""
    return {
        "status": ["error"],
        "affiliate": ["MLB"],
        "processed_from": "2026-11-24T00:00:00-03:00",
        "processed_to": "2026-11-25T00:00:00-03:00",
        "code": ["price.below_minimum"],
    }


def problem_example() -> Example:
    """Return the problem of a parameter that is out of range."""
    message = "Input should be less than or equal to 200"
    return Problem(
        type="/problems/invalid-request",
        title="Unprocessable Entity",
        status=422,
        detail=f"query.page_size: {message}",
        errors=[FieldProblem(field="query.page_size", message=message)],
    ).model_dump(mode="json")


def status_log_detail_example() -> Example:
    """Return the log of StatusLog's own example, with its last attempt."""
    log = StatusLog.model_validate(_first_example(StatusLog))
    attempt = Attempt(
        result_id="9f1c1f0e-52b1-7c0a-4ad4-2f6f8d8c0a77",
        event_id=_EVENT,
        source=_SOURCE,
        status=log.status,
        processed_at=log.processed_at,
        received_at=log.updated_at,
        operation="update-price",
        message=log.message,
        errors=[RawJson(dump({"code": log.code, "message": log.message, "field": "price"}).decode())],
        request=RawJson('{"price": 10.00}'),
        response=RawJson('"<error>price_below_minimum</error>"'),
        aliases={"ean": "7891234567895"},
        extra={},
        extensions={"traceparent": RawJson(f'"{_TRACEPARENT}"')},
        late=False,
        ahead=False,
        altered=False,
        alterations=[],
        answers_item_id=_ITEM,
        evidence="shown",
        evidence_until=log.updated_at + timedelta(days=90),
    )
    detail = StatusLogDetail(
        **log.model_dump(),
        last_attempt=attempt,
        aliases={"ean": ["7891234567895"]},
        sources=[Source(source=_SOURCE, results=log.attempts)],
        editable=["/price"],
        troubleshooting=BY_NAME[log.integration_type].troubleshooting_link(log.affiliate),
        playbook=PlaybookEntry(
            code=log.code,
            who="seller",
            helps="after_fix",
            origin="file",
            cause=InEveryLanguage(
                pt="O preço é menor que o mínimo da categoria.",
                en="The price is below the minimum of the category.",
                es="El precio es menor que el mínimo de la categoría.",
            ),
            what_to_do=InEveryLanguage(
                pt="Corrija o preço e reprocesse.",
                en="Correct the price and reprocess.",
                es="Corrija el precio y reprocese.",
            ),
        ),
    )
    example: Example = json.loads(dump(detail.model_dump()))
    return example


def event_out_example(event_type: EventType) -> Example:
    """Return an event out of this type, whole."""
    log = StatusLog.model_validate(_first_example(StatusLog))
    about = {"account": log.account, "integration_type": log.integration_type, "affiliate": log.affiliate}
    data = {
        LogEdge: {
            **about,
            "log_id": log.id,
            "key": log.key,
            "status": "error" if event_type is EventType.LOG_FAILED else "success",
            "processed_at": log.processed_at,
            "code": log.code if event_type is EventType.LOG_FAILED else None,
            "fingerprint": log.fingerprint if event_type is EventType.LOG_FAILED else None,
        },
        IncidentEdge: {
            **about,
            "incident_id": "7",
            "edge": event_type.split(".")[2],
            "kind": "failure_share",
            "severity": "critical",
            "opened_at": log.processed_at,
            "facts": {"count": 135, "share": 0.48, "usual": 0.03},
        },
        CommandDone: {
            "account": log.account,
            "command_id": COMMAND_ID,
            "integration_type": log.integration_type,
            "state": "done",
            "requested_by": "maria@store.example",
        },
        LetterReceived: {
            "account": log.account,
            "letter_id": LETTER_ID,
            "code": "json",
            "topic": "conexoes.results.price",
            "partition": 3,
            "offset": 77,
            "position": 0,
        },
    }[DATA[event_type]]
    checked = DATA[event_type].model_validate(data).model_dump(mode="json")
    subject = next(checked[name] for name in ("key", "incident_id", "command_id", "letter_id") if name in checked)
    event_id = uuid.UUID(_EVENT_OUT)
    return event(event_id=event_id, event_type=event_type, at=log.updated_at, subject=subject, data=checked)


def _first_example(model: type[ReprocessRequest] | type[StatusLog]) -> Any:
    return model.model_json_schema()["examples"][0]
