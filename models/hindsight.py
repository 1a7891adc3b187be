"""Signs in a column's name and values that it is filled in after the fact."""

import numpy as np
import numpy.typing as npt
import polars as pl

from models.cards import masked_text
from models.column_names import words
from models.instants import MALFORMED, parse_instants

_DAY_MS = 86_400_000
_HINTS = frozenset(
    {
        "alert",
        "chargeback",
        "confirmed",
        "dispute",
        "disputed",
        "disposition",
        "flagged",
        "fraudtype",
        "investigated",
        "investigation",
        "recovered",
        "refunded",
        "reported",
        "resolution",
        "resolved",
        "scenario",
        "typology",
    }
)
_PLANNED = frozenset({"due", "expiration", "expire", "expires", "expiry", "planned", "valid"})
_FEW_GENUINE, _MOST_FRAUDS = 0.001, 0.5
_HINTED_GENUINE, _HINTED_FRAUDS = 0.01, 0.05
_MOSTLY = 0.9
_LEAST_TIMES = 20
_LEAST_LATER_MS = 60_000
_OTHER_CLOCK_MS, _OTHER_CLOCK_SPREAD_MS = 14 * 3_600_000, 3_600_000
_SHOWN = 4


def named_as_hindsight(name: str) -> str | None:
    """Return the word of a name that speaks of what came after the payment; None without one."""
    parts = words(name)
    if "fraud" in parts and "type" in parts:
        return "fraud type"
    if any(word.startswith("newbalance") for word in parts):
        return "new balance"
    return next((word for word in parts if word in _HINTS), None)


def only_in_frauds(column: pl.Series, fraud: npt.NDArray[np.bool_]) -> str | None:
    """Say so when genuine payments (nearly) all hold one value and frauds mostly another.

    A name that speaks of hindsight lets weaker values count.
    """
    hint = named_as_hindsight(column.name)
    few, most = (_HINTED_GENUINE, _HINTED_FRAUDS) if hint else (_FEW_GENUINE, _MOST_FRAUDS)
    values = column.cast(pl.String, strict=False) if not column.dtype.is_nested() else column
    if values.dtype != pl.String:
        return None
    values = values.fill_null("")
    genuine = values.filter(~fraud)
    usual = str(genuine.mode().sort()[0])
    other = (values != usual).to_numpy()
    genuine_share, fraud_share = float(other[~fraud].mean()), float(other[fraud].mean())
    if genuine_share > few or fraud_share < most:
        return None
    found = values.filter(pl.Series(fraud & other)).value_counts(sort=True)[column.name]
    shown = ", ".join(masked_text(repr(one)) for one in found.head(_SHOWN).sort().to_list())
    more = ", …" if len(found) > _SHOWN else ""
    constant = "empty" if usual == "" else repr(usual)
    return (
        f"it is {constant} in {_share(1 - genuine_share, 'genuine payment')} and something else "
        f"({shown}{more}) in {_share(fraud_share, 'fraud')}"
        + (f", its name says {hint}" if hint else "")
    )


def later_than_payment(column: pl.Series, occurred_ms: npt.NDArray[np.int64]) -> str | None:
    """Say so when a column holds times that lie after the payments."""
    later = lateness_ms(column, occurred_ms)
    if later is None:
        return None
    median = float(np.median(later)) / _DAY_MS
    return f"its times lie after the payment, half of them by {median:.1f} days or more"


def lateness_ms(
    column: pl.Series, occurred_ms: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64] | None:
    """Return how long after the payment a column's times lie, where there is one, (m,).

    None for a column of other things, or of times that do not lie after. Another clock's view of
    the payment (a constant few hours off) and dates planned beforehand, such as an expiry, do
    not count.
    """
    if set(words(column.name)) & _PLANNED:
        return None
    moments = _times_ms(column)
    if moments is None:
        return None
    ms, known = moments
    later = (ms - occurred_ms)[known]
    if len(later) < _LEAST_TIMES or np.mean(later > _LEAST_LATER_MS) < _MOSTLY:
        return None
    if np.median(later) <= _OTHER_CLOCK_MS and np.std(later) < _OTHER_CLOCK_SPREAD_MS:
        return None
    return later


def _times_ms(
    column: pl.Series,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]] | None:
    """Return a column of times in milliseconds and where they are known; None for other columns."""
    if isinstance(column.dtype, pl.Date | pl.Datetime):
        values = column.dt.epoch("ms")
        return values.fill_null(0).to_numpy().astype(np.int64), values.is_not_null().to_numpy()
    if column.dtype != pl.String:
        return None
    dated = column.str.contains(r"^\d{4}-\d{2}-\d{2}").fill_null(value=False)
    if not dated.any() or (column.is_not_null() & (column != "") & ~dated).any():
        return None
    whole = [f"{value}T00:00:00" if len(value) == 10 else value for value in column.fill_null("")]  # noqa: PLR2004 - a date alone
    ms, _, status = parse_instants(whole)
    return ms, status != MALFORMED


def _share(share: float, what: str) -> str:
    return f"every {what}" if share == 1 else f"{share:.1%} of {what}s"
