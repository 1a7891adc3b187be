"""For risk teams: both systems side by side, and nothing unknown shown as a zero."""

import csv
import re
from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from builders.console import Console, Person, console
from builders.shadow_periods import write_period

from service.console import words
from service.console.routes import comparison

BUNDLE = "candidate-0123456789ab"
PAGES = ("/comparison", "/thresholds", "/money")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Console]:
    """Give a console over six weeks in which the shadow is better than legacy."""
    with console(tmp_path, customers=0, legacy_positive="decline+review") as started:
        write_period(started.api.ledger, {BUNDLE: 4.0}, sample_every=100)
        yield started


@pytest.fixture
def rita(running: Console) -> Person:
    """Give somebody of the risk team."""
    return running.person("rita")


def rows(answered: str) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(StringIO(answered)))


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_ledger_says_what_is_missing(tmp_path: Path, path: str) -> None:
    """No page shows zeros where nothing was scored."""
    with console(tmp_path, customers=0) as started:
        answered = started.person("rita").get(path)
    assert answered.status_code == 200
    assert "Nothing to compare yet" in answered.text
    assert "penumbra backtest" in answered.text


def test_of_many_payments_what_is_known_at_once_comes_first(
    rita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cube and the coverage; the page asks for its figures by itself, and gets all of them."""
    monkeypatch.setattr(comparison, "AT_ONCE", 1_000)
    first = rita.get("/comparison?segment=channel").text
    assert 'class="interval"' not in first
    for said in ("adds up ✓", "are being worked out from 8,400 payments", "card present"):
        assert said in first, said
    (asked,) = re.findall('hx-get="/console(/comparison/whole[^"]*)"', first)
    parts = re.findall('hx-select(?:-oob)?="([^"]*)"', first)
    whole = rita.get(unescape(asked)).text
    assert whole.count('class="interval"') >= 5
    assert "being worked out" not in whole
    named = [one.lstrip("#") for part in parts for one in part.split(",")]
    assert named == ["figures", "split", "episodes", "labels", "overlap"]
    assert all(page.count(f'id="{name}"') == 1 for name in named for page in (first, whole))


def test_figures_stand_with_their_interval_and_what_they_rest_on(rita: Person) -> None:
    """The coverage adds up, a difference has a drawing, and the window says what it is of."""
    page = rita.get("/comparison?segment=channel").text
    for said in ("adds up ✓", BUNDLE, "rules@1", "Detection rate", 'class="interval"',
                 "card present", "labels still coming"):  # fmt: skip
        assert said in page, said
    known = page.count('class="interval"')
    assert known >= 5
    assert known + page.count('class="not-yet"') == 6
    assert 'class="sure"' in page


def test_what_legacy_declined_is_told_beside_every_count_of_frauds(tmp_path: Path) -> None:
    """Nobody complains of a decline: figures are refused, with what to do, and no p is given."""
    with console(tmp_path, customers=0) as started:
        write_period(started.api.ledger, {BUNDLE: 4.0}, legacy_says="decline")
        page = started.person("rita").get("/comparison").text
    assert re.search(r"<b>\d+ payments that legacy declined have no truth\.</b>", page)
    assert "have some of its declines looked into by lot" in page
    assert "no probability is given while the truth of declines is not known" in page
    assert "McNemar" not in page


def test_every_cell_of_the_matrix_opens_the_payments_it_counts(rita: Person) -> None:
    """Page by page, none twice and none left out."""
    page = rita.get("/comparison").text
    links = re.findall(r'href="(/console/comparison/payments\?[^"]+)"', page)
    assert len(links) == 4
    counted = 0
    for link in links:
        path = unescape(link).removeprefix("/console")
        seen: set[str] = set()
        while path:
            opened = rita.get(path).text
            ids = re.findall(r"<td>(past-0-\d+)</td>", opened)
            assert not seen & set(ids)
            seen |= set(ids)
            older = re.search(r'href="(\?[^"]+)" rel="next"', opened)
            path = f"/comparison/payments{unescape(older[1])}" if older else ""
        counted += len(seen)
    assert counted == 42 * 200


def test_a_table_for_other_programs_says_the_same(rita: Person) -> None:
    """Every day's cells, by count and by money."""
    found = rows(rita.get("/comparison.csv").text)
    assert found[0] == ["by", "of", "legacy", "shadow", "truth", "payments", "amount_minor"]
    assert sum(int(row[5]) for row in found[1:]) == 42 * 200
    page = rita.get("/comparison").text
    for table in set(re.findall(r"comparison\.csv\?[^\"]*table=(\w+)", page)):
        head, *body = rows(rita.get(f"/comparison.csv?table={table}").text)
        assert body or table == "rules"
        assert all(len(row) == len(head) for row in body)
    figures = rows(rita.get("/comparison.csv?table=figures").text)
    assert "detection_rate" in {row[0] for row in figures}
    assert all(row[3] or row[-1] for row in figures[1:]), "unknown and no reason"


def test_the_payments_of_a_cell_leave_as_a_table_and_that_is_written_down(
    running: Console, rita: Person
) -> None:
    """Whoever takes customers' data along is in the audit log."""
    found = rows(rita.get("/comparison/payments.csv?legacy=positive&shadow=clear").text)
    assert found[0][:2] == ["transaction_id", "customer_id"]
    assert {row[4] for row in found[1:]} <= {"decline", "review"}
    assert "export payments" in running.actions()


def test_where_a_review_is_set_its_labels_are_the_usual_ones(rita: Person) -> None:
    """Whoever wants others says so, and the address keeps it."""
    usual = rita.get("/comparison").text
    assert re.search(r'value="reviewed" selected', usual)
    asked = rita.get("/comparison?labels=all").text
    assert re.search(r'value="all" selected', asked)
    assert "labels=all" in asked


def test_several_periods_are_never_mixed_unasked(running: Console, rita: Person) -> None:
    """They are listed, and each can be chosen."""
    write_period(running.api.ledger, {BUNDLE: 4.0}, ruleset="rules@2", partition=1, days=7)
    page = rita.get("/comparison").text
    assert "covers 2 pairs of systems" in page
    chosen = re.search(r'href="/console/comparison\?([^"]*ruleset=rules%402[^"]*)"', page)
    assert chosen is not None
    assert "Figures of both" in rita.get(f"/comparison?{unescape(chosen[1])}").text
    assert "Figures of both" in rita.get("/comparison?mix=1").text


def test_the_slider_asks_for_any_threshold(rita: Person) -> None:
    """By risk score, or by alerts a day; with the user's own costs."""
    assert "Ranking only" in rita.get("/thresholds").text
    assert "Risk ≥ 500" in rita.get("/thresholds/point?risk=500").text
    assert "Risk ≥ 1000" in rita.get("/thresholds/point?risk=4000").text
    within = rita.get("/thresholds/point?budget=40").text
    alerts = re.search(r'Alerts a day</th>\s*<td class="number">([\d.]+)<', within)
    assert alerts is not None
    assert 0 < float(alerts[1]) <= 40
    dear = rita.get("/thresholds/point?risk=0&review_cost=1000").text
    assert words.MINUS in dear[dear.index("Profit</th>") :]
    assert len(rows(rita.get("/thresholds.csv").text)) == 1 + 1001


def test_a_month_stands_beside_the_last(rita: Person) -> None:
    """With what was assumed; a month that is none is refused in words."""
    page = rita.get("/money?month=2026-05").text
    for said in ("May 2026", "Apr 2026", "basis points", "A review takes", "never money saved"):
        assert said in page, said
    assert rita.get("/money?month=2026-13").status_code == 422
    found = {(row[0], row[2]): row[3] for row in rows(rita.get("/money.csv?month=2026-05").text)}
    assert int(found["Payments", ""]) > 0
    assert ("Review hours", "shadow") in found


def test_models_are_shown_with_their_cards(running: Console, rita: Person) -> None:
    """What a bundle says of itself is text, whatever it holds."""
    bundle_id = running.api.parts.lineup.champion.bundle.bundle_id
    assert bundle_id in rita.get("/models").text
    assert rows(rita.get("/models.csv").text)[1][:2] == [bundle_id, "champion"]
    assert bundle_id in rita.get(f"/models/{bundle_id}").text
    assert rita.get("/models/none-of-them").status_code == 422


def test_a_gate_that_nobody_asked_is_no_verdict(rita: Person) -> None:
    """The promotion page says how to ask."""
    assert "Nothing has been held against a gate yet" in rita.get("/promotion").text


def test_the_random_review_shows_nobodys_word_and_labels_as_a_sample(running: Console) -> None:
    """Neither score nor legacy decision; whoever may work says what it was."""
    page = running.person("rita").get("/review").text
    assert "past-0-100" in page
    for word in ("decline", "risk-high", "flagged", "log-odds"):
        assert word not in page, word
    assert running.person("rita").post("/review/past-0-100", verdict="fraud").status_code == 403
    anna = running.person("anna")
    assert anna.post("/review/past-0-101", verdict="fraud").status_code == 422
    assert anna.post("/review/past-0-100", verdict="maybe").status_code == 422
    assert anna.post("/review/past-0-100", verdict="fraud").status_code == 303
    sent = running.published("fraud-labels")
    assert [(one["transaction_id"], one["is_fraud"], one["source"]) for one in sent] == [
        ("past-0-100", True, "sample")
    ]
    assert "judge random payment" in running.actions()
