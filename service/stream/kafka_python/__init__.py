"""The ports on kafka-python: pure Python, in every installation."""
