"""A mapping proposed for a file nobody has mapped yet, from its header and its values."""

from models.suggestion.draft import suggestion

__all__ = ["suggestion"]
