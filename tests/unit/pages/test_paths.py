"""Addresses: every route is found at its own address, and no account's name hides one or is hidden by one."""

import re
import uuid
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.convertors import CONVERTOR_TYPES

from admin.pages.paths import ACCOUNT, RESERVED, account_alone, is_reserved, type_of
from admin.pages.route import page_above
from cli.documents.openapi import unconnected_admin
from schemas import result
from schemas.catalogue import BY_NAME

SAMPLES = {
    "integration_type": "price",
    "command_id": "c1",
    "export_id": str(uuid.uuid4()),
    "log_id": str(uuid.uuid4()),
    "view_id": str(uuid.uuid4()),
    "letter_id": str(uuid.uuid4()),
    "redrive_id": str(uuid.uuid4()),
    "entry_id": str(uuid.uuid4()),
    "incident_id": "1",
    "channel_id": str(uuid.uuid4()),
    "rule_id": str(uuid.uuid4()),
    "window_id": str(uuid.uuid4()),
    "act": "test",
    "key_id": str(uuid.uuid4()),
    "session_id": "0" * 64,
    "format": "csv",
    "action": "pause",
    "fingerprint": "0123456789abcdef",
    "side": "request",
    "file_format": "csv",
    "digest": "0",
    "name": "pages.css",
}


def all_routes() -> list[Any]:
    """Every route of the admin app, in the order in which they are tried. Nothing is connected to."""
    return list(iter_route_contexts(unconnected_admin().routes))


ROUTES = all_routes()
PAGES = [each for each in ROUTES if each.path.startswith(ACCOUNT)]


def address(path: str, account: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: {**SAMPLES, "account": account}[found[1]], path)


def found(method: str, path: str) -> str | None:
    """The path of the route that answers."""
    return next((each.path for each in ROUTES if method in each.methods and each.path_regex.match(path)), None)


@pytest.mark.parametrize("account", ["acme", "reprocess", "overview", *BY_NAME])
def test_every_route_answers_at_its_own_address(account: str) -> None:
    for each in ROUTES:
        for method in each.methods - {"HEAD"}:
            assert found(method, address(each.path, account)) == each.path


def test_whatever_is_no_account_is_reserved() -> None:
    assert len(PAGES) > 20
    first = {each.path.split("/")[1] for each in ROUTES if each not in PAGES}
    assert {name for name in first if result.ACCOUNT.fullmatch(name)} <= RESERVED


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_an_account_of_a_reserved_name_has_no_page(name: str) -> None:
    assert result.ACCOUNT.fullmatch(name)
    pages = {each.path for each in PAGES}
    for each in PAGES:
        for method in each.methods - {"HEAD"}:
            path = address(each.path, name)
            assert found(method, path) not in pages
            assert is_reserved(path)


def test_a_name_that_only_begins_like_a_reserved_one_is_an_account() -> None:
    for name in RESERVED:
        assert found("GET", f"/{name}-1/overview") == f"{ACCOUNT}/overview"
        assert not is_reserved(f"/{name}-1/overview")


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("/acme", "acme"), ("/acme/", "acme"), ("acme", "acme"), ("/" + "a" * 64, "a" * 64), ("/" + "a" * 65, None),
        ("/acme/price", None), ("/", None), ("", None), ("/ACME", None), ("/api", None), ("/static/", None),
    ],
)  # fmt: skip
def test_an_address_of_an_account_alone_is_told(path: str, account: str | None) -> None:
    assert account_alone(path) == account
    assert is_reserved(path) == (path.strip("/") in {"api", "static"})


@pytest.mark.parametrize("kind", ["account", "integration_type"])
def test_a_part_of_a_path_is_its_text(kind: str) -> None:
    convertor = CONVERTOR_TYPES[kind]
    assert (convertor.convert("price"), convertor.to_string("price")) == ("price", "price")
    assert re.fullmatch(convertor.regex, "price")
    assert (re.fullmatch(convertor.regex, "a" * 64) is not None) == (kind == "account")
    assert re.fullmatch(convertor.regex, "a" * 65) is None


def test_a_name_in_a_path_is_its_type() -> None:
    assert [type_of(name) for name in BY_NAME] == list(BY_NAME.values())


def test_above_the_address_of_each_form_is_a_page() -> None:
    """A person who reloads an answer, or types the address of a form, is led there. What is no page has none above."""
    routes, scope = unconnected_admin().routes, {"type": "http", "headers": [], "query_string": b"", "root_path": ""}
    for each in ROUTES:
        path = address(each.path, "acme")
        if "POST" in each.methods and found("GET", path) is None:
            above = page_above(path, routes, scope)
            if each.path.startswith(("/{account", "/preferences/")):
                assert above is not None, path
                assert found("GET", above), path
            else:
                assert above is None, path
