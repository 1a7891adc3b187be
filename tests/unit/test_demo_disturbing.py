"""Buttons that break Penumbra: one at a time, and over only when all is caught up."""

import httpx
import numpy as np
import pytest

from loadtest.demo.control import Control
from loadtest.demo.disturbing import GARBAGE, HANG_S, Disturbing, Kind, garbage
from models.decode import decode
from models.intake import Intake
from models.money import Rates


class FakeSystem:
    """Notes what is done to which process."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def kill(self, name: str) -> None:
        """Note a kill."""
        self.done.append(f"kill {name}")

    def start(self, name: str, *arguments: str) -> None:
        """Note a start."""
        self.done.append(f"start {name} {' '.join(arguments)}")

    def pause(self, name: str) -> None:
        """Note a pause."""
        self.done.append(f"pause {name}")

    def resume(self, name: str) -> None:
        """Note the end of a pause."""
        self.done.append(f"resume {name}")


class FakeFeed:
    """Counts records."""

    sent = 0

    def send_raw(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Count one."""
        assert topic == "transactions"
        assert key is not None or value is not None
        self.sent += 1

    def flush(self) -> None:
        """Have nothing to do."""


class Clock:
    """Seconds that a test lets pass."""

    now = 1_000.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that a test winds."""
    return Clock()


@pytest.fixture
def system() -> FakeSystem:
    """Give a system that notes what is done to it."""
    return FakeSystem()


@pytest.fixture
def disturbing(system: FakeSystem, clock: Clock) -> Disturbing:
    """Give the buttons over a system and a feed that only note."""
    return Disturbing(system, FakeFeed(), clock)  # type: ignore[arg-type]  # what is used of them


def test_a_killed_worker_is_started_again_and_it_is_over_when_nothing_waits(
    disturbing: Disturbing, system: FakeSystem, clock: Clock
) -> None:
    """Over is when what came meanwhile is recorded, not when the process runs."""
    disturbing.begin(Kind.KILL, refused=0)
    assert system.done == ["kill worker", "start worker worker"]
    disturbing.look(waiting=0, refused=0)
    assert disturbing.running is not None  # too early for anything to wait
    clock.now += 6
    disturbing.look(waiting=12, refused=0)
    assert disturbing.running is not None
    disturbing.look(waiting=0, refused=0)
    assert disturbing.running is None
    assert disturbing.past[0].over_ms == 1_005_000  # a second ago: what came since may be under way


def test_a_hanging_worker_goes_on_after_its_seconds(
    disturbing: Disturbing, system: FakeSystem, clock: Clock
) -> None:
    """Nobody has to press anything for that."""
    disturbing.begin(Kind.HANG, refused=0)
    clock.now += HANG_S - 0.1
    disturbing.look(waiting=0, refused=0)
    assert system.done == ["pause worker"]
    clock.now += 0.2
    disturbing.look(waiting=0, refused=0)
    assert system.done == ["pause worker", "resume worker"]
    assert disturbing.running is None


def test_garbage_is_over_when_all_of_it_is_refused(disturbing: Disturbing, clock: Clock) -> None:
    """Each record has its dead letter."""
    disturbing.begin(Kind.GARBAGE, refused=7)
    clock.now += 9
    disturbing.look(waiting=0, refused=7 + GARBAGE - 1)
    assert disturbing.running is not None
    disturbing.look(waiting=0, refused=7 + GARBAGE)
    assert disturbing.running is None


def test_one_thing_at_a_time(disturbing: Disturbing, system: FakeSystem) -> None:
    """Who presses twice breaks it once."""
    disturbing.begin(Kind.HANG, refused=0)
    disturbing.begin(Kind.KILL, refused=0)
    assert system.done == ["pause worker"]


def test_all_garbage_is_refused_and_for_six_reasons() -> None:
    """None of it could be taken for a payment."""
    made = garbage(np.random.default_rng(1), 300)
    taken = decode(
        [value for _, value in made],
        [key for key, _ in made],
        intake=Intake(Rates.none("EUR")),
        now_ms=4_000_000_000_000,
    )
    accepted = set(taken.record.tolist())
    misrouted = set(range(5, 300, 6))  # refused where keys are compared, if not here
    assert accepted <= misrouted
    assert len({one.reason for one in taken.rejections}) >= 4


def test_the_door_opens_to_whoever_knows_the_token_only() -> None:
    """On this machine other programs run too."""
    with Control() as control:
        control.show({"sent": 3})
        assert control.url.startswith("http://127.0.0.1:")
        assert _asked(control.url + "/state", control.token) == (200, {"sent": 3})
        assert _asked(control.url + "/state", "another")[0] == 401
        assert _asked(control.url + "/disturbances/kill", "no", post=True)[0] == 401
        assert control.asked() == []
        assert _asked(control.url + "/disturbances/kill", control.token, post=True)[0] == 202
        assert _asked(control.url + "/disturbances/launch", control.token, post=True)[0] == 404
        assert control.asked() == [Kind.KILL]
        assert control.asked() == []


def _asked(url: str, token: str, *, post: bool = False) -> tuple[int, dict[str, object]]:
    answer = httpx.request(
        "POST" if post else "GET", url, headers={"Authorization": f"Bearer {token}"}, timeout=5
    )
    return answer.status_code, answer.json()
