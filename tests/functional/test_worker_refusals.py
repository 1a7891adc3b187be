"""What the worker and the backtest refuse to start with: one line, the fix in it, exit code 2."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders.waiting import wait_for
from plugins.bundles import make_bundle

from loadtest.system import free_port
from service.broker import EmbeddedBroker
from service.settings import Settings
from service.stream.connect import open_topics

COMMAND = str(Path(sys.executable).with_name("penumbra"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Give a sound bundle."""
    return make_bundle(tmp_path / "bundle")


def environment(folder: Path, **given: object) -> dict[str, str]:
    """Return an environment in which everything is kept under a folder."""
    settings = {
        "var_dir": folder / "var",
        "kafka_bootstrap_servers": f"127.0.0.1:{free_port()}",
        "connect_attempts": 2,
        "connect_timeout_s": 0.3,
    } | given
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PENUMBRA_")}
    return inherited | {f"PENUMBRA_{k.upper()}": str(v) for k, v in settings.items()}


def refused(folder: Path, *arguments: str, **given: object) -> str:
    """Run a command that must fail; return the error, which is its last line."""
    done = subprocess.run(
        [COMMAND, *(arguments or ("worker", "--quiet"))],
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:], done.stderr
    return lines[-1]


def test_no_broker(tmp_path: Path, bundle: Path) -> None:
    """The address that was tried, and how to start one."""
    said = refused(tmp_path, bundle_path=bundle)
    assert "no Kafka broker answers at 127.0.0.1:" in said
    assert "penumbra broker" in said
    assert "PENUMBRA_KAFKA_BOOTSTRAP_SERVERS" in said


@pytest.mark.parametrize("command", ["worker", "warm", "backtest"])
def test_a_database_that_does_not_answer(tmp_path: Path, bundle: Path, command: str) -> None:
    """The address without the password, after as many attempts as are set."""
    data = tmp_path / "data.csv"
    data.write_text("transaction_id\n")
    extra = {"worker": (), "warm": ("--data", str(data), "--partitions", "1")}
    said = refused(
        tmp_path,
        command,
        *extra.get(command, ("--data", str(data))),
        bundle_path=bundle,
        database_url=f"postgresql://penumbra:secret@127.0.0.1:{free_port()}/penumbra",
    )
    assert "is unavailable" in said
    assert "PENUMBRA_DATABASE_URL" in said
    assert "secret" not in said


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    """The path that was looked at."""
    said = refused(tmp_path, bundle_path=tmp_path / "nowhere")
    assert "nowhere" in said


@pytest.mark.parametrize("harmed", ["score.onnx", "background.npy", "manifest.json"])
def test_a_bundle_with_one_changed_byte(tmp_path: Path, bundle: Path, harmed: str) -> None:
    """The file whose hash is not the one in the manifest."""
    file = bundle / harmed
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert harmed in refused(tmp_path, bundle_path=bundle)


def test_malformed_rules(tmp_path: Path, bundle: Path) -> None:
    """File and line."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        'name: mine\nversion: "1"\nrules:\n'
        "  - name: night\n    condition: hour <\n    action: decline\n    score: 9\n"
    )
    said = refused(tmp_path, bundle_path=bundle, rules_path=rules)
    assert "rules.yaml:5" in said


def test_a_malformed_mapping(tmp_path: Path, bundle: Path) -> None:
    """File and field, before any partition is taken."""
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("transaction_id: {colum: ID}\n")
    said = refused(tmp_path, bundle_path=bundle, mapping_path=mapping)
    assert "mapping.yaml" in said


def test_topics_that_are_not_there(
    tmp_path: Path, bundle: Path, own_broker: EmbeddedBroker
) -> None:
    """The worker never makes the payment company's topics."""
    said = refused(tmp_path, bundle_path=bundle, connect_timeout_s=5, **own_broker.settings())
    assert "topic transactions does not exist" in said
    topics = open_topics(Settings.load(**own_broker.settings()))
    with pytest.raises(Exception, match="does not exist"):
        topics.describe("transactions")
    topics.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_worker_in_order(
    tmp_path: Path, bundle: Path, own_broker: EmbeddedBroker, number: signal.Signals
) -> None:
    """Exit code 0, and no relay is left behind."""
    topics = open_topics(Settings.load(**own_broker.settings()))
    topics.ensure({"transactions": 2, "fraud-labels": 1})
    topics.close()
    given = own_broker.settings() | {"bundle_path": bundle, "connect_timeout_s": 5}
    log = tmp_path / "log"
    with log.open("wb") as said:
        worker = subprocess.Popen(
            [COMMAND, "worker"], env=environment(tmp_path, **given), stdout=said, stderr=said
        )
    try:
        wait_for(
            lambda: log.read_text().count("partition_taken") == 3 or worker.poll() is not None,
            "three partitions taken",
        )
        assert worker.poll() is None, log.read_text()
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        worker.send_signal(number)
        assert worker.wait(30) == 0, log.read_text()
    finally:
        worker.kill()
    wait_for(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), f"the end of {children}"
    )
