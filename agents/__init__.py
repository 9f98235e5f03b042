"""Kafka in, Kafka out: the Faust agents that fold results, decide commands, send retries and notice silence."""
