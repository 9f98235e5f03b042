"""Write the documents, or with `--check` exit 1 naming those that are not as the code has them."""

import json
import sys
from pathlib import Path
from typing import Any

from cli.documents.asyncapi import asyncapi
from cli.documents.json_schemas import json_schemas
from cli.documents.openapi import openapi
from cli.documents.settings_page import settings_page

ROOT = Path(__file__).parents[2]


def documents() -> dict[Path, str]:
    """Text by path."""
    contract = ROOT / "docs" / "contract"
    made = {contract / "json-schema" / f"{name}.json": _json(schema) for name, schema in json_schemas().items()}
    made[contract / "asyncapi.json"] = _json(asyncapi())
    made[contract / "openapi.json"] = _json(openapi())
    made[ROOT / "docs" / "settings.md"] = settings_page()
    return made


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make documents`\n")
        return 1 if stale else 0
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
