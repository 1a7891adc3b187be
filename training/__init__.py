"""From data to a bundle: audit, replay, networks, baselines, calibration, export, report."""
