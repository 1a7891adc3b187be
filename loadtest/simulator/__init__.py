"""A simulated payment portfolio: customers with habits, merchants, fraud, labels."""

from loadtest.simulator.config import (
    TYPOLOGIES,
    SimulationConfig,
    SimulationError,
    configure,
    read_toml,
)
from loadtest.simulator.engine import Chunk, Simulation
from loadtest.simulator.live import LiveStream, demo_config
from loadtest.simulator.wire import keys, wire

__all__ = [
    "TYPOLOGIES",
    "Chunk",
    "LiveStream",
    "Simulation",
    "SimulationConfig",
    "SimulationError",
    "configure",
    "demo_config",
    "keys",
    "read_toml",
    "wire",
]
