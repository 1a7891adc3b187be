"""report.html, one self-contained page, and card.md, the model card that travels with a bundle.

The card follows Mitchell et al.: "Model Cards for Model Reporting" (FAT* 2019).
"""

from collections.abc import Mapping

from markupsafe import Markup

from training.flagging import FlagRule
from training.metrics import log_odds
from training.pages import environment
from training.report import plots
from training.report.run import Run
from training.report.shap_plots import TITLES, inline


def render_report(run: Run, pictures: Mapping[str, bytes]) -> str:
    """HTML of a run, plots inline; needs no network and no script.

    `pictures` are those of the model as a whole, by file name.
    """
    network = run.scores[0]
    drawn = {
        "Precision and recall": plots.precision_recall(run.scores, run.fraud),
        "Fraud found by alert budget": plots.detection_by_budget(
            run.scores, run.fraud, run.flagging.judged.figures.alert_rate.value
        ),
        "Calibration": plots.calibration(run.judgements[0]),
        "Scores": plots.score_histogram(
            log_odds(network.probability), run.fraud, run.flagging.rule.log_odds
        ),
        "Learning": plots.learning(run.history),
    }
    return (
        environment()
        .get_template("report/report.html.j2")
        .render(
            run=run,
            facts=run.facts,
            asked=asked_for(run.flagging.rule, run.facts["config"]["reporting_currency"]),
            plots={title: Markup(svg) for title, svg in drawn.items()},  # noqa: S704 - our own SVG
            pictures={name: inline(picture) for name, picture in pictures.items()},
            titles=_titles(run),
        )
    )


def _titles(run: Run) -> dict[str, str]:
    """Return what the pictures of the model as a whole show."""
    by = "" if run.overall is None else f" {run.overall.segment_name}"
    return TITLES | {"segments.png": TITLES["segments.png"] + by}


def model_card(run: Run) -> str:
    """Markdown for people who meet the bundle without its history."""
    spans = run.facts["windows"]["spans"]
    judged = spans[run.facts["windows"]["judged"]]
    return (
        environment()
        .get_template("report/card.md.j2")
        .render(
            run=run,
            facts=run.facts,
            network=run.judgements[0],
            asked=asked_for(run.flagging.rule, run.facts["config"]["reporting_currency"]),
            span=judged,
            learned_to=judged["to"] if run.facts["refit"] else spans["train"]["to"],
        )
    )


def asked_for(rule: FlagRule, currency: str) -> str:
    """Return what the threshold was chosen to do, to stand behind "chosen"."""
    if rule.cost is not None:
        cost = rule.cost
        return (
            f"so that costs are least: {100 * cost.loss_given_fraud:g} % of the amount of a fraud "
            f"that is not flagged, {cost.review_cost:g} {currency} a flag and "
            f"{cost.friction_cost:g} {currency} a genuine payment flagged"
        )
    return {
        "alert_rate": f"so that at most {100 * (rule.target or 0):g} % of payments are flagged",
        "alerts_per_day": f"so that at most {rule.target:g} payments a day are flagged",
        "precision": f"as the lowest at which {100 * (rule.target or 0):g} % of flags are fraud, "
        "by their count and by their calibrated probabilities",
    }[rule.way]
