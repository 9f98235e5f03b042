"""Storage: the only package that knows PostgreSQL, with the schema, the writers and the readers."""
