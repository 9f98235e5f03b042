"""For the walks through a changed tree. They are run by tests/integration/test_next.py, in a process of their own."""

from tests.integration.api.conftest import app, keys, operator, owning, store_events, viewer
from tests.integration.pages.conftest import visit

__all__ = ["app", "keys", "operator", "owning", "store_events", "viewer", "visit"]
