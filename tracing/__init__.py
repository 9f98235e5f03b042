"""Sends spans by OpenTelemetry where an address for them is set; nothing of it is imported where none is."""
