"""Write the documents, or with `--check` name stale ones and exit with 1."""

import json
import sys
from pathlib import Path
from typing import Any

from cli.documents import catalogues, connector_examples, filter_fields, pages_page
from cli.documents.api_page import api_page
from cli.documents.asyncapi import asyncapi
from cli.documents.events_page import events_page
from cli.documents.glossary import GLOSSARY, glossary
from cli.documents.json_schemas import json_schemas
from cli.documents.metrics_page import metrics_page
from cli.documents.openapi import openapi
from cli.documents.schema import chain
from cli.documents.schema.page import refreshed
from cli.documents.settings_page import settings_page
from schemas.filter import FIELDS
from storage.filters import MEANINGS
from storage.schema_version import MIGRATIONS
from tests.chaos import page as reliability

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONTRACT = DOCS / "contract"
#: Directory of generated files only: a file that nothing makes any more is stale too.
JSON_SCHEMAS = CONTRACT / "json-schema"
SCHEMA_PAGE = DOCS / "schema.md"


def documents() -> dict[Path, str]:
    """Make the documents: text by path."""
    made = {JSON_SCHEMAS / f"{name}.json": _json(schema) for name, schema in json_schemas().items()}
    events, api = asyncapi(), openapi()
    made[CONTRACT / "asyncapi.json"] = _json(events)
    made[CONTRACT / "openapi.json"] = _json(api)
    made[DOCS / "events.md"] = events_page(events)
    made[DOCS / "api.md"] = api_page(api)
    made[DOCS / "settings.md"] = settings_page()
    made[DOCS / "metrics.md"] = metrics_page()
    made[DOCS / "pages.md"] = pages_page.pages_page(pages_page.pages(), pages_page.uses())
    made[connector_examples.PAGE] = connector_examples.connector_examples()
    made[reliability.PAGE] = reliability.reliability_page()
    made[SCHEMA_PAGE] = refreshed(_schema_page())
    made[GLOSSARY] = glossary()
    made |= catalogues.catalogues()
    return made


def _schema_page() -> str:
    return SCHEMA_PAGE.read_text("utf-8") if SCHEMA_PAGE.exists() else ""


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale(made: dict[Path, str]) -> list[Path]:
    """Return files that differ from `made`, that are missing, or that nothing makes any more."""
    differing = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    return differing + [path for path in sorted(JSON_SCHEMAS.glob("*")) if path not in made]


def main() -> int:
    """Write or check. Returns exit code 1 when `--check` finds stale documents."""
    made = documents()
    found = stale(made)
    if "--check" in sys.argv[1:]:
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make documents`\n")
        faults = [
            *catalogues.faults(),
            *filter_fields.faults(FIELDS, MEANINGS),
            *pages_page.faults(pages_page.pages(), pages_page.uses()),
            *chain.faults(MIGRATIONS, _schema_page()),
        ]
        for fault in faults:
            sys.stderr.write(f"{fault}\n")
        return 1 if found or faults else 0
    for path in found:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
