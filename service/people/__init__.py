"""The people at the console: what a role may do, how they sign in."""
