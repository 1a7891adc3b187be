"""Judging models as the field does: protocols, candidates, and differences with intervals."""
