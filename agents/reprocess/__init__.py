"""Runs reprocess commands: record, materialise, claim, dispatch, expire, evaluate steps."""
