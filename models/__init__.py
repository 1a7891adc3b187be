"""The shared kernel: what a transaction is, its features, and how a bundle scores it."""
