"""The training configuration: one frozen tree, read from TOML, written beside the bundle.

A name that is not known is refused, so that a typing mistake never trains with a default.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.errors import ConfigRefused

Days = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_WAYS = ("alert_rate", "alerts_per_day", "precision", "cost")


class WindowConfig(_Section):
    """How time is divided: warm-up | train | gap | validation | gap | test.

    A gap lasts as long as labels take to arrive. `until` ends what is used at all; labels count
    as truth when they were known one gap later.
    """

    until: AwareDatetime | None = Field(
        None, description="leave out payments from here on, for instance 2018-07-25T00:00:00Z"
    )
    gap_days: Days | None = Field(None, description="label delay; unset: measured on the labels")
    warmup_days: Days | None = Field(
        None, description="first days, histories only; unset: 15 % of the span, at most 14 days"
    )
    validation_share: Share = Field(0.12, description="share of the span judged while training")
    test_share: Rate = Field(0.12, description="share of the span judged once; 0: no test window")


class AutoencoderConfig(_Section):
    """The network that learns what genuine payments look like."""

    hidden: Count = 64
    code: Count = 12
    noise: float = Field(0.1, ge=0, description="Gaussian noise added to standardised inputs")
    swap: Rate = Field(0.1, description="share of inputs replaced by another payment's value")
    epochs: Count = 4
    batch_rows: Count = Field(4096, description="most rows a step; fewer on small data")
    learning_rate: float = Field(2e-3, gt=0)
    feeds_classifier: bool = Field(
        True, description="let the classifier read the code and the reconstruction errors"
    )


class ClassifierConfig(_Section):
    """The network that tells fraud from genuine on features, code and reconstruction errors."""

    bins_per_feature: int = Field(8, ge=0, description="ramps a numeric feature; 0: none")
    bin_min_rows: Count = Field(200, description="fewest training rows between two edges")
    bin_min_gain: float = Field(
        3e-4, ge=0, description="least share of the Gini impurity that an edge must remove"
    )
    members: Count = Field(1, description="networks whose logits are averaged")
    hidden: tuple[Count, Count] = (128, 64)
    dropout: Rate = 0.2
    epochs: Count = 8
    batch_rows: Count = Field(4096, description="most rows a step; fewer on small data")
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    refit: bool = Field(
        True, description="after judging, learn again on all windows for as many epochs"
    )


class CostConfig(_Section):
    """What mistakes cost, in the reporting currency."""

    loss_given_fraud: float = Field(
        1.0, gt=0, le=1, description="share of a fraud's amount lost when it is not flagged"
    )
    review_cost: float = Field(ge=0, description="of looking at one flag")
    friction_cost: float = Field(0.0, ge=0, description="of bothering one genuine customer")


class ThresholdConfig(_Section):
    """Which payments are flagged: within a budget, at a precision, or at least cost."""

    alert_rate: Share | None = Field(None, description="share of payments flagged; 0.005")
    alerts_per_day: float | None = Field(None, gt=0)
    precision: Share | None = Field(None, description="share of flags that are fraud")
    cost: CostConfig | None = None
    rank_by: Literal["probability", "probability_x_amount"] = "probability"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in _WAYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: keep one")
        return self

    @property
    def way(self) -> str:
        """Name of the setting that chooses the threshold."""
        return next((name for name in _WAYS if getattr(self, name) is not None), _WAYS[0])

    @property
    def target(self) -> float | None:
        """What was asked for; None where costs decide."""
        if self.cost is not None:
            return None
        return self.share(1.0) if self.way == "alert_rate" else float(getattr(self, self.way))

    def share(self, payments_a_day: float) -> float:
        """Budget as a share of scored payments; 0.5 % unless set."""
        if self.alerts_per_day is not None:
            return min(self.alerts_per_day / max(payments_a_day, 1.0), 0.5)
        return 0.005 if self.alert_rate is None else self.alert_rate


class SegmentsConfig(_Section):
    """Which attributes figures are also told by, beside the groups that the mapping declares."""

    attributes: tuple[str, ...] = ()


class BaselineConfig(_Section):
    """What the network is compared with, on the same features and windows."""

    enabled: bool = True
    logistic_rows: Count = Field(300_000, description="genuine rows kept for the regression")
    tree_rows: Count = Field(300_000, description="genuine rows kept for the decision tree")
    forest_rows: Count = Field(60_000, description="genuine rows kept for the random forest")
    forest_trees: Count = 100
    boosting_rounds: Count = 600
    boosting_bins: Count = Field(1023, description="histogram bins a feature of LightGBM")


class DatasheetConfig(_Section):
    """What only people know of the data: answers in the bundle's datasheet, in Markdown.

    The descriptions are the questions; one without an answer is printed as not stated.
    """

    purpose: str | None = Field(None, description="For what purpose was the data recorded?")
    owner: str | None = Field(None, description="Who recorded it, and on whose behalf?")
    population: str | None = Field(
        None, description="Whose payments are these, and which are left out?"
    )
    personal_data: str | None = Field(
        None, description="Which personal data does it hold, and can people be recognised?"
    )
    collection: str | None = Field(
        None, description="How were payments and labels recorded, and by whom?"
    )
    legal_basis: str | None = Field(
        None, description="On what legal basis is it used, and were the people told?"
    )
    preprocessing: str | None = Field(
        None, description="What was done to the data before it became this file?"
    )
    other_uses: str | None = Field(None, description="For what else is the data used?")
    unsuitable_uses: str | None = Field(None, description="For what should it not be used?")
    contact: str | None = Field(None, description="Who answers questions about it?")
    retention: str | None = Field(None, description="How long may it be kept?")
    updates: str | None = Field(None, description="How is it corrected or renewed?")


class TrainingConfig(_Section):
    """Everything that decides what a training run produces, beside the data and the code."""

    name: str = Field("penumbra", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    seed: int = Field(0, ge=0)
    threads: Count = Field(
        1, description="threads of one fit, two run side by side; another number moves last bits"
    )
    reporting_currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    id_formats: dict[str, str] = Field(
        default_factory=dict, description="fields of ids that may look like card numbers"
    )
    tile: Count = Field(256, description="rows the serving graph is always run with")
    windows: WindowConfig = WindowConfig()
    autoencoder: AutoencoderConfig = AutoencoderConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    threshold: ThresholdConfig = ThresholdConfig()
    segments: SegmentsConfig = SegmentsConfig()
    baselines: BaselineConfig = BaselineConfig()
    datasheet: DatasheetConfig = DatasheetConfig()

    def changed(self) -> dict[str, Any]:
        """Return what differs from the defaults of this version, by dotted name.

        Its name and the answers for the datasheet are none of it: they change no model.
        """
        told = {"name", "datasheet"}
        return _flat(self.model_dump(mode="json", exclude_defaults=True, exclude=told), "")


def load_config(path: Path | None) -> TrainingConfig:
    """Read a configuration from TOML; the defaults when no path is given.

    Raises ConfigRefused with the file, the setting and the reason.
    """
    if path is None:
        return TrainingConfig()
    try:
        return TrainingConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigRefused(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigRefused(f"{path}: not valid TOML ({error}); mend the file") from error
    except ValidationError as error:
        raise ConfigRefused(f"{path}: {_first_fault(error)}") from error


def _flat(tree: dict[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _first_fault(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        return f"unknown setting {where}; see docs/training.md for those there are"
    return f"{where}: {first['msg']}; see docs/training.md"
