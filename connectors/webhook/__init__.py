"""The bridge to connectors that can't consume Kafka: retries go to a URL as signed webhooks."""
