"""docs/schema.md: the tables of the migrated database, and the code in `storage/` that uses them.

The first part needs a database: `make schema` writes it. The second is made from the statements like any document.
"""
