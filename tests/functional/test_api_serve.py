"""`penumbra serve` as a process: starts, serves, publishes, ends cleanly, refuses in one line."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from builders.api import payment
from builders.waiting import PATIENCE_S, wait_for
from plugins.bundles import make_bundle
from plugins.stream import Member

from service.broker import EmbeddedBroker
from service.ledger import Ledger
from service.settings import Settings
from service.stream.connect import open_consumer, open_topics

AWAY = "127.0.0.1:1"


def environment(folder: Path, **given: str) -> dict[str, str]:
    """Return an environment in which everything is kept in `folder`."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PENUMBRA_")}
    return bare | {
        "PENUMBRA_VAR_DIR": str(folder / "var"),
        "PENUMBRA_BUNDLE_PATH": str(folder / "bundle"),
        "PENUMBRA_KAFKA_BOOTSTRAP_SERVERS": AWAY,
        "PENUMBRA_CONNECT_ATTEMPTS": "1",
    } | given  # fmt: skip


def command(*arguments: str) -> list[str]:
    """Return a command line of Penumbra's."""
    return [sys.executable, "-m", "service", *arguments]


@contextmanager
def serving(
    folder: Path, given: dict[str, str], stop: signal.Signals = signal.SIGTERM
) -> Iterator[httpx.Client]:
    """Run `penumbra serve` on a free port until the block ends; it must end cleanly."""
    with subprocess.Popen(
        command("serve", "--port", "0"),
        env=environment(folder, **given),
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("ab"),
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, (folder / "log").read_text()
            with httpx.Client(base_url=found[0], timeout=60) as client:
                wait_for(lambda: client.get("/readyz").status_code == 200, "readiness")
                yield client
            process.send_signal(stop)
            assert process.wait(timeout=60) == 0
            assert "stopped" in process.stdout.read()
        finally:
            process.kill()


def test_it_serves_without_a_broker_and_remembers_after_a_restart(tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM keep the histories; what was scored is known to the next process."""
    make_bundle(tmp_path / "bundle", threshold=-100.0)
    with serving(tmp_path, {}, signal.SIGINT) as client:
        first = client.post("/v1/score", json=payment()).json()
        assert first["alert"]["explanation"]["reasons"] is not None
        assert client.post("/v1/labels", json={}).status_code == 422
    assert len(list((tmp_path / "var" / "state").rglob("*.state"))) == 1
    with serving(tmp_path, {}, signal.SIGTERM) as client:
        assert client.post("/v1/score", json=payment()).json() == first | {"duplicate": True}
        later = client.post("/v1/score", json=payment("t2", occurred_at="2026-07-01T13:00:00Z"))
        assert later.json()["status"] == "scored"
        assert client.get("/v1/coverage").json()["reconciles"]
    ledger = Ledger.open(f"sqlite:///{tmp_path}/var/penumbra.db")
    assert {state.idle for state in ledger.progress(["http"])} == {True}
    ledger.close()
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert "customer" not in log


def test_it_publishes_and_takes_labels_once_a_broker_is_there(
    tmp_path: Path, own_broker: EmbeddedBroker
) -> None:
    """Decision and alert in Penumbra's topics, the label and watermarks in the label topic."""
    make_bundle(tmp_path / "bundle", threshold=-100.0)
    settings = Settings.load(**own_broker.settings())
    topics = open_topics(settings)
    topics.ensure(dict.fromkeys(("fraud-labels", "penumbra.decisions", "penumbra.alerts"), 2))
    topics.close()
    given = {f"PENUMBRA_{key.upper()}": str(value) for key, value in own_broker.settings().items()}
    consumer = open_consumer(settings)
    member = Member(consumer).join("fraud-labels", "penumbra.decisions", "penumbra.alerts")
    with serving(tmp_path, given) as client:
        scored = client.post("/v1/score", json=payment()).json()
        label = {
            "transaction_id": "t1",
            "is_fraud": True,
            "source": "investigation",
            "labelled_at": "2026-07-02T08:00:00Z",
        }
        taken = client.post("/v1/labels", json=label)
        assert taken.status_code == 202

        def of(topic: str) -> list[dict[str, object]]:
            return [
                msgspec.json.decode(record.value)
                for (name, _), records in member.read.items()
                for record in records
                if name == topic and record.value is not None
            ]

        member.poll_until(lambda: bool(of("penumbra.alerts")), "the alert")
        member.poll_until(lambda: bool(of("penumbra.decisions")), "the decision")
        assert of("penumbra.decisions") == [scored["decision"]]
        assert of("penumbra.alerts") == [scored["alert"]]

        def marked() -> bool:
            marks = [
                partition
                for (name, partition), records in member.read.items()
                for record in records
                if name == "fraud-labels" and b'"watermark"' in (record.value or b"")
            ]
            return set(marks) == {0, 1}

        member.poll_until(marked, "watermarks in every partition")
        labels = [one for one in of("fraud-labels") if "label_id" in one]
        assert [one["label_id"] for one in labels] == taken.json()["label_ids"]
    consumer.close()


def refused(folder: Path, *arguments: str, **given: str) -> str:
    """Run a `penumbra serve` that must not start; return its one line."""
    done = subprocess.run(
        command("serve", *arguments),
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    return line


def test_an_open_door_is_refused_in_one_line(tmp_path: Path) -> None:
    """Before anything is opened."""
    line = refused(tmp_path, "--host", "0.0.0.0")  # noqa: S104
    assert "PENUMBRA_API_TOKENS" in line
    assert not (tmp_path / "var").exists()


def test_a_port_that_is_taken_is_refused_in_one_line(tmp_path: Path) -> None:
    """With what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = refused(tmp_path, "--port", str(taken.getsockname()[1]))
    assert "choose another" in line


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PENUMBRA_BUNDLE_PATH", "/nowhere", "no such directory"),
        ("PENUMBRA_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "unavailable"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    """A bundle or a database that is not there."""
    assert said in refused(tmp_path, "--port", "0", **{name: value})
