"""The documentation: every link leads somewhere, every page is in the navigation, every endpoint is described."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.documents.__main__ import DOCS, ROOT
from cli.documents.tables import anchor, takes
from docs.site_pages import OTHERS, for_the_site, lists

PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in OTHERS)])
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
#: A file or folder, by its path from the root.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def headings(path: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [anchor(each.replace("`", "")) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]


def entries(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from entries(below)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in LINK.findall(CODE.sub("", path.read_text("utf-8"))):
        target, _, fragment = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        assert not fragment or fragment in headings(there), link


@pytest.mark.parametrize("name", ["api", "events"])
def test_no_two_headings_of_a_reference_have_one_anchor(name: str) -> None:
    found = headings(DOCS / f"{name}.md")
    assert sorted(set(found)) == sorted(found)


def test_the_navigation_is_what_there_is() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md")}
    assert sorted(entries(nav)) == sorted(written | set(OTHERS.values()) | {"contract/index.md"})


def test_every_endpoint_and_every_topic_is_in_its_page() -> None:
    api, events = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("api", "events"))
    for path, methods in json.loads((DOCS / "contract" / "openapi.json").read_text("utf-8"))["paths"].items():
        for method in methods:
            assert f"\n`{method.upper()} {path}`\n" in api
    for channel in json.loads((DOCS / "contract" / "asyncapi.json").read_text("utf-8"))["channels"].values():
        assert f"\n| `{channel['address']}` | " in events


@pytest.mark.parametrize("name", sorted(set(NAMED.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8")))))
def test_what_the_guide_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize(
    ("source", "text", "made"),
    [
        ("README.md", "[Glossary](docs/glossary.md#terms)", "[Glossary](glossary.md#terms)"),
        ("README.md", "![a](docs/images/a.png)", "![a](images/a.png)"),
        ("README.md", "[![a](docs/images/a.png)](docs/glossary.md)", "[![a](images/a.png)](glossary.md)"),
        ("README.md", "[all](docs/decisions/)", "[all](decisions/index.md)"),
        ("README.md", "[compose](docker-compose.yml), `[x](docs/y.md)`", "compose, `[x](docs/y.md)`"),
        ("docs/glossary.md", "[start](../README.md)", "[start](index.md)"),
        ("docs/decisions/0001-a.md", "[g](../glossary.md), [l](../../LICENSE)", "[g](../glossary.md), l"),
        ("docs/glossary.md", "[x](https://example.com) [y](#z)", "[x](https://example.com) [y](#z)"),
    ],
)
def test_links_lead_inside_of_the_site(source: str, text: str, made: str) -> None:
    files = ("glossary.md", "images/a.png", "decisions/0001-a.md")
    names = {f"docs/{name}": name for name in files} | OTHERS | {"docs/decisions": "decisions/index.md"}
    assert for_the_site(text, source, names) == made


def test_folders_are_listed_whole() -> None:
    decisions = lists()["decisions/index.md"]
    assert all(f"({path.name})" in decisions for path in (DOCS / "decisions").glob("*.md"))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 9}, "text, 1 to 9 characters"),
        ({"type": "string", "maxLength": 9}, "text, at most 9 characters"),
        ({"type": "integer", "minimum": 1, "maximum": 9, "default": 3}, "whole number, 1 to 9, `3` unless given"),
        ({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}, "number, over 0 or null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 5}, "list of `a` or `b`, at most 5 of them"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object, each value whole number"),
        ({"$ref": "#/components/schemas/Page_StatusLog_"}, "[Page_StatusLog_](#page_statuslog_)"),
        ({"const": "1.0"}, "`1.0`"),
        ({}, "anything"),
    ],
)
def test_what_a_field_takes_is_said_with_its_limits(schema: dict[str, Any], said: str) -> None:
    assert takes(schema) == said
