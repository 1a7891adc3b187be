"""How fast the console's pages render over a large ledger: `python -m builders.console_speed`.

A million decisions of fifty thousand customers, ten thousand explained alerts. Times are process
CPU seconds of one request, the median of several, since a busy machine stretches the wall clock.
"""

import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from builders.console import Clock, Console, Person, console
from builders.ledger_rows import START_MS, alert_rows, legacy_rows, own, scored, transaction_rows
from builders.shadow_periods import write_period

from models.transaction import text
from service.ledger import AlertRows, ExplanationRows, Ledger
from service.ledger.case_reads import Asked

DECISIONS, ALERTS, CUSTOMERS = 1_000_000, 10_000, 50_000
BATCH = 20_000
DAYS = 50
REPEATS = 7
BAR_MS = 200
FEATURES = [f"feature_{number}" for number in range(70)]


def explanation(number: int) -> bytes:
    """Return a body as large as a real one."""
    facts = [
        {
            "feature": name, "group": "amount", "value": 1.5, "typical": 0.5,
            "contribution": 1.0 / (1 + nth), "direction": "raises",
            "text": f"{name} is {number} and this customer's usual is another",
        }
        for nth, name in enumerate(FEATURES)
    ]  # fmt: skip
    total = sum(float(str(fact["contribution"])) for fact in facts)
    return msgspec.json.encode(
        {
            "base_value": 3.5 - total, "contributions": facts, "additivity_error": 0.0,
            "method": "antithetic-permutation", "background_sha256": "0" * 64,
            "reasons": [fact["text"] for fact in facts[:5]], "reconstruction": [],
            "counterfactual": [], "runtime": {}, "bundle_id": "demo",
        }
    )  # fmt: skip


def fill(ledger: Ledger, decisions: int, alerts: int) -> None:
    """Record so many decisions, every hundredth a flag, and file the flags."""
    lease = own(ledger)
    per_batch = alerts * BATCH // decisions
    for start in range(0, decisions, BATCH):
        ids = [f"t{number}" for number in range(start, start + BATCH)]
        flagged = np.linspace(0, BATCH - 1, per_batch).astype(int).tolist()
        numbers = np.arange(start, start + BATCH)
        rows = transaction_rows(
            ids,
            customer_id=text([f"customer-{number * 7919 % CUSTOMERS}" for number in numbers]),
            merchant_id=text([f"merchant-{number % 3000}" for number in numbers]),
            device_id=text([f"device-{number * 7919 % CUSTOMERS}" for number in numbers]),
            occurred_ms=START_MS + 2_000 * numbers.astype(np.int64),
            reporting_minor=(100 + numbers % 90_000).astype(np.int64),
        )
        lease = ledger.commit(
            lease,
            scored(
                ids,
                next_offset=start + BATCH,
                flagged=flagged,
                transactions=rows,
                alerts=_alerts(ids, flagged),
                legacy=legacy_rows([ids[row] for row in flagged]),
            ),
        )
        alert_ids = [f"alert-{ids[row]}" for row in flagged]
        bodies = [explanation(row) for row in flagged]
        n = len(flagged)
        ledger.save_explanations(ExplanationRows(alert_ids, bodies, ["m"] * n, START_MS + start))
    while ledger.file_alerts(86_400_000, 1000):
        pass


def _alerts(ids: list[str], flagged: list[int]) -> AlertRows:
    rows = alert_rows(ids, flagged)
    rows.risk[:] = 500 + rows.row % 499
    return rows


def analysts(running: Console) -> dict[str, str]:
    """Return the pages of analysts and operators, and the case with most flags."""
    case = max(running.cases(sort="money"), key=lambda one: one.alerts)
    return {
        "now": "/now",
        "queue": "/cases",
        "queue, live part": "/cases/live",
        "queue, filtered and sorted by money": "/cases?min_risk=900&sort=money&legacy=decline",
        "queue, last page": "/cases?page=100000",
        "case": f"/cases/{case.case_id}",
        "operations": "/operations",
        "audit log": "/audit",
    }


RISK = {
    "comparison, as it opens": "/comparison",
    "comparison at legacy's alert rate, by money": "/comparison?at=legacy_alert_rate&by=amount",
    **{
        f"payments legacy said {legacy} of, {shadow}, {truth or 'all'}":
            f"/comparison/payments?legacy={legacy}&shadow={shadow}&truth={truth}"
        for legacy in ("positive", "negative")
        for shadow in ("flagged", "clear")
        for truth in ("", "fraud", "genuine", "unknown")
    },
    "thresholds": "/thresholds",
    "thresholds, the slider moved": "/thresholds/point?risk=700",
    "money": "/money",
    "random review": "/review",
    "models": "/models",
    "promotion": "/promotion",
}  # fmt: skip
"""Pages of risk teams; a comparison opens with what is known at once and judges afterwards."""


def measure(person: Person, pages: dict[str, str]) -> dict[str, float]:
    """Return the median CPU milliseconds of each page."""
    found = {}
    for name, path in pages.items():
        times = []
        for _ in range(REPEATS):
            begun = time.process_time()
            assert person.get(path).status_code == 200, path
            times.append(1000 * (time.process_time() - begun))
        found[name] = statistics.median(times)
    return found


def main() -> int:
    """Fill ledgers, measure, print; return whether a page is over the bar."""
    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        ledger = Ledger.open(url)
        fill(ledger, DECISIONS, ALERTS)
        ledger.close()
        with console(Path(folder), url=url, customers=0, clock=Clock()) as running:
            found |= measure(running.person("lena"), analysts(running))
            count = running.api.ledger.case_count
            print(f"{count(Asked(), 'lena'):,} open cases")  # noqa: T201 - a command
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        ledger = Ledger.open(url)
        write_period(ledger, {"candidate": 5.0}, days=DAYS, a_day=DECISIONS // DAYS,
                     sample_every=100, fraud_share=0.005, flagged_from=2.6)  # fmt: skip
        ledger.close()
        with console(Path(folder), url=url, customers=0, legacy_positive="decline+review") as ours:
            found |= measure(ours.person("rita"), RISK)
    for name, taken in found.items():
        print(f"{name:<50}{taken:>8.0f} ms")  # noqa: T201 - a command
    return int(max(found.values()) > BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
