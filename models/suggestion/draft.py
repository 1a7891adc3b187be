"""The mapping itself: guesses put together, tried on the file, and written as YAML."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import BadInput
from models.intake import Intake
from models.mapping import Mapped, Mapping
from models.mapping_file import MappingFile
from models.money import Rates
from models.suggestion.codes import code_guesses
from models.suggestion.guess import Columns, Guess
from models.suggestion.identities import party_guess, plain_guesses, transaction_guess
from models.suggestion.labels import label_guess, with_delay
from models.suggestion.leftovers import Known, Leftover, leftover, told_late
from models.suggestion.money import amount_guess, billing_guesses, currency_guess
from models.suggestion.times import time_guess
from models.suggestion.writing import comment, entries, entry, plain

_DAY_MS = 86_400_000
_TRIAL_KEY = b"of the trial alone"


def suggestion(table: pl.DataFrame, name: str, now: datetime) -> str:
    """Return the text of a mapping file for a table; `name` is its file's.

    Raises BadInput, one line, where the table is empty or no column can be time or amount.
    """
    if not len(table):
        raise BadInput(f"{name}: the file has no rows to guess from")
    columns = Columns.of(table, name)
    guesses = _guesses(columns)
    tried = _tried(guesses, columns.sample, name, now)
    known = Known(
        rows=tried.record,
        occurred_ms=tried.transactions.occurred_ms,
        fraud=_fraud(tried),
    )
    free = columns.sample.drop([one.column for one in guesses if one.column is not None])
    late = told_late(free, known)
    guesses = [
        with_delay(one, late, _span_days(tried)) if one.field == "label" else one for one in guesses
    ]
    left = [leftover(column, known) for column in free.iter_columns()]
    return "".join(f"{line}\n" for line in _lines(columns, guesses, left, tried))


def _guesses(columns: Columns) -> list[Guess]:
    """Return guesses for all fields, each column taken once, what matters most first."""
    label = label_guess(columns)
    rest = columns.without(label.column if label else None)
    time = time_guess(rest)
    rest = rest.without(time.column)
    transaction = transaction_guess(rest)
    rest = rest.without(transaction.column)
    amount = amount_guess(rest)
    rest = rest.without(amount.column)
    currency = currency_guess(rest, str(amount.column))
    rest = rest.without(currency.column)
    found = [transaction, time]
    for field in ("customer_id", "merchant_id"):
        party = party_guess(field, rest)
        if party is not None:
            found.append(party)
            rest = rest.without(party.column)
    found += [amount, currency]
    for guessed in (billing_guesses, code_guesses):
        for one in guessed(rest):
            found.append(one)
            rest = rest.without(one.column)
    found += plain_guesses(rest)
    return [*found, *([label] if label else [])]


def _tried(guesses: Sequence[Guess], sample: pl.DataFrame, name: str, now: datetime) -> Mapped:
    """Read the sampled rows as the guesses say."""
    fields = {one.field: dict(one.source) for one in guesses}
    if "label" in fields:
        fields["label"]["delay_days"] = 0
    mapping = Mapping(MappingFile.model_validate(fields), name, _TRIAL_KEY)
    intake = Intake(rates=Rates.none("EUR"))
    return mapping.apply(sample, intake=intake, now_ms=round(now.timestamp() * 1000))


def _fraud(tried: Mapped) -> npt.NDArray[np.bool_] | None:
    """Return which payments are fraud; None where nothing can be learned from that."""
    if tried.labels is None or not tried.labels.is_fraud.any() or tried.labels.is_fraud.all():
        return None
    return tried.labels.is_fraud


def _span_days(tried: Mapped) -> float:
    times = tried.transactions.occurred_ms
    return float(np.ptp(times)) / _DAY_MS if len(times) else 0.0


def _lines(
    columns: Columns, guesses: Sequence[Guess], left: Sequence[Leftover], tried: Mapped
) -> Iterator[str]:
    yield from comment(
        f"Suggested for {plain(columns.name)} from its header and {len(columns.sample):,} of its "
        f"{len(columns.table):,} rows. Read every line before you use it: sure means that name and "
        "values agree, likely that one of them speaks for it, guess that it is assumed."
    )
    yield from comment(_outcome(tried, len(columns.sample)))
    yield ""
    for one in guesses:
        yield from comment(f"{one.certainty}: {plain(one.why)}")
        yield entry(one.field, one.source)
    if not any(one.field == "label" for one in guesses):
        yield from comment("No column tells fraud: give the labels in a file, with --labels.")
    yield from entries(left)


def _outcome(tried: Mapped, rows: int) -> str:
    """Say how many rows are accepted, and why others are not."""
    accepted = len(tried.transactions)
    if accepted == rows:
        return f"Tried on these rows: all {rows:,} are accepted."
    reasons = Counter(str(one.reason) for one in tried.rejections)
    told = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    return (
        f"Tried on these rows: {accepted:,} of {rows:,} are accepted; refused are {told}, "
        f"the first because {plain(tried.rejections[0].error)}."
    )
