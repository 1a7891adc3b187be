"""The threshold simulator on ten million decisions, through the service's own benchmark."""

from __future__ import annotations

import json
import subprocess
import sys

from loadtest.results import Figure

LIMIT_MS = 100.0


def ten_million() -> list[Figure]:
    """Measure any window and all days; the processor's time, the wall's beside it."""
    done = subprocess.run(
        [sys.executable, "-m", "service.comparison.benchmark"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    figures = []
    for what, days in (("any_window", "a random window"), ("whole", f"all {found['days']} days")):
        measured = found["folded"]
        p50, p99 = (measured[f"{what}_cpu_p{share}_ms"] for share in (50, 99))
        wall = measured[f"{what}_wall_p99_ms"]
        figures.append(
            Figure(
                f"threshold, budget, best, curve; {days} of {found['decisions']:,} decisions",
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms of processor time (p99 {wall:.0f} ms by the "
                "clock)",
                f"under {LIMIT_MS:.0f} ms",
                p99 < LIMIT_MS,
            )
        )
    slowest = found["not_folded"]["whole_cpu_p99_ms"]
    figures.append(
        Figure(
            f"the same over all days had they never been folded ({found['partitions']} partitions "
            "and a lane of late labels a day)",
            f"p99 {slowest:.1f} ms",
            "printed",
            met=True,
        )
    )
    figures.append(
        Figure(
            "adding a decision to the sums, in batches of a day of a partition",
            f"{found['written_us_a_decision']:.1f} µs",
            "printed",
            met=True,
        )
    )
    return figures
