"""The demo that started this console, asked over its own small door on this machine.

Only where `PENUMBRA_DEMO_CONTROL_URL` is set. What is asked and answered is loadtest's
`control.py` and `board.py`; a test holds the two together.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from models.errors import PenumbraError

if TYPE_CHECKING:
    from service.settings_demo import DemoSettings

TIMEOUT_S = 2.0
Kind = Literal["kill", "garbage", "hang"]

# A proxy of the environment is for other machines; this door is on this one.
_direct = build_opener(ProxyHandler({}))


class DemoGone(PenumbraError):
    """The demo does not answer any more."""


class Second(msgspec.Struct, frozen=True):
    """A second: payments that waited for Penumbra, and the live path's median time, if any."""

    second: int
    waiting: int
    took_ms: float | None


class Disturbance(msgspec.Struct, frozen=True):
    """Something that was broken; `over_ms` is None until everything was caught up.

    `came` counts the payments that came meanwhile, `caught_up` those of them in the ledger.
    """

    kind: Kind
    begun_ms: int
    over_ms: int | None
    came: int
    caught_up: int


class Sample(msgspec.Struct, frozen=True):
    """Payments of the live path and what they took; None without any."""

    payments: int
    median_ms: float | None
    slowest_ms: float | None


class LivePath(msgspec.Struct, frozen=True):
    """What payments took with Penumbra disturbed and without; a 95 % interval, None if too few."""

    undisturbed: Sample
    disturbed: Sample
    difference_ms: float | None
    low_ms: float | None
    high_ms: float | None


class State(msgspec.Struct, frozen=True):
    """How the demo stands: counts since it went live, the latest seconds, what was broken."""

    now_ms: int
    sent: int
    recorded: int
    lost: int
    doubled: int
    refused: int
    seconds: list[Second]
    disturbances: list[Disturbance]
    live_path: LivePath

    @property
    def running(self) -> Disturbance | None:
        """What is broken now."""
        last = self.disturbances[-1] if self.disturbances else None
        return last if last is not None and last.over_ms is None else None


def is_demo(settings: DemoSettings) -> bool:
    """Whether this console was started by `penumbra demo`."""
    return settings.demo_control_url is not None and settings.demo_control_token is not None


def state(settings: DemoSettings) -> State | None:
    """Return how the demo stands, None while it is not live yet. Raises DemoGone."""
    try:
        return msgspec.json.decode(_asked(settings, "/state", "GET"), type=State | None)
    except msgspec.MsgspecError as error:
        raise DemoGone(f"the demo answers in another form ({error}); start both anew") from error


def begin(settings: DemoSettings, kind: Kind) -> None:
    """Ask the demo to break something. Raises DemoGone."""
    _asked(settings, f"/disturbances/{kind}", "POST")


def _asked(settings: DemoSettings, path: str, method: str) -> bytes:
    if settings.demo_control_url is None or settings.demo_control_token is None:
        raise DemoGone("this console was not started by `penumbra demo`")
    request = Request(  # noqa: S310 - http on this machine: the setting allows nothing else
        settings.demo_control_url.rstrip("/") + path,
        method=method,
        headers={"Authorization": f"Bearer {settings.demo_control_token.get_secret_value()}"},
    )
    try:
        with _direct.open(request, timeout=TIMEOUT_S) as answer:
            if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
                raise DemoGone(f"the demo answered {answer.status}; start it again: make demo")
            return bytes(answer.read())
    except (URLError, OSError) as error:
        raise DemoGone("the demo does not answer any more; start it again: make demo") from error
