"""The only package that connects to Kafka: settings, topics, and publishing with acknowledgement."""
