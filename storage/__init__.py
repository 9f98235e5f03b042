"""The only package that knows PostgreSQL: what is kept, how it is written, how it is read."""
