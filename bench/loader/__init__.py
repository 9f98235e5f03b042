"""Fills a database with a seeded population of status logs, as years of work would have left it."""
