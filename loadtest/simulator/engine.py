"""The simulation: day after day of a world, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import columns, frames, geography
from loadtest.simulator.aftermath import follow
from loadtest.simulator.arrivals import arrive
from loadtest.simulator.calendar import Calendar, LabelBook
from loadtest.simulator.config import TYPOLOGIES, SimulationConfig
from loadtest.simulator.finishing import SUSPECTED, finish
from loadtest.simulator.fraud.schedule import LONGEST_DAYS, frauds
from loadtest.simulator.label_frames import as_wire
from loadtest.simulator.labelling import label
from loadtest.simulator.lateness import Lateness
from loadtest.simulator.legacy import DECLINE, Profile, RulesEngine, merged
from loadtest.simulator.payments import pay, standing, verifications
from loadtest.simulator.randomness import generator
from loadtest.simulator.rows import Rows
from loadtest.simulator.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from loadtest.simulator.legacy import Decisions

    Decide = Callable[[RulesEngine, Rows], Decisions]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What came in on one UTC day.

    transactions: wire columns in the order of delivery (event time, unless some are late).
    labels: those that became known that day. truth: typology and episode of the frauds
    among the day's payments; for evaluation only. day is None for what comes in after the
    last day: labels, and transactions that were late.
    """

    day: date | None
    transactions: pl.DataFrame
    labels: pl.DataFrame
    truth: pl.DataFrame


class Simulation:
    """A simulated portfolio of customers, its frauds and what is learned of them.

    The same configuration gives the same bytes, every time.
    """

    def __init__(self, config: SimulationConfig | None = None) -> None:
        self.config = config or SimulationConfig()

    @cached_property
    def world(self) -> World:
        """Customers, merchants and habits."""
        return make_world(self.config)

    @cached_property
    def names(self) -> frames.Names:
        """Identifiers of the world's customers, merchants, accounts, cards and tills."""
        return frames.make_names(self.world)

    def chunks(self) -> Iterator[Chunk]:
        """Yield every day, then one chunk (day None) of what becomes known after the last.

        Memory holds some days at a time, whatever the number of days.
        """
        config = self.config
        course = Course(self.world, self.names)
        for day in range(config.first_day, config.first_day + config.days):
            yield course.day(day)
        yield course.rest()


class Course:
    """A running simulation: what is still to come, and what the bank has learned.

    `haste` divides the time until labels are known, for live streams that cannot wait. `decide`
    is how the bank's rules are asked: of many rows at once, unless told otherwise.
    """

    def __init__(self, world: World, names: frames.Names) -> None:
        self.haste = 1.0
        self.decide: Decide = RulesEngine.decide
        self._world, self._names = world, names
        self._config = world.config
        self._late = Lateness(self._config)
        self._rules = RulesEngine(world)
        self._labels = LabelBook()
        self._coming = Calendar()
        first = self._config.first_day
        self._begin_ms = first * geography.DAY_MS
        for before in range(first - LONGEST_DAYS, first - 1):
            self.expect(frauds(world, before), batch=before)
        self._made = first - 2

    def day(self, day: int) -> Chunk:
        """Return the UTC day (counted since 1970) that follows the one before."""
        self.foresee(day)
        until = (day + 1) * geography.DAY_MS
        return self.pass_until(until, batch=day, name=date(1970, 1, 1) + timedelta(days=day))

    def foresee(self, day: int) -> None:
        """Make what customers and fraudsters will do up to the end of a UTC day."""
        while self._made < day + 1:  # the next local day begins today in the east
            self._made += 1
            rng = generator(self._config.seed, "genuine", self._made)
            paid = pay(rng, self._world, self._made, arrive(rng, self._world.customers, self._made))
            repeated = standing(rng, self._world, self._made)
            checks = verifications(rng, paid)
            acts = frauds(self._world, self._made)
            self.expect(Rows.concat([paid, repeated, checks, acts]), batch=self._made)

    def expect(self, rows: Rows, *, batch: int) -> None:
        """Finish intended rows and keep them until they occur."""
        rng = generator(self._config.seed, "finish", batch)
        self._coming.add(finish(rng, self._world, rows, batch), since_ms=self._begin_ms)

    def pass_until(self, until_ms: int, *, batch: int, name: date | None) -> Chunk:
        """Let time pass to `until_ms`; return what occurred and became known since.

        The bank answers in time order; what follows a payment joins what is to come, or
        what has just occurred. `batch` numbers the passage, `name` goes on the chunk.
        """
        rows = self._coming.due(until_ms)
        decisions = self.decide(self._rules, rows)
        refused = (decisions.decision == DECLINE) & ~rows.scripted
        rows = rows.having(response=np.where(refused, SUSPECTED, rows.response))
        seed = self._config.seed
        rng = generator(seed, "labels", batch)
        self._labels.add(label(rng, self._config, rows, decisions, haste=self.haste))
        since = int(rows.occurred_ms[0]) if len(rows) else until_ms
        self._coming.add(follow(generator(seed, "aftermath", batch), self._world, rows),
                        since_ms=since)  # fmt: skip
        soon = self._coming.due(until_ms)
        rows, decisions = merged(rows, decisions, soon)
        shown = decisions if self._config.legacy else None
        table = frames.transactions(self._world, self._names, rows, shown)
        return Chunk(
            name,
            self._late.deliver(table, rows, until_ms),
            as_wire(self._labels.due(until_ms)),
            frames.truth(TYPOLOGIES, rows),
        )

    def profile(self) -> Profile:
        """Return what the rules know of each customer by now."""
        return self._rules.profile()

    def rest(self) -> Chunk:
        """Return what comes in after the last day: late transactions, and labels."""
        known = as_wire(self._labels.due(None))
        return Chunk(None, self._late.rest(), known, columns.empty(frames.TRUTH_COLUMNS))
