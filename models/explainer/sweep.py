"""Compiled steps of the sweep: mixtures of two payments, and what each player does there.

Mixtures lie on one antithetic pair of walks from a background row to the payment: one lets
the changed players in in an order, the other in the reverse order. Both stop a few times.
Wherever they stop, a player's marginal contribution is what its change does to the first
units, exactly, times the slopes of everything behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]
    Integers = NDArray[np.int64]

LANES = 8
"""Players are summed so many side by side; their arrays are padded to a multiple of it."""


@kernel
def lay_out(
    encoded: Floats,  # (flags, E): encoded payments
    state: Floats,  # (flags, K)
    against: Floats,  # (B, E): encoded background rows
    against_state: Floats,  # (B, K)
    weights: Floats,  # (E, U): of the first layers
    columns: Integers,  # (E,): encoded columns, player by player
    starts: Integers,  # (P + 1,): where each player's columns begin
    orders: Integers,  # (B, P)
    stops: Doubles,  # (S,): shares of the changed players that are in, rising
    rows: Floats,  # out (flags * (1 + 2 B S), K): states to ask about
    changes: Floats,  # out (flags, B, U, P padded): what the k-th to come in does to the units
    came: Integers,  # out (flags, B, P): who was the k-th
    counts: Integers,  # out (flags, B): how many changed
) -> None:
    """Mix payments with background rows at every stop of both walks."""
    units = weights.shape[1]
    width = state.shape[1]
    stop_count = len(stops)
    several = np.zeros((LANES, units), np.float32)
    now = np.zeros(width, np.float32)
    row = 0
    for flag in range(len(encoded)):
        rows[row] = state[flag]
        row += 1
        for b in range(len(against)):
            count = 0
            for at in range(len(starts) - 1):
                player = orders[b, at]
                for k in range(starts[player], starts[player + 1]):
                    column = columns[k]
                    if encoded[flag, column] != against[b, column]:
                        came[flag, b, count] = player
                        count += 1
                        break
            counts[flag, b] = count
            now[:] = against_state[b]
            following = 0
            for k in range(count + 1):
                while following < stop_count and k == int(stops[following] * count + 0.5):
                    for j in range(width):
                        rows[row + following, j] = now[j]
                        other = state[flag, j] + against_state[b, j] - now[j]
                        rows[row + stop_count + following, j] = other
                    following += 1
                if k == count:
                    break
                player = came[flag, b, k]
                change = several[k % LANES]
                change[:] = 0.0
                for place in range(starts[player], starts[player + 1]):
                    column = columns[place]
                    step = encoded[flag, column] - against[b, column]
                    if step != 0.0:
                        for j in range(units):
                            change[j] += step * weights[column, j]
                        if column < width - units:
                            now[units + column] = encoded[flag, column]
                for j in range(units):
                    now[j] += change[j]
                if (k + 1) % LANES == 0 or k + 1 == count:
                    # Turned several at a time: a player's changes lie far apart in memory.
                    begin = k // LANES * LANES
                    for j in range(units):
                        for lane in range(LANES):
                            changes[flag, b, j, begin + lane] = several[lane, j]
            row += 2 * stop_count


@kernel
def marginals(
    units: Floats,  # (U,): the first units at a mixture
    slopes: Floats,  # (K,)
    changes: Floats,  # (U, P padded): of the k-th to come in
    sign: Floats,  # (P padded,): -1 for those that are in, 1 for the others
    sums: Floats,  # scratch (P padded,)
    count: int,
    out: Doubles,  # (P,)
) -> None:
    """Write what each changed player adds to a mixture, or takes from it if it is in."""
    sums[:] = 0.0
    zero = np.float32(0.0)
    whole = (count + LANES - 1) // LANES * LANES
    # Four units at a time: fewer visits to the sums.
    for j in range(0, len(units), 4):
        b0, b1, b2, b3 = units[j], units[j + 1], units[j + 2], units[j + 3]
        p0, p1, p2, p3 = max(b0, zero), max(b1, zero), max(b2, zero), max(b3, zero)
        s0, s1, s2, s3 = slopes[j], slopes[j + 1], slopes[j + 2], slopes[j + 3]
        c0, c1, c2, c3 = changes[j], changes[j + 1], changes[j + 2], changes[j + 3]
        for k in range(whole):
            way = sign[k]
            a0, a1, a2, a3 = b0 + way * c0[k], b1 + way * c1[k], b2 + way * c2[k], b3 + way * c3[k]
            sums[k] += (s0 * ((max(zero, a0)) - p0) + s1 * ((max(zero, a1)) - p1)) + (
                s2 * ((max(zero, a2)) - p2) + s3 * ((max(zero, a3)) - p3)
            )
    for k in range(count):
        out[k] = sign[k] * sums[k]


@kernel
def gather(
    encoded: Floats,  # (flags, E)
    against: Floats,  # (B, E)
    columns: Integers,
    starts: Integers,
    stops: Doubles,
    shares: Doubles,  # (S + 2,): quadrature over the walk, background row first, payment last
    log_odds: Doubles,  # (flags,): of the payments
    against_log_odds: Doubles,  # (B,)
    asked: Floats,  # (rows,): log-odds of the states asked about
    units: Floats,  # (rows, U)
    slopes: Floats,  # (rows, K)
    against_units: Floats,  # (B, U)
    against_slopes: Floats,  # (B, K)
    changes: Floats,
    came: Integers,
    counts: Integers,
    values: Doubles,  # out (flags, B, P)
    misses: Doubles,  # out (flags, B, 2): of each walk, |what slopes miss| over its blocks
) -> None:
    """Write each player's contribution against each background row, adding up exactly.

    What the slopes miss between two stops goes to those who came in there, as much to each as
    it weighs; what quadrature misses at the end to all.
    """
    players = len(starts) - 1
    stop_count = len(stops)
    standardised = slopes.shape[1] - units.shape[1]
    sign = np.ones(changes.shape[3], np.float32)
    sums = np.zeros(changes.shape[3], np.float32)
    found = np.zeros((2, stop_count + 2, players))  # walk, stop, k-th to come in
    sizes = np.zeros(stop_count + 2, np.int64)
    reached = np.zeros((2, stop_count + 2))
    total = np.zeros(players)
    first = units.shape[1]
    row = 0
    for flag in range(len(encoded)):
        own = row
        row += 1
        for b in range(len(against)):
            count = counts[flag, b]
            came_in = came[flag, b]
            change = changes[flag, b]
            for stop in range(stop_count):
                sizes[stop + 1] = int(stops[stop] * count + 0.5)
            sizes[0] = 0
            sizes[stop_count + 1] = count
            for walk in range(2):
                for stop in range(stop_count + 2):
                    # The second walk meets the complement of what the first met: in reverse.
                    at = stop if walk == 0 else stop_count + 1 - stop
                    out = found[walk, stop]
                    if walk == 1 and (stop == 0 or stop == stop_count + 1):
                        # Both walks begin and end at the same two payments.
                        reached[walk, stop] = reached[0, stop]
                        for k in range(count):
                            out[k] = found[0, stop, k]
                        continue
                    if stop == 0:
                        steep = against_slopes[b]
                        here = against_units[b]
                        reached[walk, stop] = against_log_odds[b]
                    elif stop == stop_count + 1:
                        steep = slopes[own]
                        here = units[own]
                        reached[walk, stop] = log_odds[flag]
                    else:
                        place = row + walk * stop_count + at - 1
                        steep = slopes[place]
                        here = units[place]
                        reached[walk, stop] = asked[place]
                    for k in range(count):
                        inside = k < sizes[at] if walk == 0 else k >= sizes[at]
                        sign[k] = -1.0 if inside else 1.0
                    marginals(here, steep, change, sign, sums, count, out)
                    if standardised > 0:
                        for k in range(count):
                            player = came_in[k]
                            for p in range(starts[player], starts[player + 1]):
                                column = columns[p]
                                if column < standardised:
                                    moved = encoded[flag, column] - against[b, column]
                                    out[k] += steep[first + column] * moved
            row += 2 * stop_count
            for k in range(count):
                total[k] = 0.0
                for stop in range(stop_count + 2):
                    total[k] += shares[stop] * 0.5 * (found[0, stop, k] + found[1, stop, k])
            for walk in range(2):
                miss_sum = 0.0
                for stop in range(stop_count + 1):
                    if walk == 0:
                        begin, end = sizes[stop], sizes[stop + 1]
                    else:
                        begin, end = sizes[stop_count - stop], sizes[stop_count + 1 - stop]
                    told = 0.0
                    weight = 0.0
                    for k in range(begin, end):
                        share = 0.5 * (found[walk, stop, k] + found[walk, stop + 1, k])
                        told += share
                        weight += abs(share)
                    miss = reached[walk, stop + 1] - reached[walk, stop] - told
                    miss_sum += abs(miss)
                    if weight > 0.0:
                        for k in range(begin, end):
                            share = 0.5 * (found[walk, stop, k] + found[walk, stop + 1, k])
                            total[k] += 0.5 * miss * abs(share) / weight
                misses[flag, b, walk] = miss_sum
            told = 0.0
            weight = 0.0
            for k in range(count):
                told += total[k]
                weight += abs(total[k])
            miss = log_odds[flag] - against_log_odds[b] - told
            for k in range(count):
                spread = abs(total[k]) / weight if weight > 0.0 else 1.0 / count
                values[flag, b, came_in[k]] = total[k] + miss * spread
