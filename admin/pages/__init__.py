"""The pages: server-rendered HTML for people. All data comes from the readers of the query API."""
