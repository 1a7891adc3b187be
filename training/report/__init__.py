"""The report of a training run: JSON for machines, HTML for people, a card for the bundle."""

from training.report.page import model_card, render_report
from training.report.run import ModelScores, Run

__all__ = ["ModelScores", "Run", "model_card", "render_report"]
