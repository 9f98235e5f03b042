"""docs/schema.md: the tables as the migrated database says they are, and who in `storage/` uses them.

The first part needs a database: `make schema` writes it. The second is made from the statements like any document.
"""
