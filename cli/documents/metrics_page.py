"""docs/metrics.md, from the metrics that the agents have."""

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from agents import metrics
from cli.documents.tables import one_line, table


def metrics_page() -> str:
    """Return the whole page."""
    lines = [
        "# Metrics",
        "",
        "Prometheus metrics of an agents process, at `/metrics` of `CONEXOES_METRICS_PORT`. Made from the code by",
        "`make documents`.",
        "",
        *table(("metric", "kind", "labels", "meaning"), list(_rows())),
    ]
    return "\n".join(lines) + "\n"


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            [family] = metric.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{each}`" for each in metric._labelnames)
            yield f"`{name}`", family.type, labels, one_line(family.documentation)
