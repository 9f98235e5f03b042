"""The query API: HTTP in, JSON out, nothing ever written."""
