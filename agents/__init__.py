"""The Faust agents: they store results, decide commands, send retries and expire items without an answer."""
