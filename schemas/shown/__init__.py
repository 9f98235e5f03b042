"""Models of the query API's answers, one file for each noun."""
