"""The only package that knows how to reach Kafka: settings, topics, and publishing with acknowledgement."""
