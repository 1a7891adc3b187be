"""The HTTP API: scoring as a source of its own, and what people and programs read."""
