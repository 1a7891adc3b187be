"""A console over a small ledger of flagged payments, and people who are signed in to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from builders.api import HERE, Api, api, payment
from fastapi.testclient import TestClient
from plugins.bundles import make_bundle

from models.instants import format_instant
from service.ledger import wall_clock_ms
from service.ledger.case_reads import Asked, Case
from service.people import signing_in
from service.people.passwords import hashed
from service.people.signing_in import Signed
from service.stream.memory import MemoryBroker

PASSWORD = "correct horse battery staple"  # noqa: S105 - made up here
PEOPLE = {
    "anna": "analyst",
    "bert": "analyst",
    "lena": "lead",
    "rita": "risk",
    "adam": "admin",
    "rob": "read-only",
}
MINUTE_MS = 60_000


@cache
def password_hash() -> str:
    """Hash the password of everybody once: it is slow on purpose."""
    return hashed(PASSWORD)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int | None = None) -> None:
        self.now_ms = wall_clock_ms() if now_ms is None else now_ms

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ms

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += int(seconds * 1000)


@dataclass
class Person:
    """Somebody's browser: sends the session's cookie, and forms as the console's pages do."""

    signed: Signed
    client: TestClient

    def get(self, path: str, **given: Any) -> httpx.Response:
        """Ask for a page."""
        answered: httpx.Response = self.client.get(f"/console{path}", **given)
        return answered

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of a page of this session."""
        answered: httpx.Response = self.client.post(
            f"/console{path}",
            data={"csrf": self.signed.csrf} | fields,
            headers={"origin": HERE},
            follow_redirects=False,
        )
        return answered


@dataclass
class Console:
    """The console and what it stands on."""

    api: Api
    clock: Clock

    def person(self, name: str) -> Person:
        """Sign somebody in, without the slow check of a password."""
        user = self.api.ledger.user(name)
        assert user is not None
        signed = signing_in.start(self.api.ledger, self.api.parts.settings, user)
        client = TestClient(
            self.api.client.app,
            base_url=HERE,
            raise_server_exceptions=False,
            cookies={"penumbra_session": signed.token},
        )
        return Person(signed, client)

    def cases(self, **asked: Any) -> list[Case]:
        """Return the cases of a queue, as anna sees it."""
        return self.api.ledger.cases(Asked(**asked), "anna")

    def case(self, case_id: str) -> Case:
        """Return a case that is there."""
        found = self.api.ledger.case(case_id)
        assert found is not None
        return found

    def published(self, topic: str) -> list[dict[str, Any]]:
        """Return the records of a topic, watermarks left out."""
        found = [
            json.loads(record.value or b"{}")
            for partition in self.api.broker.log(topic).records
            for record in partition
        ]
        return [one for one in found if "watermark" not in one]

    def actions(self) -> list[str]:
        """Return the actions of the audit log, oldest first."""
        found = self.api.ledger.audit_page(limit=1000, where={})
        return [entry.action for entry in reversed(found)]


def payments(customers: int, now_ms: int) -> list[dict[str, Any]]:
    """Return small payments of some customers, each with flagged ones at the end.

    Customers share devices two by two and merchants three by three; every fifth has two flags.
    """
    made = []
    for number in range(customers):
        flagged = [90_000 - 1_000 * number, *([45_000] if number % 5 == 0 else [])]
        for nth, amount in enumerate([150, 220, 180, *flagged]):
            at_ms = now_ms - 50 * MINUTE_MS + (number * 8 + nth) * 1_000
            made.append(
                payment(
                    f"t{number:03d}-{nth}",
                    customer_id=f"customer-{number:03d}",
                    merchant_id=f"merchant-{number // 3}",
                    device_id=f"device-{number // 2}",
                    amount_minor=amount,
                    occurred_at=format_instant(at_ms),
                    channel="ecommerce",
                    country="DE",
                    ip_country="DE" if number % 2 else "FR",
                    mcc="5732",
                )
            )
    return made


@contextmanager
def console(
    folder: Path,
    *,
    url: str | None = None,
    customers: int = 6,
    clock: Callable[[], int] | None = None,
    broker: MemoryBroker | None = None,
    **given: Any,
) -> Iterator[Console]:
    """Run a console with users and cases; one case a customer, its flags explained and filed."""
    there = broker or MemoryBroker()
    there.ensure({"fraud-labels": 1, "penumbra.handoff": 1, "penumbra.redrive": 1})
    bundle = make_bundle(folder / "bundle", threshold=30.0)
    own = clock if isinstance(clock, Clock) else Clock()
    with api(
        url or f"sqlite:///{folder}/ledger.db",
        folder,
        bundle,
        broker=there,
        clock=own,
        **{"http_seal_wait_s": 0.0} | given,
    ) as running:
        running.ledger._clock = own
        for name, role in PEOPLE.items():
            running.ledger.add_user(name, role, password_hash())
        if customers:
            answered = running.client.post("/v1/score", json=payments(customers, own()))
            assert answered.status_code == 200, answered.text
            running.ledger.file_alerts(24 * 60 * MINUTE_MS)
        yield Console(running, own)
