"""Jars by their Maven coordinates, in the cache of the embedded Kafka's jars."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import jgo.maven

from embedded.jars import default_cache

_FETCH_SECONDS = 30


def jars(roots: Sequence[str]) -> list[Path]:
    """Return the jars of `roots` and their dependencies, downloaded when they are not in the cache."""
    context = jgo.maven.MavenContext(repo_cache=default_cache(), timeout=_FETCH_SECONDS)
    found, others = context.resolver.resolve([context.create_dependency(each) for each in roots])
    needed = [*found, *(each for each in others if each.scope in {"compile", "runtime"})]
    return [whole(each.artifact) for each in needed]


def whole(artifact: jgo.maven.Artifact) -> Path:
    """Return the jar's path, downloaded again when an interrupted download left a part of it."""
    path = Path(artifact.resolve())
    if not zipfile.is_zipfile(path):
        path.unlink()
        path = Path(artifact.resolve())
    return path
