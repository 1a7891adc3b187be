"""The networks as graphs: what is exported answers as torch does, row by row."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from models.scorer import session
from training.errors import ParityRefused
from training.export import ALLOWED_OPERATORS, check_parity, export_network, run_graph
from training.networks import (
    Autoencoder,
    Ensemble,
    FraudNetwork,
    MonotoneCalibration,
)
from training.networks.bins import fit_bins
from training.networks.preprocessing import fit_preprocessing
from training.networks.unlikeness import fit_unlikeness
from training.progress import Silent

FEATURES = 12
TRANSFORMS = ("log1p",) * 4 + ("signed_log",) * 2 + ("linear",) * 4 + ("binary",) * 2
TILE = 256


def rows(n: int, seed: int) -> NDArray[np.float32]:
    """Raw features of all four kinds; the last column is constant."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.0, 30.0, (n, FEATURES))
    values[:, 4:6] -= 40
    values[:, 10] = rng.random(n) < 0.01
    values[:, 11] = 1
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def network() -> FraudNetwork:
    """Make a network: learned preprocessing, random weights, a bent calibration."""
    torch.manual_seed(1)
    learned = rows(4000, 0)
    fraud = learned[:, 0] > 80
    preprocessing = fit_preprocessing(learned, TRANSFORMS)
    standardised = preprocessing(torch.from_numpy(learned))
    autoencoder = Autoencoder(FEATURES, hidden=16, code=4)
    with torch.no_grad():
        errors = ((standardised - autoencoder(standardised)[1]) ** 2).numpy()
    bins = fit_bins(
        standardised.numpy(),
        fraud,
        bins_per_feature=6,
        min_rows=50,
        min_gain=0,
        seed=0,
        tracker=Silent(),
    )
    return FraudNetwork(
        preprocessing=preprocessing,
        autoencoder=autoencoder,
        unlikeness=fit_unlikeness(errors, preprocessing.informative, ("a", "b", "c") * 4),
        bins=bins,
        classifier=Ensemble(FEATURES + bins.width + 4 + 3, members=2, hidden=(16, 8), dropout=0.1),
        calibration=MonotoneCalibration(0.2, (1.0, 0.5, 2.0), (-0.1, 0.1)),
    ).eval()


@pytest.fixture(scope="module")
def graph(network: FraudNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export that network."""
    path = tmp_path_factory.mktemp("graph") / "score.onnx"
    export_network(network, path)
    return path


def test_graph_answers_as_torch_does(network: FraudNetwork, graph: Path) -> None:
    """Both give the same probabilities far within the contract."""
    parity = check_parity(network, graph, rows(3000, 2), TILE)
    assert parity.rows == 3000
    assert parity.probability < 1e-6
    assert parity.log_odds < 1e-5


def test_graph_of_other_weights_is_refused(network: FraudNetwork, graph: Path) -> None:
    """A graph that drifted from its network never becomes a bundle."""
    bias = network.classifier.first.bias
    kept = bias.detach().clone()
    with torch.no_grad():
        bias.add_(0.01)
    try:
        with pytest.raises(ParityRefused, match="no bundle was written"):
            check_parity(network, graph, rows(500, 2), TILE)
    finally:
        with torch.no_grad():
            bias.copy_(kept)


def test_shuffled_rows_and_other_batches_give_the_same_bits(graph: Path) -> None:
    """No row's answer depends on its neighbours, its place or how many there are."""
    features = rows(1999, 3)
    opened = session(graph.read_bytes())
    alone = run_graph(opened, features, TILE)
    order = np.random.default_rng(4).permutation(len(features))
    shuffled = run_graph(opened, features[order], TILE)
    cut = [run_graph(opened, features[start : start + 77], TILE) for start in range(0, 1999, 77)]
    for output in range(3):
        np.testing.assert_array_equal(alone[output][order], shuffled[output])
        np.testing.assert_array_equal(
            alone[output], np.concatenate([piece[output] for piece in cut])
        )


def test_graph_keeps_to_the_allowed_operators_and_a_dynamic_batch(graph: Path) -> None:
    """Affine, elementwise and column moves only; any number of rows, named inputs and outputs."""
    model = onnx.load(graph)
    assert {node.op_type for node in model.graph.node} <= ALLOWED_OPERATORS
    assert [one.name for one in model.graph.input] == ["features"]
    assert [one.name for one in model.graph.output] == ["log_odds", "anomaly", "reconstruction"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert b"/training/" not in graph.read_bytes(), "the graph must not name files of a machine"


def test_export_twice_gives_the_same_bytes(network: FraudNetwork, graph: Path) -> None:
    """A bundle's id follows from its content."""
    again = graph.with_name("again.onnx")
    export_network(network, again)
    assert again.read_bytes() == graph.read_bytes()


def test_operators_that_depend_on_the_batch_are_refused(
    network: FraudNetwork, tmp_path: Path
) -> None:
    """A network with Softplus does not get through the export."""

    class Soft(MonotoneCalibration):
        def forward(self, logits: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.softplus(super().forward(logits))

    kept, network.calibration = network.calibration, Soft()
    try:
        with pytest.raises(ParityRefused, match="operators"):
            export_network(network, tmp_path / "soft.onnx")
    finally:
        network.calibration = kept


def test_preprocessing_standardises_and_bounds_every_column() -> None:
    """Training rows get mean 0 and deviation 1; a far value is clipped; constants become 0."""
    learned = rows(4000, 0)
    preprocessing = fit_preprocessing(learned, TRANSFORMS)
    out = preprocessing(torch.from_numpy(learned)).numpy()
    varying = preprocessing.informative & (np.array(TRANSFORMS) != "binary")
    np.testing.assert_allclose(out[:, varying].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(out[:, varying].std(axis=0), 1, atol=1e-3)
    assert not preprocessing.informative[-1]
    far = preprocessing(torch.full((1, FEATURES), 1e12)).numpy()
    assert far[0, -1] == 0
    assert np.isfinite(far).all()
    np.testing.assert_allclose(far[0, :10], out[:, :10].max(axis=0), rtol=1e-5)


def test_ramps_rise_from_zero_to_one_within_their_bin() -> None:
    """A column that tells fraud gets edges; below the first and above the last nothing moves."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5000, 2)).astype(np.float32)
    fraud = values[:, 0] > 1
    bins = fit_bins(
        values, fraud, bins_per_feature=4, min_rows=20, min_gain=0, seed=0, tracker=Silent()
    )
    grid = torch.zeros((200, 2))
    grid[:, 0] = torch.linspace(-6, 6, 200)
    ramps = bins(grid).numpy()
    assert ((ramps >= 0) & (ramps <= 1)).all()
    of_first = bins.weight[0].numpy() > 0
    assert of_first.any()
    assert (np.diff(ramps[:, of_first], axis=0) >= 0).all()
    assert (ramps[0, of_first] == 0).all()
    assert (ramps[-1, of_first] == 1).all()


def test_calibration_needs_positive_slopes() -> None:
    """A map that falls or stands still anywhere cannot be made."""
    with pytest.raises(ValueError, match="positive slope"):
        MonotoneCalibration(0.0, (1.0, 0.0), (0.0,))
