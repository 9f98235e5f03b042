"""Reads what an export writes, and keeps the audit of exports."""
