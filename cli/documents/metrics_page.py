"""docs/metrics.md, from the metrics that the processes have."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.metrics import MetricWrapperBase

from admin.door import posted_events
from agents import metrics
from api.edge import Edge
from cli.documents.tables import one_line, table
from storage.process_metrics import ProcessMetrics

_HEADING = ("metric", "kind", "labels", "meaning")
Row = tuple[str, str, str, str]


def metrics_page() -> str:
    """Return the whole page."""
    lines = [
        "# Metrics",
        "",
        "Prometheus metrics, at `/metrics`; `/livez` says that the process answers, `/readyz` that it does its work,",
        "or 503 and why not. `agents`, `bridge` and `simulate` serve the three on `CONEXOES_METRICS_PORT` of",
        "`CONEXOES_METRICS_HOST`; `api` and `admin` on their HTTP port, and there too when it is set. None of them",
        "asks for a key. No account is a label but by `CONEXOES_METRICS_OF_ACCOUNTS`. Made from the code by",
        "`make documents`. What to watch: [Operations](operations.md).",
        "",
        "## Every process",
        "",
        "Also those of the Python client: `process_*` (CPU, memory, open files, start time) and `python_*`.",
        "",
        *table(_HEADING, list(_shared())),
        "",
        "## `agents`",
        "",
        *table(_HEADING, list(_agents())),
        "",
        "## `api`, `admin`",
        "",
        *table(_HEADING, list(_http())),
    ]
    return "\n".join(lines) + "\n"


def names() -> set[str]:
    """Return the names of our processes' metrics as queries have them; with `_bucket` and so on for histograms."""
    found = {name.strip("`") for name, *_rest in [*_shared(), *_agents(), *_http()]}
    histograms = {name.strip("`") for name, kind, *_rest in [*_agents(), *_http()] if kind == "histogram"}
    return found | {f"{name}_{part}" for name in histograms for part in ("bucket", "count", "sum")}


def _shared() -> Iterator[Row]:
    registry = CollectorRegistry()
    for family in ProcessMetrics(registry).collect():
        labels = {"conexoes_build": ("version",)}.get(family.name, ("role",))
        yield _row(family, labels)


def _agents() -> Iterator[Row]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            [family] = metric.describe()
            yield _row(family, metric._labelnames)


def _http() -> Iterator[Row]:
    async def app(*_arguments: object) -> None:
        """Serve nothing."""

    [family] = Edge(app, CollectorRegistry()).seconds.describe()
    yield _row(family, ("method", "route", "status"))
    [family] = posted_events(CollectorRegistry()).describe()
    yield _row(family, ("outcome",))


def _row(family: Metric, labels: Iterable[str]) -> Row:
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    said = ", ".join(f"`{each}`" for each in labels)
    return f"`{family.name}{suffix}`", family.type, said, one_line(family.documentation)
