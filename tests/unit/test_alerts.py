"""docs/alerts.yml: rules that Prometheus can read, on metrics that exist, each with what to do."""

import re
from typing import Any

import pytest
import yaml

from cli.documents.__main__ import DOCS
from cli.documents.metrics_page import names

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DOCS / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
#: Metrics of Prometheus itself, and of its Python client.
OTHERS = {"up", "process_start_time_seconds"}
_METRIC = re.compile(r"\b(conexoes_\w+|process_\w+|up)\b")
_DURATION = re.compile(r"\d+[smhd]")


def test_there_are_ten_or_more_and_no_two_of_one_name() -> None:
    found = [rule["alert"] for rule in RULES]
    assert len(found) == len(set(found)) >= 10


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_whole_and_of_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert _DURATION.fullmatch(rule.get("for", "1m"))
    expression = re.sub(r'"[^"]*"', "", rule["expr"])
    used = set(_METRIC.findall(expression))
    assert used
    assert used <= names() | OTHERS
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)


def test_each_says_what_to_do_and_nothing_else_does() -> None:
    page = (DOCS / "operations.md").read_text("utf-8")
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_every_metric_that_the_page_names_exists() -> None:
    page = (DOCS / "operations.md").read_text("utf-8")
    assert set(re.findall(r"`?(conexoes_\w+)", page)) <= names()
