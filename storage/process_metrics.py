"""Metrics of every process with a database: its version, and its connections."""

from collections.abc import Iterable
from importlib import metadata
from weakref import WeakSet

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.database import Database


class ProcessMetrics(Collector):
    """Measured when they are read. A database that is gone is not shown."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._databases: WeakSet[Database] = WeakSet()
        registry.register(self)

    def watch(self, database: Database) -> None:
        """Show the pool of `database` too."""
        self._databases.add(database)

    def collect(self) -> Iterable[Metric]:
        """Measure now. Pools of one role are added up."""
        build = InfoMetricFamily("conexoes_build", "version of the program, as label version; always 1")
        build.add_metric([], {"version": _version()})
        size = GaugeMetricFamily("conexoes_pool_connections", "open connections to PostgreSQL", labels=["role"])
        used = GaugeMetricFamily("conexoes_pool_used", "connections to PostgreSQL in use", labels=["role"])
        most = GaugeMetricFamily("conexoes_pool_limit", "most connections that the pools may open", labels=["role"])
        for role in sorted({each.role for each in self._databases}):
            pools = [each.pool_use() for each in self._databases if each.role == role]
            for family, values in zip((size, used, most), zip(*pools, strict=True), strict=True):
                family.add_metric([role], sum(values))
        return [build, size, used, most]


def _version() -> str:
    try:
        return metadata.version("conexoes")
    except metadata.PackageNotFoundError:
        return "not installed"  # run from its source alone
