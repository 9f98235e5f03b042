"""Rows of an export, and the audit of exports."""
