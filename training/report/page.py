"""report.html, one self-contained page, and card.md, the model card that travels with a bundle.

The card follows Mitchell et al.: "Model Cards for Model Reporting" (FAT* 2019).
"""

import math

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from training.metrics import log_odds
from training.report import plots
from training.report.run import Run

_NOTHING = "n/a"


def render_report(run: Run) -> str:
    """HTML of a run, plots inline; needs no network and no script."""
    network = run.scores[0]
    drawn = {
        "Precision and recall": plots.precision_recall(run.scores, run.fraud),
        "Fraud found by alert budget": plots.detection_by_budget(
            run.scores, run.fraud, run.facts["threshold"]["alert_rate"]
        ),
        "Calibration": plots.calibration(run.judgements[0]),
        "Scores": plots.score_histogram(
            log_odds(network.probability), run.fraud, run.facts["threshold"]["log_odds"]
        ),
        "Learning": plots.learning(run.history),
    }
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            facts=run.facts,
            plots={title: Markup(svg) for title, svg in drawn.items()},  # noqa: S704 - our own SVG
        )
    )


def model_card(run: Run) -> str:
    """Markdown for people who meet the bundle without its history."""
    spans = run.facts["windows"]["spans"]
    judged = spans[run.facts["windows"]["judged"]]
    return (
        environment()
        .get_template("card.md.j2")
        .render(
            run=run,
            facts=run.facts,
            network=run.judgements[0],
            span=judged,
            learned_to=judged["to"] if run.facts["refit"] else spans["train"]["to"],
        )
    )


def environment() -> Environment:
    """Return the templates of reports; a name that is not given is an error."""
    environment = Environment(
        loader=PackageLoader("training", "report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    environment.filters["share"] = _share
    return environment


def _figure(value: float | None, digits: int = 3) -> str:
    return _NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _share(value: float | None, digits: int = 1) -> str:
    return _NOTHING if value is None or math.isnan(value) else f"{100 * value:.{digits}f} %"
