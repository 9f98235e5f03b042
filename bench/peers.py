"""Kafka Connect."""

from bench.contestants import Contestant


def contestants() -> list[Contestant]:
    return []
