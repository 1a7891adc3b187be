"""Kafka, behind ports small enough to fake: see `ports` for the contract."""
