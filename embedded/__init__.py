"""A real Kafka and a real PostgreSQL without Docker, for `conexoes up` and the tests.

Owns their installation, data directory, start and stop. Knows nothing of topics, tables or settings: callers pass
values. Start with `embedded.system.EmbeddedSystem`. Nothing here is meant for a production cluster.
"""
