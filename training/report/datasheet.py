"""datasheet.md: what is known of the data a bundle learned from, and what only people can say.

After Gebru et al.: "Datasheets for Datasets" (Communications of the ACM 64, 2021). What a run can
count it states; what it cannot know it asks, and prints the answer that `[datasheet]` of the
configuration gives.
"""

from typing import Any

from training.audit import Finding
from training.config import DatasheetConfig
from training.pages import environment
from training.report.run import Run

NOT_STATED = "not stated"


def datasheet(run: Run, answers: DatasheetConfig) -> str:
    """Return the datasheet of a run's data as Markdown."""
    shares = [one.figures["known_share"] for one in run.audit.findings if _has_shares(one)]
    known: dict[str, float] = shares[0] if shares else {}
    return (
        environment()
        .get_template("report/datasheet.md.j2")
        .render(
            name=run.facts["name"],
            data=run.facts["data"],
            windows=run.facts["windows"],
            findings=run.audit.findings,
            missing=[name for name, share in known.items() if share == 0],
            partial={name: share for name, share in known.items() if 0 < share < 1},
            ask=lambda *names: "\n".join(_asked(answers, name) for name in names),
        )
    )


def _has_shares(finding: Finding) -> bool:
    return "known_share" in finding.figures


def _asked(answers: DatasheetConfig, name: str) -> str:
    question: Any = DatasheetConfig.model_fields[name].description
    return f"- *{question}* {getattr(answers, name) or NOT_STATED}"
