"""Who judges a batch: the champion, its challengers and the legacy rules, loaded once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from models.bundle import Bundle, load_bundle
from models.errors import BadInput
from models.features import full_names
from models.intake import Intake
from models.money import Rates
from models.scorer import Scorer
from service.pipeline.compared import Compared
from service.rules import Ruleset

if TYPE_CHECKING:
    from models.attributes import Attribute
    from service.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One bundle, ready to score."""

    bundle: Bundle
    scorer: Scorer

    @staticmethod
    def load(path: Path) -> Judge:
        """Load and verify a bundle. Raises BundleRefused."""
        bundle = load_bundle(path)
        return Judge(bundle, Scorer(bundle))


@dataclass(frozen=True, slots=True, eq=False)
class Lineup:
    """The champion makes alerts; challengers are scored beside it; rules stand for the legacy.

    All bundles read the same stored vector: the kernel's features and the champion's declared
    `attributes`. `ruleset` is None where legacy decisions come from outside.
    """

    champion: Judge
    challengers: tuple[Judge, ...]
    ruleset: Ruleset | None
    legacy_source: str
    reporting_currency: str
    attributes: tuple[Attribute, ...]
    feature_names: tuple[str, ...]
    compared: Compared

    @staticmethod
    def load(settings: Settings) -> Lineup:
        """Load what the settings name. Raises BundleRefused, BadInput or RulesetRefused."""
        champion = Judge.load(settings.bundle_path or demo_bundle())
        challengers = tuple(Judge.load(path) for path in settings.challenger_paths)
        spec = champion.bundle.spec
        for judge in (champion, *challengers):
            bundle = judge.bundle
            if bundle.spec.reporting_currency != settings.reporting_currency:
                raise BadInput(
                    f"bundle {bundle.bundle_id} was trained on amounts in "
                    f"{bundle.spec.reporting_currency}, PENUMBRA_REPORTING_CURRENCY is "
                    f"{settings.reporting_currency}; make them agree"
                )
            if bundle.spec.attributes != spec.attributes:
                raise BadInput(
                    f"challenger {bundle.bundle_id} declares other attributes than the champion; "
                    "train both with the same mapping"
                )
        names = full_names(spec.attributes)
        ruleset = None
        if settings.legacy_source == "builtin":
            ruleset = Ruleset.load(settings.rules_path or "default", features=names)
        return Lineup(
            champion,
            challengers,
            ruleset,
            settings.legacy_source,
            settings.reporting_currency,
            spec.attributes,
            names,
            Compared.of(settings),
        )

    def led_by(self, bundle_id: str) -> Lineup:
        """Return the same bundles with this one as champion. Raises KeyError if it is none of them.

        The champion until now is scored on as a challenger, and explains the flags it raised.
        """
        judges = {judge.bundle.bundle_id: judge for judge in (self.champion, *self.challengers)}
        champion = judges.pop(bundle_id)
        return replace(self, champion=champion, challengers=tuple(judges.values()))

    @property
    def bundle_ids(self) -> tuple[str, ...]:
        """The bundles that score, the champion first."""
        return tuple(judge.bundle.bundle_id for judge in (self.champion, *self.challengers))

    def intake(self, settings: Settings) -> Intake:
        """Return what may come in under these settings."""
        rates = (
            Rates.load(settings.rates_path, settings.reporting_currency)
            if settings.rates_path
            else Rates.none(settings.reporting_currency)
        )
        return Intake(
            rates=rates,
            future_tolerance_ms=int(settings.future_tolerance_s * 1000),
            max_record_bytes=settings.max_record_bytes,
            id_formats=settings.id_formats,
            attributes=frozenset(
                (*(one.name for one in self.attributes), *self.compared.segment_attributes)
            ),
        )


def demo_bundle() -> Path:
    """Return the folder of the bundle that comes with Penumbra."""
    return Path(str(resources.files("service") / "bundles" / "demo"))
