"""Studies of what the statistics promise, on simulated shadow periods."""
