"""What people use: what may be written (a command, which is only produced, and a decision about a group), and the pages. Serves the query API too."""
