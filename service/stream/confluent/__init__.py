"""The ports on confluent-kafka (librdkafka): faster, in the `confluent` extra."""
