"""The page and its plots, from a sample of each section."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench import kept
from bench.child import ROOT
from bench.contestants import CONTESTANTS, FAUST, OURS
from bench.page import PAGE, PLOTS, page
from bench.storing import ANY, STAGED
from bench.svg import Bar, chart
from bench.targets import targets
from bench.watched import ALONE, EVENTS, WATCHED

MACHINE = {
    "at": "2026-01-02T03:04Z",
    "commit": "abc",
    "cpu": "A <fast> & quiet one",
    "cpus": 2,
    "memory_gib": 8,
    "system": "Linux 6",
    "python": "3.11.7",
    "huge_pages": True,
}
NOISE = [{"calibration_ms": 30.0, "load_1min": 0.5}, {"calibration_ms": 60.0, "load_1min": 4.0}]


def _rounds(*rates: float, memory: float = 100.0) -> list[dict[str, float]]:
    return [
        {
            "results_per_second": rate,
            "worker_cpu": 2.0,
            "database_cpu": 3.0,
            "kafka_cpu": 0.5,
            "worker_peak_mib": memory,
        }
        for rate in rates
    ]


def _read(name: str, group: str, *p99: float, failed: str | None = None) -> dict[str, Any]:
    common = {"requests": 9, "per_second": 500.0, "p50_ms": 1.0, "admin_cpu_ms": 1.5, "database_cpu_ms": 0.5}
    rounds = [common | {"p99_ms": each} for each in p99]
    row: dict[str, Any] = {"name": name, "group": group, "failed": failed, "rounds": rounds}
    return row if failed else row | {"alone_p50_ms": 2.0}


def sections() -> dict[str, Any]:
    common = {"machine": MACHINE, "noise": NOISE}
    where = {"samples": 9, "p50_ms": 20.0, "p99_ms": 80.0}
    return {
        "reading": common
        | {
            "events": 1000,
            "rounds": 2,
            "rows": [
                {"name": name, "rounds": [{"fast_us": fast, "full_us": 40.0, "fast_share": 0.99}] * 2}
                for name, fast in (("binary mode", 16.0), ("batches", 30.0))
            ],
        },
        "ingest": common
        | {
            "events": 1000,
            "rounds": 2,
            "rows": [
                {"name": each.name, "rounds": _rounds(*((100, 50) if each.name == FAUST else (2000, 1000)))}
                for each in CONTESTANTS
            ],
        },
        "storing": common
        | {
            "events": 1000,
            "rows": [
                {
                    "name": "updates",
                    "rounds": [
                        {
                            STAGED: {"worker_cpu": 1.0, "database_cpu": 3.0},
                            ANY: {"worker_cpu": 2.0, "database_cpu": 4.0},
                        }
                    ],
                }
            ],
        },
        "watched": common
        | {
            "events": 1000,
            "rounds": 2,
            "rows": [
                {
                    "name": name,
                    "rounds": [
                        one | {"database_cpu": cpu, "incidents": 5.0, "retries": 60.0, "events_out": 90.0}
                        for one in _rounds(rate, rate)
                    ],
                }
                for name, rate, cpu in ((ALONE, 1000, 3.0), (WATCHED, 990, 3.1), (EVENTS, 950, 3.3))
            ],
        },
        "growth": common
        | {
            "events": 1000,
            "logs": 5000,
            "touched_gib": 1.5,
            "rounds": 1,
            "rows": [{"name": "empty", "rounds": _rounds(100)}, {"name": "5,000 logs", "rounds": _rounds(60)}],
        },
        "latency": {
            "machine": MACHINE,
            "seconds": 1.0,
            "rows": [{"rate": 1000, "noise": NOISE[0], "database": where, "api": where | {"p99_ms": 600.0}}],
            "memory_mib": {"conexoes agents": 90.0},
        },
        "posts": common
        | {
            "events": 1000,
            "rounds": 2,
            "clients": 4,
            "rows": [
                {
                    "name": name,
                    "size": size,
                    "rounds": [{"results_per_second": rate, "p50_ms": 5.0, "p99_ms": 9.0, "admin_cpu": 7.0}] * 2,
                }
                for name, size, rate in (("one by one", 1, 300.0), ("batches of 500", 500, 6000.0))
            ],
        },
        "reads": common
        | {
            "logs": 5000,
            "clients": 16,
            "seconds": 1.0,
            "rounds": 2,
            "absent": ["/nowhere"],
            "rows": [_read("list: a", "list", 10, 20), _read("search: b", "search", failed="answered 503")],
            "pages": [
                {"name": "no filter", "first_p50_ms": [10.0, 10.0], "deep_p50_ms": [11.0, 12.0]},
                {"name": "affiliate", "rows": 100},
            ],
        },
        "fairness": common
        | {
            "logs": 5000,
            "seconds": 1.0,
            "rounds": 2,
            "rows": [
                {
                    "name": "200 rows",
                    "rounds": [
                        {
                            "quiet": {"requests": 90, "p50_ms": 2.0, "p90_ms": 3.0, "p99_ms": 4.0},
                            "beside": {"requests": 40, "p50_ms": 3.0, "p90_ms": 5.0, "p99_ms": beside},
                            "answers": {"200": 1000, "429": 20},
                        }
                        for beside in (6.0, 7.0)
                    ],
                }
            ],
        },
    }


def test_each_target_says_what_was_measured_and_whether_it_is_kept() -> None:
    found = {each.what: (each.reached, each.met) for each in targets(sections())}
    assert found[f"{OURS} ÷ {FAUST}"] == ("20.00 (20.00–20.00)", False)
    assert found["ingest at 5,000 logs ÷ on empty tables, with huge pages"] == ("0.60 (0.60–0.60)", False)
    assert found["produce to visible at 1,000/s, p99"] == ("600 ms", False)  # the slower of database and API
    assert found["reading the fast way ÷ the full way, binary mode"] == ("0.40 (0.40–0.40)", True)
    assert found["reading the fast way ÷ the full way, batches"] == ("0.75 (0.75–0.75)", False)
    assert found["page 1,000 ÷ page 1, no filter"] == ("1.15", True)
    watched = "the same, CPU of worker and PostgreSQL, with"
    assert found["ingest with watching for incidents and retries ÷ without"] == ("0.99 (0.99–0.99)", True)
    assert found[f"{watched} watching for incidents and retries"] == ("1.020 (1.020–1.020)", True)
    assert found["ingest with this and events of logs ÷ without"] == ("0.95 (0.95–0.95)", False)
    assert found[f"{watched} this and events of logs"] == ("1.060 (1.060–1.060)", False)
    assert found["results by HTTP, batches of 500"] == ("6,000/s", True)
    reads = {what: met for what, (_, met) in found.items() if what.startswith("API")}
    assert [(what.endswith("list: a"), met) for what, met in reads.items()] == [(True, True), (False, False)]


def test_the_page_has_every_section_its_plot_and_its_machine() -> None:
    text, plots = page(sections())
    assert set(plots) == set(sections())
    assert re.findall(r"performance/(\w+)\.svg", text) == list(plots)
    assert text.count("A <fast> & quiet one") == len(plots)
    assert "30 to 60 ms" in text
    assert "answered 503" in text
    assert "`/nowhere`" in text


@pytest.mark.parametrize("missing", ["reading", "ingest", "watched", "growth", "latency", "posts", "reads"])
def test_a_section_that_was_not_measured_is_left_out(missing: str) -> None:
    text, plots = page({name: section for name, section in sections().items() if name != missing})
    assert missing not in plots
    assert f"performance/{missing}.svg" not in text


def test_before_anything_is_measured_the_page_says_so() -> None:
    text, plots = page({})
    assert "Nothing was measured yet." in text
    assert plots == {}


def test_the_committed_page_is_that_of_the_committed_results() -> None:
    text, plots = page(kept.read())
    assert PAGE.read_text("utf-8") == text, f"run `.venv/bin/python -m bench --page` in {ROOT}"
    for name, plot in plots.items():
        assert (PLOTS / f"{name}.svg").read_text("utf-8") == plot


def test_a_chart_is_xml_and_its_longest_bar_is_the_greatest_value() -> None:
    svg = chart("a & b", [Bar(label="<x>", value=10, low=5, high=20), Bar(label="y", value=20)], "/s")
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    widths = [float(each.attrib["width"]) for each in tree.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert "<x>" in [each.text for each in tree.iter("{http://www.w3.org/2000/svg}text")]
    with pytest.raises(ValueError, match="nothing"):
        chart("", [], "")
