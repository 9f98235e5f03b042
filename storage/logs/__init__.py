"""Readers of status logs: pages, counts, groups, search."""
