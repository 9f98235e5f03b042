"""The glossary's table of integration types, from the catalogue; all else in it is written by hand."""

import re
from collections.abc import Mapping
from pathlib import Path

from schemas.catalogue import CATALOGUE, IntegrationType, Language

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
_HEAD = "| type | pt | en | es | its key | statuses | action |\n|---|---|---|---|---|---|---|\n"
_TABLE = re.compile(r"(?<=## Integration types\n\n)(?:\|.*\n)+")


def glossary() -> str:
    """Return the whole text, with the table of the catalogue."""
    table = _HEAD + "".join(f"| {' | '.join(_cells(each))} |\n" for each in CATALOGUE)
    return _TABLE.sub(lambda _found: table, GLOSSARY.read_text("utf-8"))


def _cells(each: IntegrationType) -> list[str]:
    return [
        f"`{each.name}`",
        *(each.labels[language] for language in ("pt", "en", "es")),
        _in_each_language(each.key_labels),
        ", ".join(each.statuses),
        _in_each_language(each.reprocess_labels) if each.reprocessable else "none: the troubleshooting guide",
    ]


def _in_each_language(labels: Mapping[Language, str]) -> str:
    return ", ".join(dict.fromkeys(labels.values()))
