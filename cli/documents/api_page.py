"""docs/api.md: the OpenAPI document for people, each endpoint and each schema under a heading of its own."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from cli.documents.tables import examples, fields, one_line, table, takes

#: Description that FastAPI gives to an answer without one.
_UNDESCRIBED = "Successful Response"


def api_page(document: dict[str, Any]) -> str:
    """Return the whole page. `document` is the answer of `GET /openapi.json`."""
    security = document["components"]["securitySchemes"]["HTTPBearer"]
    lines = [
        "# API reference",
        "",
        "Every endpoint of `conexoes admin`; `conexoes api` serves those that read. The same for programs is",
        "[openapi.json](contract/openapi.json), also at `/openapi.json`. Made from the code by `make documents`.",
        "",
        f"Requests carry `Authorization: Bearer <key>`: {security['description']}.",
        "Errors are `application/problem+json` ([Problem](#problem)), and name what is wrong.",
    ]
    tag = None
    for each_tag, method, path, operation in sorted(_operations(document), key=lambda each: each[0]):
        if each_tag != tag:
            tag = each_tag
            lines += ["", f"## {tag.capitalize()}"]
        lines += ["", *_endpoint(method, path, operation)]
    lines += ["", "## Schemas"]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += ["", f"### {name}", ""]
        if "description" in schema:
            lines += [one_line(schema["description"]), ""]
        lines += fields(schema)
        for example in list(examples(schema))[:1]:
            lines += ["", "```json", json.dumps(example, indent=2, ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation["tags"][0], method.upper(), path, operation


def _endpoint(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"### {operation['summary'].capitalize()}", "", f"`{method} {path}`", ""]
    lines += [one_line(operation["description"]), ""]
    if parameters := operation.get("parameters", []):
        rows = [
            (
                f"`{each['name']}`",
                each["in"],
                takes(each["schema"]),
                "yes" if each.get("required") else "",
                one_line(each.get("description", "")),
            )
            for each in parameters
        ]
        lines += [*table(("parameter", "in", "takes", "required", "meaning"), rows), ""]
    if "requestBody" in operation:
        lines += [f"Body: {_bodies(operation['requestBody'])}.", ""]
    answers = [
        (
            status,
            HTTPStatus(int(status)).phrase if each["description"] == _UNDESCRIBED else one_line(each["description"]),
            _bodies(each),
        )
        for status, each in sorted(operation["responses"].items())
    ]
    return lines + table(("status", "when", "body"), answers)


def _bodies(given: dict[str, Any]) -> str:
    """Return the schemas of a body, with the media types of those that have none."""
    bodies = (
        takes(each["schema"]) if "$ref" in each.get("schema", {}) else f"`{media}`"
        for media, each in given.get("content", {}).items()
    )
    return ", ".join(dict.fromkeys(bodies))
