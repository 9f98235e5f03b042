"""docs/pages.md has every page and every template, and a new one without its mention is found."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter, Request, Response

import admin.pages
from admin.pages.build import PAGES
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import TEMPLATES, show
from admin.pages.visitor import OwnPage, need_operator
from cli.documents.__main__ import ROOT, documents, stale
from cli.documents.pages_page import Page, faults, pages, pages_page, uses

DOCUMENT = ROOT / "docs" / "pages.md"
ADDRESS = "/{account}/moon"


async def moon(request: Request, who: OwnPage) -> Response:
    """The phases of the moon."""
    need_operator(who)
    return show(request, who.visitor, "moon.html", account=who.account)


async def silent(request: Request, who: OwnPage) -> Response:
    return show(request, who.visitor, "error.html", account=who.account)


def made_up(handler: object) -> ModuleType:
    """A module of pages that has one page."""
    module = ModuleType("moon")
    module.router = APIRouter(route_class=PageRoute)  # type: ignore[attr-defined]
    module.router.get(f"{ACCOUNT}/moon")(handler)
    return module


def added(handler: object) -> list[Page]:
    return pages((*PAGES, made_up(handler)))


def test_every_module_that_has_pages_is_part_of_the_app() -> None:
    names = [each.name for each in pkgutil.iter_modules(admin.pages.__path__)]
    modules = [importlib.import_module(f"admin.pages.{name}") for name in names]
    assert {each for each in modules if hasattr(each, "router")} == set(PAGES)


def test_the_document_is_that_of_the_code() -> None:
    assert DOCUMENT not in stale(documents())
    assert faults(pages(), uses()) == []


def test_a_page_that_is_not_in_the_document_makes_it_stale() -> None:
    text = pages_page(added(moon), uses())
    assert stale(documents() | {DOCUMENT: text}) == [DOCUMENT]
    assert f"| GET `{ADDRESS}` | The phases of the moon. | operator | `moon.html` |" in text.splitlines()


def test_a_template_that_is_not_in_the_document_makes_it_stale() -> None:
    templates = {**uses(), "moon.html": {"base.html"}}
    text = pages_page(added(moon), templates)
    assert f"| `moon.html` | GET `{ADDRESS}` | `base.html` |" in text.splitlines()
    assert stale(documents() | {DOCUMENT: text}) == [DOCUMENT]
    assert faults(added(moon), templates) == []


@pytest.mark.parametrize(
    ("found", "templates", "fault"),
    [
        (added(silent), uses(), f"GET {ADDRESS}: its handler has no docstring"),
        (added(moon), uses(), "admin/templates/moon.html: there is no such template"),
        (pages(), {**uses(), "moon.html": set()}, "admin/templates/moon.html: no page shows it"),
    ],
    ids=["says nothing of itself", "shows what is not there", "shown by no page"],
)
def test_what_is_wrong_is_one_sentence(found: list[Page], templates: dict[str, set[str]], fault: str) -> None:
    assert faults(found, templates) == [fault]


def test_every_template_has_its_row() -> None:
    rows = DOCUMENT.read_text("utf-8").split("## Templates")[1]
    for path in TEMPLATES.rglob("*.html"):
        assert f"| `{path.relative_to(TEMPLATES).as_posix()}` |" in rows


def test_templates_are_found_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.html").write_text('{% include "b.html" %}')
    (tmp_path / "b.html").write_text("{{ _('x') }}")
    assert uses(tmp_path) == {"b.html": set(), "parts/a.html": {"b.html"}}
