"""From findings to grades, and from grades to a verdict."""

from collections.abc import Iterable

from training.audit.findings import Finding, Grade, Verdict
from training.audit.scales import AT_BEST, NEVER, SCALES, Scale

BEST, WORST = 5, 1
UNJUDGED = 3
"""What a dimension gets that could not be judged: not known to be bad, not known to be good."""
_CAREFUL = 3


def scorecard(findings: tuple[Finding, ...]) -> tuple[Grade, ...]:
    """Return a grade for each dimension: the lowest that one of its scales gives."""
    dimensions = dict.fromkeys(scale.dimension for scale in SCALES)
    by_check = {finding.check: finding for finding in findings}
    return tuple(_graded(dimension, by_check) for dimension in dimensions)


def verdict(grades: tuple[Grade, ...]) -> Verdict:
    """Return "not fit" for any 1, "fit with care" for any 2 or 3, else "fit".

    The reasons are those of the grades that decided.
    """
    lowest = min(grade.grade for grade in grades)
    if lowest > _CAREFUL:
        return Verdict("fit to train on", ("every dimension has a 4 or a 5",))
    limit = WORST if lowest == WORST else _CAREFUL
    reasons = tuple(f"{one.dimension}: {one.reason}" for one in grades if one.grade <= limit)
    return Verdict("not fit to train on" if limit == WORST else "fit with care", reasons)


def rules() -> Iterable[str]:
    """Yield the scales as rows of a Markdown table, for docs/audit.md."""
    yield "| dimension | what is measured | 5 | 4 | 3 | 2 |"
    yield "|---|---|---|---|---|---|"
    for scale in SCALES:
        bounds = " | ".join(_bound(scale, place) for place in range(len(scale.bounds)))
        yield f"| {scale.dimension} | {scale.measure} | {bounds} |"


def _graded(dimension: str, by_check: dict[str, Finding]) -> Grade:
    measured = [
        (scale, float(by_check[scale.check].figures[scale.figure]))
        for scale in SCALES
        if scale.dimension == dimension and scale.figure in by_check[scale.check].figures
    ]
    if not measured:
        check = next(scale.check for scale in SCALES if scale.dimension == dimension)
        return Grade(dimension, UNJUDGED, by_check[check].text, None)
    grades = [scale.grade(value) for scale, value in measured]
    lowest = min(grades)
    if lowest == BEST:
        return Grade(dimension, BEST, AT_BEST[dimension], None)
    worst = [one for one, grade in zip(measured, grades, strict=True) if grade == lowest]
    reason = ", and ".join(scale.reason(value) for scale, value in worst)
    remedy = "; ".join(scale.remedy for scale, _ in worst) if lowest <= _CAREFUL else None
    return Grade(dimension, lowest, reason, remedy)


def _bound(scale: Scale, place: int) -> str:
    """Return a bound as text; a dash where the better grade has the same."""
    bound = scale.bounds[place]
    if place and bound == scale.bounds[place - 1]:
        return "-"
    if bound == NEVER or (scale.least and bound == 0):
        return "else"
    least = "≥ " if scale.least else "≤ " if bound else ""
    if scale.measure.startswith("share"):
        return f"{least}{bound:.3g}" if not bound else f"{least}{100 * bound:g} %"
    return f"{least}{bound:,g}"
