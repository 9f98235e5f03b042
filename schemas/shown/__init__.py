"""Models of what the query API answers, a file a noun."""
