"""What people use: the one write endpoint, which only produces a command, and the pages. Serves the query API too."""
