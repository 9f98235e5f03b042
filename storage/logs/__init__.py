"""Reads status logs: pages, counts, groups, search."""
