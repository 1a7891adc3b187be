"""Fraud: how each typology goes about it, and how often it happens."""
