"""Traffic: the simulator of a payment portfolio, and load put on a running system."""
