"""Age of what a consumer knows of topics. It stands alone: the SDK takes it, and none of our settings."""

#: Time in which a consumer knows a new partition, or a topic that was made anew. aiokafka's own is five minutes.
METADATA_SECONDS = 20
