"""JSON Schema of every event and of what the API answers with."""

from typing import Any

from pydantic import BaseModel

from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.filter import LogFilter
from schemas.problem import Problem
from schemas.reprocess import COMMAND_EVENT_TYPE, ReprocessRequest, RetryData
from schemas.result import ResultData
from schemas.status_log import StatusLogDetail

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def json_schemas() -> dict[str, Schema]:
    """Schemas by file name without its ending."""
    schemas: dict[str, Schema] = {}
    for each in CATALOGUE:
        schemas[f"{each.name}-result"] = _event(each.result_event_type, result_data(each), "correlationid: the item_id")
        schemas[f"{each.name}-retry"] = _event(
            each.retry_event_type, data_of(RetryData), "correlationid: the command's id", correlated=True
        )
    schemas["reprocess-requested"] = _event(COMMAND_EVENT_TYPE, data_of(ReprocessRequest), None)
    schemas |= {"status-log": data_of(StatusLogDetail), "filter": data_of(LogFilter), "problem": data_of(Problem)}
    return {
        name: {"$schema": DIALECT, "$id": f"urn:conexoes:schema:{name}:v1", **schema}
        for name, schema in schemas.items()
    }


def data_of(model: type[BaseModel]) -> Schema:
    """The schema of a model, its parts inside it."""
    return model.model_json_schema()


def result_data(integration_type: IntegrationType) -> Schema:
    """`data` of a result of one type: the statuses are the type's own."""
    schema = data_of(ResultData)
    schema["properties"]["status"] = {**schema["properties"]["status"], "enum": list(integration_type.statuses)}
    return schema


def _event(event_type: str, data: Schema, correlation: str | None, *, correlated: bool = False) -> Schema:
    """A structured CloudEvent around `data`; in binary mode its attributes are `ce_` headers, its value `data`."""
    definitions = data.pop("$defs", {})
    text = {"type": "string", "minLength": 1}
    properties: Schema = {
        "specversion": {"const": "1.0"},
        "type": {"const": event_type},
        "source": {**text, "format": "uri-reference", "maxLength": 2048},
        "id": {**text, "maxLength": 2048, "description": "unique in its source"},
        "time": {**text, "format": "date-time"},
        "subject": {**text, "description": "data.key"},
        "datacontenttype": {**text, "default": "application/json"},
        "data": data,
    }
    required = ["specversion", "type", "source", "id", "time", "data"]
    if correlation:
        properties["correlationid"] = {**text, "description": correlation}
        required += ["correlationid"] if correlated else []
    schema: Schema = {"title": event_type, "type": "object", "required": required, "properties": properties}
    return {**schema, "$defs": definitions} if definitions else schema
