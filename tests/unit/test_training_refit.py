"""Networks that learn on more rows: calibrated like their like, taught by unlabelled ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.features import FeatureSpec
from training.config import AutoencoderConfig, ClassifierConfig, TrainingConfig
from training.fitting import calibrate_again, fit_for, score
from training.metrics import sigmoid
from training.networks import MonotoneCalibration
from training.progress import Silent

SPEC = FeatureSpec.of(("amount", "count_1h"))
CONFIG = TrainingConfig(
    autoencoder=AutoencoderConfig(hidden=8, code=2, epochs=1, batch_rows=256),
    classifier=ClassifierConfig(hidden=(8, 4), bins_per_feature=2, bin_min_rows=50, epochs=2),
)


def window(n: int, seed: int, *, base: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return payments whose frauds are large, and more or fewer by `base` log-odds."""
    rng = np.random.default_rng(seed)
    amount = rng.gamma(2.0, 50.0, n)
    features = np.stack([amount, rng.poisson(1.0, n)], axis=1).astype(np.float32)
    return features, rng.random(n) < sigmoid(amount / 60 + base)


def test_it_is_that_of_its_like_on_rows_it_never_saw() -> None:
    """Frauds became rarer: the later window's own number is expected there, not the earlier one."""
    before, later = window(4000, 0, base=-4.5), window(3000, 1, base=-6.0)
    calibration = calibrate_again(before, later, 2, SPEC, CONFIG, Silent())
    network = fit_for(before, 2, calibration, SPEC, CONFIG, Silent()).network
    expected = sigmoid(score(network, later[0])[0]).sum()
    assert expected == pytest.approx(later[1].sum(), rel=0.01)
    assert sigmoid(score(network, before[0])[0]).sum() < 0.6 * before[1].sum()


def test_rows_without_a_label_teach_the_autoencoder() -> None:
    """What was seen there is not as strange any more."""
    labelled, calibration = window(4000, 0, base=-4.5), MonotoneCalibration()
    strangers = window(4000, 1, base=-4.5)[0]
    strangers[:, 1] += 200
    bare, taught = (
        fit_for(labelled, 2, calibration, SPEC, CONFIG, Silent(), unlabelled=more).network
        for more in (None, strangers)
    )
    assert score(taught, strangers)[1].mean() < 0.5 * score(bare, strangers)[1].mean()


def test_rows_without_a_label_are_not_taken_for_genuine() -> None:
    """Nine times as many payments, and the share of fraud that is expected stays what it was."""
    labelled, more = window(4000, 0, base=-4.5), window(32_000, 1, base=-4.5)[0]
    fitted = fit_for(labelled, 2, MonotoneCalibration(), SPEC, CONFIG, Silent(), unlabelled=more)
    expected = sigmoid(score(fitted.network, labelled[0])[0]).mean()
    assert expected == pytest.approx(labelled[1].mean(), rel=0.3)
