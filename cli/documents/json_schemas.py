"""JSON Schema of every event and of the API's answers."""

import inspect
from typing import Any, get_args

from pydantic import BaseModel

from cli.documents import examples, rules
from cli.documents.rules import Schema
from schemas.catalogue import BY_NAME, CATALOGUE, SEVERITY, IntegrationType
from schemas.event_out import DATA, SOURCE, EventType
from schemas.filter import FIELDS, LogFilter, ReprocessState
from schemas.item_state import ItemState
from schemas.problem import Problem
from schemas.reprocess import COMMAND_EVENT_TYPE, ReprocessRequest, RetryData
from schemas.result import ResultData
from schemas.shown.log import StatusLog, StatusLogDetail

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMMAND = "reprocess-requested"
_STRUCTURED = "In binary mode its attributes are headers that begin with `ce_`, and the record's value is `data` alone."


#: A schema says what to send; what is read beside it is no reason to send it.
_LENIENT = (
    "What explains it (operation, message, errors, aliases) is read all the same where it is not as it should be, and "
    "marked as altered; so are a `time` that can't be read, which is left out, and JSON in `data_base64` instead of "
    "`data`."
)


def json_schemas() -> dict[str, Schema]:
    """Return schemas by file name without its ending."""
    schemas: dict[str, Schema] = {}
    for each in CATALOGUE:
        schemas[f"{each.name}-result"] = _result(each)
        schemas[f"{each.name}-retry"] = _retry(each)
    schemas[COMMAND] = _command()
    for event_type in EventType:
        schemas[event_name(event_type)] = _event_out(event_type)
    schemas["status-log"] = _status_log(StatusLog)
    schemas["status-log-detail"] = {
        **_status_log(StatusLogDetail),
        "examples": [examples.status_log_detail_example()],
    }
    schemas["filter"] = {**_filter(LogFilter.model_json_schema()), "examples": [examples.filter_example()]}
    schemas["problem"] = {**Problem.model_json_schema(), "examples": [examples.problem_example()]}
    return {name: _file(name, schema) for name, schema in schemas.items()}


def _file(name: str, schema: Schema) -> Schema:
    """Return a schema with its identifier first, where readers look for it. The URN names no host to fetch it from."""
    head = {"$schema": DIALECT, "$id": f"urn:conexoes:schema:{name}:v1"}
    return head | {key: schema.pop(key) for key in ("title", "description") if key in schema} | schema


def _result(integration_type: IntegrationType) -> Schema:
    data = _data(ResultData)
    properties = data["properties"]
    properties["status"]["enum"] = list(integration_type.statuses)
    properties["processed_at"] |= rules.DATE_TIME
    for name in ("affiliate", "key"):
        rules.say_name(properties[name])
    return _event(
        integration_type.result_event_type,
        f"{integration_type.labels['en']}: how one piece of work of a connector ended. {_STRUCTURED} {_LENIENT}",
        data,
        {
            "id": {**rules.TEXT, "description": "unique in its source: sent again with the same id, it counts once"},
            "subject": {**rules.TEXT, "description": "equal to data.key, when it is given"},
            "time": {
                **rules.DATE_TIME,
                "description": "when it was emitted, between the years 1700 and 2200; data.processed_at stands for it",
            },
            "correlationid": {**rules.TEXT, "description": "id of the retry that this answers, if it answers one"},
        },
        examples.result_example(integration_type),
        optional=("time",),
    )


def _retry(integration_type: IntegrationType) -> Schema:
    data = _data(RetryData)
    properties = data["properties"]
    properties["integration_type"] = {"const": integration_type.name}
    properties["expires_at"] |= rules.DATE_TIME
    for name in ("affiliate", "key"):
        rules.say_name(properties[name])
    return _event(
        integration_type.retry_event_type,
        f"{integration_type.labels['en']}: work that a connector is to do again. Always in structured mode. "
        "It may come twice, with the same id and the same data.busy_answers.",
        data,
        {
            "id": {**rules.TEXT, "description": "the item; a result that answers carries it as its correlationid"},
            "subject": {**rules.TEXT, "description": "data.key"},
            "correlationid": {**rules.COMMAND_ID_TEXT, "description": "id of the command that asked for it"},
            "traceparent": {
                **rules.TEXT,
                "description": "W3C Trace Context of the command, else of the result, where one had it",
            },
        },
        examples.retry_example(integration_type),
        required=("subject", "datacontenttype", "correlationid"),
    )


def _command() -> Schema:
    data = _data(ReprocessRequest)
    data["oneOf"] = rules.ONE_WAY_TO_CHOOSE
    rules.say_date_time(data["properties"]["as_of"])
    _filter(data["$defs"]["ReprocessFilter"])
    return _event(
        COMMAND_EVENT_TYPE,
        f"A request to reprocess what some status logs are about. {_STRUCTURED}",
        data,
        {
            "id": {**rules.COMMAND_ID_TEXT, "description": "the command's id: the same id again is the same command"},
            "time": {**rules.DATE_TIME, "description": "when it was asked for; without it, when the agents read it"},
        },
        examples.command_example(),
        optional=("time",),
    )


def event_name(event_type: EventType) -> str:
    """Return the name of the schema of an event out."""
    return event_type.removeprefix("conexoes.").removesuffix(".v1").replace(".", "-").replace("_", "-")


def _event_out(event_type: EventType) -> Schema:
    model = DATA[event_type]
    return _event(
        event_type,
        f"{inspect.cleandoc(model.__doc__ or '')} Always in structured mode. It may come twice, with the same id.",
        _data(model),
        {
            "id": {**rules.TEXT, "description": "the same on the topic and on every webhook"},
            "source": {"const": SOURCE},
            "subject": {**rules.TEXT, "description": "key, incident, command or dead letter that it is about"},
        },
        examples.event_out_example(event_type),
        required=("subject", "datacontenttype"),
    )


def _status_log(model: type[StatusLog]) -> Schema:
    schema = model.model_json_schema()
    schema["properties"]["status"]["enum"] = list(SEVERITY)
    schema["properties"]["integration_type"]["enum"] = list(BY_NAME)
    # A log shows an item that was queued, not one that was refused at once; `in_flight` is a word of the filter.
    schema["$defs"]["ReprocessStep"]["properties"]["state"]["enum"] = [
        state for state in get_args(ReprocessState) if state != ItemState.IN_FLIGHT
    ]
    return schema


def _filter(schema: Schema) -> Schema:
    rules.say_name(schema["properties"]["affiliate"]["items"])
    for each in FIELDS.values():
        if each.is_time:
            rules.say_date_time(schema["properties"][each.name])
    schema["description"] += " `processed_from` must be before `processed_to`."
    return schema


def _data(model: type[BaseModel]) -> Schema:
    """Return the schema of a model, without its own example: the event has a complete one."""
    schema = model.model_json_schema()
    schema.pop("examples", None)
    return schema


def _event(
    event_type: str,
    description: str,
    data: Schema,
    attributes: Schema,
    example: Any,
    *,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
) -> Schema:
    """Return the schema of a structured CloudEvent around `data`.

    `attributes` are those that differ by event, `required` those besides the ones that most events need, `optional`
    those of the latter that this one does not.
    """
    needed = [each for each in ("specversion", "type", "source", "id", "time", "data") if each not in optional]
    definitions = data.pop("$defs", {})
    schema: Schema = {
        "title": event_type,
        "description": description,
        "type": "object",
        "required": [*needed, *required],
        "not": {"required": ["data_base64"]},
        "properties": {
            "specversion": {"const": "1.0"},
            "type": {"const": event_type},
            "source": {**rules.URI_REFERENCE, "description": "who emits it, as a URI-reference"},
            "time": {**rules.DATE_TIME, "description": "when it was emitted, between the years 1700 and 2200"},
            "datacontenttype": {
                **rules.TEXT,
                "default": "application/json",
                "description": "a JSON media type: `data` is JSON",
            },
            **attributes,
            "data": data,
        },
        "examples": [example],
    }
    return {**schema, "$defs": definitions} if definitions else schema
