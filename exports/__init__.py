"""Exports: files of all logs that a filter matches, for people and programs, as xlsx, CSV or JSON Lines."""
