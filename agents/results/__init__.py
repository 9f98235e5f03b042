"""Stores results: from a batch of records to committed rows."""
