"""Simpler models on the same features and windows: what the network must beat to be shipped."""

from training.baselines.comparison import BaselineResult, Table, fit_baselines

__all__ = ["BaselineResult", "Table", "fit_baselines"]
