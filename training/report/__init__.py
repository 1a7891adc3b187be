"""The report of a training run: JSON for machines, HTML for people, card and datasheet."""

from training.report.datasheet import datasheet
from training.report.page import model_card, render_report
from training.report.run import ModelScores, Run

__all__ = ["ModelScores", "Run", "datasheet", "model_card", "render_report"]
