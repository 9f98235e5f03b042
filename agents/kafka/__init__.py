"""Reads Kafka through Faust and aiokafka: the only files that depend on the internals of either."""
