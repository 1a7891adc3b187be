"""The work on cases: what may be decided by whom, and what follows from it."""
