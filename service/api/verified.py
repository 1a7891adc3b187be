"""What the API answers of an alert that was computed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from models.instants import format_instant

if TYPE_CHECKING:
    from service.verifying import Difference, Verification


class DifferenceShown(msgspec.Struct):
    """A figure or sentence that came out otherwise; `where` is its path in the alert."""

    where: str
    stored: str
    computed: str


class VerificationShown(msgspec.Struct):
    """What came of computing an alert anew from its stored inputs and bundle.

    `identical`: everything compared is the same, bit for bit. `close`: on another runtime than
    then, whose differences `runtime` lists, within 1e-6. `different`: see `differences`. `erased`:
    the customer was, at `erased_at`. `not_verifiable`: `why` says what is missing.
    """

    alert_id: str
    verdict: Literal["identical", "close", "different", "erased", "not_verifiable"]
    bundle_id: str | None
    erased_at: str | None
    why: str | None
    same_runtime: bool
    runtime: list[DifferenceShown]
    same_wording: bool
    compared: int
    largest_difference: float
    differences: list[DifferenceShown]


def verification_shown(found: Verification) -> VerificationShown:
    """Return a verification as it is shown."""
    return VerificationShown(
        alert_id=found.alert_id,
        verdict=found.verdict,
        bundle_id=found.bundle_id,
        erased_at=None if found.erased_ms is None else format_instant(found.erased_ms),
        why=found.why,
        same_runtime=found.same_runtime,
        runtime=[_difference(one) for one in found.runtime],
        same_wording=found.same_wording,
        compared=found.compared,
        largest_difference=found.largest,
        differences=[_difference(one) for one in found.differences],
    )


def _difference(one: Difference) -> DifferenceShown:
    return DifferenceShown(one.where, one.stored, one.computed)
