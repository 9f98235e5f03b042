"""The query API: HTTP in, JSON out. It never writes."""
