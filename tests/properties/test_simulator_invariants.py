"""Whatever is asked of the simulator, what comes out is sound."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.simulator import TYPOLOGIES, Simulation, SimulationConfig, keys, wire
from loadtest.simulator.calendar import Calendar
from loadtest.simulator.categories import NAMES
from loadtest.simulator.geography import CURRENCIES, DAY_MS, EXPONENT, PER_EURO
from loadtest.simulator.prices import to_minor
from loadtest.simulator.randomness import letters, mix
from loadtest.simulator.rows import Rows
from models.decode import decode
from models.intake import Intake
from models.money import Rates

configs = st.builds(
    SimulationConfig,
    seed=st.integers(0, 2**31),
    customers=st.integers(10, 150),
    merchants=st.integers(10, 300),
    days=st.integers(1, 4),
    payments_per_customer_day=st.floats(0.1, 6, allow_subnormal=False),
    fraud_rate=st.floats(0, 0.1, allow_subnormal=False),
    late_share=st.sampled_from([0.0, 0.2, 1.0]),
    missed_share=st.floats(0, 1, allow_subnormal=False),
    false_share=st.floats(0, 1, allow_subnormal=False),
    backdated_share=st.floats(0, 1, allow_subnormal=False),
    legacy=st.booleans(),
    novel_from=st.dictionaries(st.sampled_from(TYPOLOGIES), st.integers(0, 4), max_size=3),
)


@settings(max_examples=20, deadline=None)
@given(configs)
def test_any_portfolio_is_accepted_whole(config: SimulationConfig) -> None:
    """The product's own decoder and intake refuse no message; ids are unique, truth is of them."""
    chunks = list(Simulation(config).chunks())
    paid = pl.concat([c.transactions for c in chunks])
    labels = pl.concat([c.labels for c in chunks])
    truth = pl.concat([c.truth for c in chunks])
    assert paid["transaction_id"].n_unique() == len(paid)
    assert truth.join(paid, on="transaction_id", how="anti").is_empty()
    assert labels.join(paid, on="transaction_id", how="anti").is_empty()
    assert labels["label_id"].n_unique() == len(labels)
    intake = Intake(rates=Rates.none("EUR"), attributes=frozenset({"account_age_days"}))
    messages = wire(paid)
    if messages:
        decoded = decode(messages, keys(paid), intake=intake, now_ms=4 * 10**12)
        assert decoded.rejections == []
        assert len(decoded.transactions) == len(messages)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(
        st.tuples(
            st.floats(0.001, 50_000, allow_subnormal=False),
            st.integers(0, len(CURRENCIES) - 1),
            st.integers(0, len(NAMES) - 1),
        ),
        min_size=1,
        max_size=50,
    ),
)
def test_prices_end_as_prices_do_and_stay_near(
    seed: int, cases: list[tuple[float, int, int]]
) -> None:
    """An amount is positive and within a note or a unit and a half of what was meant."""
    euros, currency, category = (np.array(column) for column in zip(*cases, strict=True))
    rng = np.random.default_rng(seed)
    minor = to_minor(rng, euros, currency.astype(np.int16), category.astype(np.int16))
    major = minor / 10.0 ** EXPONENT[currency]
    step = np.array([10_000 if CURRENCIES[c] == "KRW" else 1_000 if CURRENCIES[c] == "JPY" else 100
                     for c in currency])  # fmt: skip
    assert (minor > 0).all()
    assert (np.abs(major - euros * PER_EURO[currency]) <= 1.5 * step).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5 * DAY_MS), max_size=60),
    st.lists(st.integers(0, 6 * DAY_MS), max_size=6).map(sorted),
)
def test_a_calendar_returns_everything_once_and_in_order(
    times: list[int], stops: list[int]
) -> None:
    """However time is cut, rows come out once, in order, never early and never late."""
    calendar = Calendar()
    rows = Rows.of(len(times), key=np.arange(1, len(times) + 1), occurred_ms=np.array(times, int))
    calendar.add(rows, since_ms=0)
    seen: list[int] = []
    before = 0
    for stop in [*stops, 7 * DAY_MS]:
        due = calendar.due(stop).occurred_ms
        assert ((due >= before) & (due < stop)).all() or len(due) == 0
        before = stop
        seen += due.tolist()
    assert seen == sorted(times)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=50, unique=True))
def test_keys_become_distinct_identifiers_without_digits(values: list[int]) -> None:
    """Different keys give different texts, all of one length; scrambling keeps them apart."""
    ids = letters(mix(np.array(values, np.uint64)), "t_")
    assert ids.n_unique() == len(values)
    assert set(ids.str.len_chars()) == {18}
    assert not ids.str.contains("[0-9]").any()
