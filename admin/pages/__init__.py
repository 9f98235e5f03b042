"""The pages: server-rendered HTML for people. Everything that is shown comes from the readers of the query API."""
