"""docs/pages.md: every address of the pages and every template, from the routes and the templates themselves."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from jinja2 import Environment
from jinja2.meta import find_referenced_templates

from admin.pages.build import PAGES
from admin.pages.languages import DEFAULT, NAMES
from admin.pages.route import PageRoute, bug
from admin.pages.site import MARKS, TEMPLATES
from admin.pages.visitor import SignInNeededError, need_admin, need_operator, own_form
from admin.pages.visitor import member as need_member
from api.authentication import admin_of
from api.export_order import must_export
from schemas.catalogue import LANGUAGES

#: Prefixes of modules whose functions are followed: only our code can show a template or ask for a right.
_OURS = ("admin.", "api.")


class Page(NamedTuple):
    """One address, with its description, the right that it needs, and its templates."""

    method: str
    address: str
    shows: str
    needs: str
    templates: Sequence[str]


def pages(modules: Iterable[ModuleType] = PAGES) -> list[Page]:
    """Return every route of `modules`, by address."""
    routes = [route for module in modules for route in module.router.routes if isinstance(route, PageRoute)]
    return sorted((_page(route) for route in routes), key=lambda page: (page.address, page.method))


def uses(templates: Path = TEMPLATES) -> dict[str, set[str]]:
    """Return the templates that each file below `templates` extends, includes or imports."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    files = {path.relative_to(templates).as_posix(): path for path in sorted(templates.rglob("*.html"))}
    return {
        name: {each for each in find_referenced_templates(environment.parse(path.read_text("utf-8"))) if each}
        for name, path in files.items()
    }


def faults(found: Sequence[Page], templates: Mapping[str, set[str]]) -> list[str]:
    """Return a sentence for each page without a description, and for each template that no page shows."""
    silent = [f"{page.method} {page.address}: its handler has no docstring" for page in found if not page.shows]
    shown = {name for page in found for name in page.templates} | {MARKS, *_strings(bug)}
    seen: set[str] = set()
    while todo := shown - seen:
        seen |= todo
        shown |= {each for name in todo for each in templates.get(name, ())}
    unused = [f"admin/templates/{name}: no page shows it" for name in templates if name not in shown]
    missing = [f"admin/templates/{name}: there is no such template" for name in sorted(shown - templates.keys())]
    return silent + unused + missing


def pages_page(found: Sequence[Page], templates: Mapping[str, set[str]]) -> str:
    """Return the whole document."""
    languages = ", ".join(NAMES[each] for each in LANGUAGES)
    lines = [
        "# Pages",
        "",
        f"Every page is in {languages}; a browser that asks for none of them gets {NAMES[DEFAULT]}.",
        "`make check` refuses a page text that one of them lacks. This document is made by `make documents`.",
        "",
        "## Addresses",
        "",
        "| address | what it shows | needs | templates |",
        "|---|---|---|---|",
    ]
    for page in found:
        cells = [f"{page.method} `{page.address}`", page.shows, page.needs, _names(page.templates)]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    lines += [
        "",
        "## Templates",
        "",
        "In `admin/templates`.",
        "",
        "| template | filled in by | uses |",
        "|---|---|---|",
    ]
    for name, used in templates.items():
        by = [f"{page.method} `{page.address}`" for page in found if name in page.templates]
        by += ["every error"] if name in _strings(bug) else []
        by += [f"`{other}`" for other, its in templates.items() if name in its and not _is_base(name)]
        lines.append(f"| `{name}` | {', '.join(by) or 'every page'} | {_names(sorted(used))} |")
    return "\n".join(lines) + "\n"


def _is_base(name: str) -> bool:
    return name in {"base.html", MARKS}


def _names(templates: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in templates)


def _page(route: PageRoute) -> Page:
    handler = inspect.unwrap(route.endpoint)
    said = inspect.getdoc(handler) or ""
    return Page(
        method=", ".join(sorted(route.methods or ())),
        address=re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path),
        shows=" ".join(said.split("\n\n")[0].split()),
        needs=_needs(route, handler),
        templates=sorted(_strings(handler)),
    )


def _needs(route: PageRoute, handler: Callable[..., Any]) -> str:
    """Return the right without which the page is refused."""
    called = set(_called(handler))
    if called & {admin_of, need_admin}:
        return "admin"
    if need_operator in called:
        return "operator"
    if must_export in called:
        return "the right to export"
    asked = {each.call for each in route.dependant.dependencies}
    if need_member in asked:
        return "viewer"
    signs_in = own_form in asked or SignInNeededError.__name__ in handler.__code__.co_names
    return "a session" if signs_in else "nothing"


def _strings(handler: Callable[..., Any]) -> set[str]:
    """Return the names of templates in the code of a handler and of the functions that it calls."""
    return {
        constant
        for function in _called(handler)
        for code in _codes(function.__code__)
        for constant in code.co_consts
        if isinstance(constant, str) and re.fullmatch(r"[\w/]+\.html", constant)
    }


def _called(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield the function, and every function of ours that its code names, at any depth."""
    todo, seen = [function], {function}
    while todo:
        yield (current := todo.pop())
        for found in _named(current):
            if found not in seen:
                seen.add(found)
                todo.append(found)


def _named(function: Callable[..., Any]) -> Iterator[FunctionType]:
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    known = [function.__globals__.get(name) for name in names]
    modules = [each for each in known if isinstance(each, ModuleType) and each.__name__.startswith(_OURS)]
    known += [getattr(module, name, None) for module in modules for name in names]
    for each in known:
        if isinstance(each, FunctionType) and each.__module__.startswith(_OURS):
            yield each


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code, and that of the functions and comprehensions inside."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
