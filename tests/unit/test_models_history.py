"""Customer histories: late records, idle customers, memory, snapshots."""

import numpy as np
import pytest
from builders.streams import DAY_S, START_S, payments, random_stream

from models.catalogue import column
from models.history import Histories
from models.history.histories import GRACE_DAYS, IDLE_DAYS
from models.merchants import Merchants
from models.transaction import VERIFICATION, Transactions

NOBODY_SEALED = Merchants()


def test_a_late_record_is_taken_as_simultaneous_and_counted() -> None:
    """Its gap is 0, it is marked, and what follows is as if it had come on time."""
    rows = payments([START_S, START_S + 7_200, START_S + 60, START_S + 7_260])
    features, late = Histories().advance(rows, NOBODY_SEALED)
    assert late.tolist() == [False, False, True, False]
    assert features[:, column("since_last_s")].tolist() == [90 * DAY_S, 7_200, 0, 60]
    assert features[:, column("count_1h")].tolist() == [1, 1, 2, 3]
    on_time = payments([START_S, START_S + 7_200, START_S + 7_200, START_S + 7_260])
    assert Histories().advance(on_time, NOBODY_SEALED)[0].tobytes() == features.tobytes()


def test_a_payment_without_a_customer_has_no_history() -> None:
    """Nothing is new or old for nobody, and nobody is kept."""
    histories = Histories()
    rows = payments([START_S, START_S + 1], customer_id=np.array([None, None], object))
    features, late = histories.advance(rows, NOBODY_SEALED)
    assert features[:, column("count_1h")].tolist() == [1, 1]
    assert features[:, column("history_known")].tolist() == [0, 0]
    assert not late.any()
    assert histories.customers == 0


def test_a_verification_counts_in_velocity_and_not_in_amount() -> None:
    """Over every window, short and long."""
    kind = np.array([VERIFICATION, VERIFICATION, 0], np.int8)
    rows = payments([START_S, START_S + 1, START_S + 2], type=kind)
    features = Histories().advance(rows, NOBODY_SEALED)[0]
    for name in ("count_1h", "count_1d", "count_7d", "count_30d"):
        assert features[:, column(name)].tolist() == [1, 2, 3], name
    for name in ("spend_1h", "spend_1d", "spend_7d", "spend_30d"):
        assert features[:, column(name)].tolist() == [0, 0, 10], name
    assert features[:, column("verifications_1d")].tolist() == [1, 2, 2]
    assert features[:, column("history_count")].tolist() == [0, 0, 0]


def test_a_payment_without_a_rate_counts_in_velocity() -> None:
    """How much is not known; that it happened is."""
    rows = payments([START_S, START_S + 1], reporting_minor=np.array([-1, -1]))
    features = Histories().advance(rows, NOBODY_SEALED)[0]
    assert features[1, column("count_7d")] == 2
    assert features[1, column("amount_known")] == 0


def test_an_idle_customer_starts_afresh() -> None:
    """After 400 silent days, to the second, nothing of the past is used."""
    for gap, known in ((IDLE_DAYS * DAY_S, 1.0), (IDLE_DAYS * DAY_S + 1, 0.0)):
        rows = payments([START_S, START_S + gap])
        features = Histories().advance(rows, NOBODY_SEALED)[0]
        assert features[1, column("history_known")] == known
    fresh = Histories().advance(rows.take(slice(1, 2)), NOBODY_SEALED)[0]
    assert fresh.tobytes() == features[1:].tobytes()


def test_slots_of_idle_customers_are_swept_and_it_does_not_show() -> None:
    """A customer who comes back has the features of one never seen; the others theirs."""
    beyond = START_S + (IDLE_DAYS + GRACE_DAYS + 2) * DAY_S
    crowd = payments(np.full(500, START_S), customer_id=[f"gone{number}" for number in range(500)])
    regular = payments(np.arange(START_S, beyond, 20 * DAY_S), customer_id=["regular"] * 23)
    back = payments([beyond + 5, beyond + 6], customer_id=["gone7", "regular"])
    swept, kept = Histories(), Histories()
    swept.advance(crowd, NOBODY_SEALED)
    kept.advance(crowd.take(slice(7, 8)), NOBODY_SEALED)
    assert swept.customers == 500
    for at in range(23):
        swept.advance(regular.take(slice(at, at + 1)), NOBODY_SEALED)
    kept.advance(regular, NOBODY_SEALED)
    swept.advance(payments([beyond], customer_id=["other"]), NOBODY_SEALED)
    found = swept.advance(back, NOBODY_SEALED)[0]
    assert swept.customers == 3
    assert found.tobytes() == kept.advance(back, NOBODY_SEALED)[0].tobytes()


def test_memory_for_a_customer_is_bounded() -> None:
    """A snapshot takes the same bytes for a customer after 10 payments and after 10,000."""
    sizes = []
    for n in (10, 10_000):
        histories = Histories()
        histories.advance(random_stream(1, n=n, customers=1, merchants=500), NOBODY_SEALED)
        sizes.append(len(histories.snapshot()))
    assert sizes[0] == sizes[1]
    assert sizes[0] < 2_300


def test_many_customers_are_all_remembered() -> None:
    """However often the arrays grew."""
    n = 30_000
    names = [f"c{number}" for number in range(n)]
    histories = Histories()
    first, _ = histories.advance(payments(np.full(n, START_S), customer_id=names), NOBODY_SEALED)
    again, _ = histories.advance(
        payments(np.full(n, START_S + 9), customer_id=names), NOBODY_SEALED
    )
    assert histories.customers == n
    assert (first[:, column("history_known")] == 0).all()
    assert (again[:, column("since_last_s")] == 9).all()


def test_a_share_of_customers_has_a_short_history() -> None:
    """Coverage shows who was first seen less than thirty days ago."""
    histories = Histories()
    assert histories.share_with_short_history() is None
    rows = payments([START_S, START_S + 40 * DAY_S], customer_id=["old", "new"])
    histories.advance(rows, NOBODY_SEALED)
    assert histories.share_with_short_history() == 0.5


def test_a_snapshot_keeps_its_reporting_currency() -> None:
    """Yen have no minor units: amounts mean something else."""
    histories = Histories("JPY")
    features, _ = histories.advance(payments([START_S]), NOBODY_SEALED)
    assert features[0, column("amount")] == 1_000
    assert Histories.restore(histories.snapshot()).reporting_currency == "JPY"


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_damaged_snapshot_is_refused(at: int) -> None:
    """One changed byte anywhere is told from its checksum."""
    histories = Histories()
    histories.advance(payments([START_S]), NOBODY_SEALED)
    data = bytearray(histories.snapshot())
    data[at] ^= 1
    with pytest.raises(ValueError, match="damaged"):
        Histories.restore(bytes(data))


def haversine(rows: Transactions) -> float:
    """Return the distance the kernel gives between two payments."""
    features = Histories().advance(rows, NOBODY_SEALED)[0]
    assert features[1, column("position_known")] == 1
    return float(features[1, column("distance_km")])


def test_distance_and_speed_are_those_of_the_globe() -> None:
    """Paris to London is 344 km; an hour makes that the speed, a second counts as a minute."""
    for gap_s, hours in ((3_600, 1.0), (1, 1 / 60)):
        rows = payments(
            [START_S, START_S + gap_s],
            latitude=np.array([48.8566, 51.5074]),
            longitude=np.array([2.3522, -0.1278]),
        )
        assert haversine(rows) == pytest.approx(343.6, abs=0.5)
        speed = Histories().advance(rows, NOBODY_SEALED)[0][1, column("travel_speed_kmh")]
        assert speed == pytest.approx(343.6 / hours, rel=2e-3)


def test_something_is_new_only_against_a_past() -> None:
    """The first payment of a customer has no new merchant, device, country or channel."""
    rows = payments(
        [START_S, START_S + 1],
        merchant_id=["a", "b"],
        device_id=["d", "e"],
        country=["FR", "GB"],
        currency=["EUR", "GBP"],
        channel=np.array([1, 2], np.int8),
        mcc=np.array([5411, 5812], np.int16),
    )
    features = Histories().advance(rows, NOBODY_SEALED)[0]
    for thing in ("merchant", "device", "country", "currency", "channel", "mcc"):
        assert features[:, column(f"{thing}_new")].tolist() == [0, 1], thing
