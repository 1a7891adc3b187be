"""Pictures of every page of the console, of simulated payments: `make screens`.

Everything runs as a user would run it: the embedded broker, a backtest of simulated payments
with the demo bundle, `penumbra serve`, people added by `penumbra users`; then Chromium looks.
"""

import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from plugins.browser import ARGUMENTS, CHROMIUM

from loadtest.bars.frames import keep
from loadtest.system import System, free_port, wait_for
from service.settings import Settings
from service.stream.connect import open_topics

PEOPLE = {"anna": "analyst", "bert": "analyst", "lena": "lead", "adam": "admin", "rita": "risk"}
GATE, BUNDLE = Path("service/promotion/example-gate.yaml"), Path("service/bundles/demo")
SIMULATED = (
    "--preset", "demo", "--customers", "1000", "--days", "42", "--start", "2026-10-13",
    "--fraud-rate", "0.03",
)  # fmt: skip
FROM = "2026-11-12"
SHORTER = ("period_days: 7", "threshold_days: 3", "mature_labels: 2000", "mature_frauds: 30")
"""What the gate asks of so few days."""
NARROW, WIDE = {"width": 1280, "height": 860}, {"width": 1920, "height": 1080}


def prepare(system: System) -> str:
    """Fill the ledger, start serving, and return the address."""
    data = system.folder / "data"
    rates = str(system.folder / "rates.csv")
    system.run("simulate", "--out", str(data), "--format", "parquet", *SIMULATED, "--rates", rates)
    system.env["PENUMBRA_RATES_PATH"] = rates
    system.start_broker()
    topics = open_topics(Settings.load(kafka_bootstrap_servers=system.address))
    topics.ensure({"transactions": 4, "fraud-labels": 1})
    topics.close()
    system.run(
        "backtest", "--data", str(data / "transactions.parquet"),
        "--labels", str(data / "labels.parquet"), "--from", FROM, "--stream", "transactions",
    )  # fmt: skip
    system.env["PENUMBRA_LABEL_MATURITY_DAYS"] = "3"
    gate, pack = system.folder / "gate.yaml", system.folder / "packs" / "first"
    text = GATE.read_text()
    for line in SHORTER:
        text = re.sub(rf"^{line.partition(':')[0]}: \d+", line, text, flags=re.MULTILINE)
    gate.write_text(text)
    system.run("evidence", "--bundle", str(BUNDLE), "--gate", str(gate), "--out", str(pack))
    system.env["PENUMBRA_EVIDENCE_DIR"] = str(pack.parent)
    for name, role in PEOPLE.items():
        system.run("users", "add", name, "--role", role, "--no-password")
    port = free_port()
    system.env["PENUMBRA_API_PORT"] = str(port)
    system.start("serve", "serve")
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: _answers(f"{address}/readyz"), "the server", timeout_s=300)
    return address


def look(system: System, address: str, out: Path) -> None:
    """Work a little, and take the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def page(name: str | None, size: Any, scheme: Any = "light") -> Any:
            context = browser.new_context(
                base_url=address, viewport=size, color_scheme=scheme, reduced_motion="reduce"
            )
            opened = context.new_page()
            if name is not None:
                opened.goto(re.sub(r"^http://[^/]+", address, system.run("users", "link", name)))
            return opened

        def shoot(opened: Any, name: str, *, whole: bool = False) -> None:
            opened.wait_for_load_state("networkidle")
            keep(opened, out / f"{name}.png", tall=whole)

        for name, path in (("sign-in", "/console/sign-in"), ("promotion", "/console/promotion")):
            one = page("rita" if name == "promotion" else None, NARROW)
            one.goto(path)
            shoot(one, name, whole=name == "promotion")
        bert = page("bert", NARROW)
        bert.locator(".open").nth(4).click()
        bert.wait_for_selector("#claim:has-text('Yours')")
        anna = page("anna", NARROW)
        anna.locator("tr", has_text="review").locator(".open").first.click()
        anna.wait_for_selector("#claim:has-text('Yours')")
        anna.get_by_role("button", name="Verify").click()
        anna.wait_for_selector("#verified .proof")
        anna.keyboard.press("1")
        shoot(anna, "case", whole=True)
        dark = page("anna", WIDE, "dark")
        dark.goto(anna.url)
        shoot(dark, "case-dark")
        anna.keyboard.press("2")
        anna.keyboard.press("Enter")
        anna.wait_for_selector("[data-undo]")
        shoot(anna, "undo")
        anna.keyboard.press("?")
        shoot(anna, "help")
        lena = page("lena", WIDE)
        for _ in range(3):
            lena.keyboard.press("j")
            lena.keyboard.press("x")
        shoot(lena, "queue")
        wide = page("anna", NARROW, "dark")
        shoot(wide, "queue-dark")
        lena.goto("/console/audit")
        shoot(lena, "audit")
        bad = b'{"transaction_id": "x", "occurred_at": "2026-11-25T10:00:00", "amount_minor": 100}'
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{address}/v1/score", data=bad, headers={"Content-Type": "application/json"}
        )
        _answers(request)
        adam = page("adam", WIDE)
        adam.goto("/console/operations")
        shoot(adam, "operations")
        browser.close()


def _answers(asked: Any) -> bool:
    try:
        with urllib.request.urlopen(asked, timeout=5) as answered:  # noqa: S310 - our own server
            return bool(answered.status == 200)
    except OSError:
        return False


def main(out: str) -> None:
    """Make the pictures."""
    with System(Path("build/screens"), label_clock="ingest") as system:
        look(system, prepare(system), Path(out))


if __name__ == "__main__":
    main(sys.argv[1])
