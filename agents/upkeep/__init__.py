"""Keeps the database quick and small: counts, word index, retention."""
