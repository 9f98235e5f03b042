"""The OpenAPI document, with schemas that FastAPI can't find in the handlers."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel


def add_schemas(app: FastAPI, *models: type[BaseModel]) -> None:
    """Add the schemas of `models` to the document of `app`, each by its name, for whatever refers to them."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document["components"]["schemas"]
        for model in models:
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[model.__name__] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]
