"""Fixtures of the walks through a changed tree, which tests/integration/test_next.py runs in their own process."""

from tests.integration.api.conftest import app, keys, operator, owning, store_events, viewer
from tests.integration.pages.conftest import visit

__all__ = ["app", "keys", "operator", "owning", "store_events", "viewer", "visit"]
