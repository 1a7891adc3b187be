"""What to simulate: every choice a user can make, checked when it is made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from models.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TYPOLOGIES = (
    "card_testing",
    "stolen_card",
    "cnp_spree",
    "account_takeover",
    "merchant_compromise",
    "bust_out",
    "money_mule",
    "structuring",
    "friendly_fraud",
    "impersonation_scam",
)
_SHARES = (0.13, 0.14, 0.22, 0.14, 0.15, 0.06, 0.06, 0.03, 0.04, 0.03)


class SimulationError(BadInput):
    """A simulation was asked for that cannot be made."""


def _shares() -> dict[str, float]:
    return dict(zip(TYPOLOGIES, _SHARES, strict=True))


@dataclass(frozen=True)
class SimulationConfig:
    """A world and how long it is watched.

    start, days: the first day (UTC) and how many. customers, merchants: how many there are;
    payments_per_customer_day: mean number of payments a customer makes a day. fraud_rate:
    share of payments that are fraud. fraud_shares: how the frauds divide over typologies
    (relative weights; one that is not named does not occur). novel_from: the first day,
    counted from 0, on which a typology appears. late_share: share of transactions delivered
    minutes to days after they occurred. missed_share: share of frauds that nobody ever
    labels. false_share: wrong fraud labels for each right one. reversed_share: share of
    chargebacks later withdrawn. backdated_share: share of labels known days after the
    moment they claim. legacy: whether transactions carry the legacy decision.
    foreign_accounts: share of customers outside the euro area whose account is in their
    own currency. Raises SimulationError for values that make no sense.
    """

    seed: int = 7
    customers: int = 5_000
    merchants: int = 6_000
    start: date = date(2026, 1, 1)
    days: int = 60
    payments_per_customer_day: float = 1.9
    fraud_rate: float = 0.008
    fraud_shares: Mapping[str, float] = field(default_factory=_shares)
    novel_from: Mapping[str, int] = field(default_factory=dict)
    late_share: float = 0.0
    missed_share: float = 0.06
    false_share: float = 0.03
    reversed_share: float = 0.04
    backdated_share: float = 0.03
    legacy: bool = True
    foreign_accounts: float = 0.06

    def __post_init__(self) -> None:
        for name, least in (("customers", 10), ("merchants", 10), ("days", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise SimulationError(f"{name} is {getattr(self, name)}: give at least {least}")
        if not 0 < self.payments_per_customer_day <= 50:  # noqa: PLR2004 - a bound on sense
            raise SimulationError(
                f"payments_per_customer_day is {self.payments_per_customer_day}: "
                "give a number above 0 and up to 50"
            )
        if not 0 <= self.fraud_rate <= 0.2:  # noqa: PLR2004 - beyond it nothing is genuine
            raise SimulationError(f"fraud_rate is {self.fraud_rate}: give 0 to 0.2")
        shares = [f.name for f in fields(self) if f.name.endswith("_share")]
        for name in (*shares, "foreign_accounts"):
            if not 0 <= getattr(self, name) <= 1:
                raise SimulationError(f"{name} is {getattr(self, name)}: give a share, 0 to 1")
        for name in (*self.fraud_shares, *self.novel_from):
            if name not in TYPOLOGIES:
                raise SimulationError(
                    f"there is no fraud typology '{name}': choose from {', '.join(TYPOLOGIES)}"
                )
        if min(self.fraud_shares.values(), default=0) < 0:
            raise SimulationError("fraud_shares has a negative weight: give 0 or more")

    @property
    def first_day(self) -> int:
        """The first day, in days since 1970."""
        return (self.start - date(1970, 1, 1)).days

    def share_of(self, typology: str) -> float:
        """Return the share of all frauds that are of this typology, 0 to 1."""
        total = sum(self.fraud_shares.values())
        return self.fraud_shares.get(typology, 0.0) / total if total else 0.0


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says. Raises SimulationError if it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SimulationError(f"cannot read {path}: {error.strerror}; check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SimulationError(f"{path} is not TOML: {error}") from error


def configure(
    found: Mapping[str, Any],
    *,
    base: SimulationConfig | None = None,
    where: str = "configuration",
    **overrides: Any,
) -> SimulationConfig:
    """Return `base` with named values replaced; `overrides` that are not None win over them.

    Raises SimulationError for a name that does not exist or a value of the wrong type; the
    message says `where` it was found.
    """
    values = {**found, **{k: v for k, v in overrides.items() if v is not None}}
    base = base or SimulationConfig()
    known = {f.name: getattr(base, f.name) for f in fields(SimulationConfig)}
    for name, value in values.items():
        if name not in known:
            raise SimulationError(
                f"{where}: unknown key '{name}'; known: {', '.join(sorted(known))}"
            )
        values[name] = _typed(name, value, known[name], where)
    return replace(base, **values)


def _typed(name: str, value: Any, like: Any, where: str) -> Any:
    """Return the value as the type of its default, if it can be."""
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(like, date) and isinstance(value, datetime):
        return value.date()
    if isinstance(like, dict) and isinstance(value, dict):
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in value.values()):
            return value
    elif type(value) is type(like):
        return value
    kind = "table of numbers" if isinstance(like, dict) else type(like).__name__
    raise SimulationError(f"{where}: {name} is {value!r}; give a {kind}")
