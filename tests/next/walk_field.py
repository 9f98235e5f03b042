"""A walk of four fields that schemas/filter.py alone has been given: one of each kind that a form can have.

They mean nothing in SQL. So the last test: whoever reads by one of them gets an error, never the logs of a filter
without it.
"""

import json
import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from typer.testing import CliRunner

from admin.pages import assets, languages
from admin.pages.site import MARKS, _environment
from admin.pages.times import PERIODS
from admin.pages.view import View, read_view
from api.problems import ProblemError
from cli import filter_options
from cli.documents.__main__ import documents
from cli.main import app as command_line
from schemas.catalogue import BY_NAME
from schemas.filter import FIELDS, ReprocessFilter
from tests.integration.api.conftest import Caller, Store
from tests.support.events import result
from tests.support.some_logs import some_filter

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ADDRESS = (
    "wholesaler=A%2FB&channel=b2b&seen_after=2026-11-01T00%3A00%3A00.000000Z"
    "&exclude_seller=x&exclude_seller=y&period=yesterday"
)
OPTIONS = ("--wholesaler", "--channel", "--seen-after", "--exclude-seller")


def view(query: str) -> View:
    return read_view(QueryParams(query), NOW, ZoneInfo("America/Sao_Paulo"))


@pytest.fixture(params=["pt", "en", "es"])
def rendered(request: pytest.FixtureRequest) -> Any:
    """Renders a template about the view of ADDRESS."""
    language = request.param
    environment = _environment(language, languages.load()[language], assets.load())

    def render(template: str) -> str:
        return environment.from_string(template).render(
            view=view(ADDRESS),
            base="/acme/price",
            kind=BY_NAME["price"],
            periods=PERIODS,
            exact=lambda at: f"exact {at:%Y-%m-%d}",
            to_local=lambda at: f"local {at:%Y-%m-%d}",
            zone_label="UTC",
            marks=environment.get_template(MARKS).module,
        )

    return render


def test_the_address_comes_back_as_it_was() -> None:
    assert view(ADDRESS).query() == f"?{ADDRESS}"
    found = view(ADDRESS).filter
    assert found.model_dump()["exclude_seller"] == ("x", "y")
    assert found.model_dump()["seen_after"] == datetime(2026, 11, 1, tzinfo=UTC)


def test_each_part_can_be_taken_away() -> None:
    left = view(ADDRESS)
    for name, text in left.parts():
        assert view(left.without(name, text).lstrip("?")).parts() == [
            each for each in left.parts() if each != (name, text)
        ]


def test_every_part_has_a_chip_and_a_word(rendered: Any) -> None:
    for template in (
        '{% include "parts/applied.html" %}',
        '{% import "parts/filter_words.html" as filters with context %}{{ filters.sentence(view) }}',
    ):
        text = rendered(template)
        for shown in ("A/B", "b2b", "exact 2026-11-01", ">x<", ">y<"):
            assert shown in text, (shown, text)


def test_the_form_has_each(rendered: Any) -> None:
    text = rendered('{% include "parts/filter_fields.html" %}')
    for shown in (
        'name="wholesaler" maxlength="200" autocomplete="off" value="A/B"',
        '<option value="b2b" selected>',
        'name="seen_after" type="datetime-local" value="local 2026-11-01"',
        '<input type="hidden" name="exclude_seller" value="x"><input type="hidden" name="exclude_seller" value="y">',
        'name="exclude_seller" maxlength="200" autocomplete="off" value=""',
    ):
        assert shown in text, (shown, text)


@pytest.mark.parametrize("query", ["channel=maybe", "seen_after=yesterday", "wholesaler=%00"])
def test_what_can_not_be_meant_is_refused(query: str) -> None:
    with pytest.raises(ProblemError) as refused:
        view(query)
    assert refused.value.status == 422


def test_the_command_line_has_an_option_for_each() -> None:
    for command in ("export", "reprocess"):
        shown = CliRunner().invoke(command_line, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        for option in OPTIONS:
            assert option in shown.output
    given: list[Any] = []
    app = typer.Typer()

    @app.command()
    @filter_options.with_filter
    def one(*, filter_: filter_options.Given) -> None:
        given.append(filter_)

    ran = CliRunner().invoke(app, ["--wholesaler", "w", "--exclude-seller", "x", "--exclude-seller", "y"])
    assert ran.exit_code == 0, ran.output
    assert given == [{"wholesaler": "w", "exclude_seller": ["x", "y"]}]


def test_the_documents_have_each() -> None:
    made = {path.name: text for path, text in documents().items()}
    paths = json.loads(made["openapi.json"])["paths"]
    filtered = [
        {each["name"] for each in path["get"]["parameters"]}
        for path in paths.values()
        if "get" in path and any(each["name"] == "fingerprint" for each in path["get"].get("parameters", ()))
    ]
    assert len([names for names in filtered if "code" in names]) >= 5  # list, summary, groups, plan, exports
    assert all(set(FIELDS) <= names for names in filtered if "code" in names)
    assert set(FIELDS) <= set(json.loads(made["filter.json"])["properties"])
    assert "exclude_seller" in made["asyncapi.json"]


def test_a_command_may_say_each() -> None:
    asked = ReprocessFilter.model_validate({"exclude_seller": "x", "channel": "b2b"})
    assert asked.filter.model_dump(exclude_defaults=True) == {"exclude_seller": ("x",), "channel": "b2b"}
    assert asked.filter.chooses
    with pytest.raises(ValidationError):
        ReprocessFilter.model_validate({"channel": ["b2b"]})


def test_the_tests_own_filter_asks_for_it() -> None:
    with pytest.raises(KeyError, match="wholesaler"):
        some_filter(random.Random(1), [SimpleNamespace(key="SKU-1", code=None, fingerprint=None)])  # type: ignore[list-item]


async def test_what_means_nothing_in_sql_is_an_error_for_every_reader(operator: Caller, store_events: Store) -> None:
    await store_events(result())
    for what in ("logs", "logs/summary", "logs/groups", "logs/export.csv", "reprocess-plan"):
        for asked in ("wholesaler=x", "exclude_seller=x&exclude_seller=y"):
            meant = "&all=true" if what == "reprocess-plan" else ""
            answer = await operator.get(f"/api/v1/accounts/acme/price/{what}?{asked}{meant}")
            assert answer.status_code == 500, (what, answer.text)
