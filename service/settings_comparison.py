"""The settings of shadow against legacy: what is counted, when labels are ripe, what it costs."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class ComparisonSettings(BaseSettings):
    """What can be set about comparing; a part of `Settings`. Money is in the reporting currency."""

    label_maturity_days: Annotated[int, Field(ge=0)] = Field(
        30,
        description="After so many days a payment without a fraud label counts as genuine in "
        "comparisons, and younger days as not yet known: your usual label delay.",
    )
    comparison_horizon_days: Annotated[int, Field(ge=1)] = Field(
        28,
        description="How long you mean to compare before deciding. Intervals that hold at every "
        "look are narrowest then.",
    )
    segment_attributes: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]] = Field(
        default_factory=list,
        description="Declared attributes of payments by which comparisons may be split, such as an "
        "age band (JSON list). Few values each: every value is a line of its own.",
    )
    review_sample_rate: Share = Field(
        0.0,
        description="Share of scored payments drawn at random for review, whatever any system "
        "said of them; listed by `/v1/review-sample`.",
    )
    review_sample_salt: str = Field(
        "penumbra",
        min_length=1,
        description="What the draw is mixed with: another salt, another sample.",
    )
    loss_given_fraud: Share = Field(
        1.0, description="Share of a fraud's amount that is lost when nobody stops it."
    )
    review_cost: NotNegative = Field(
        5.0, description="Cost of reviewing one case or alert, reporting currency."
    )
    friction_cost: NotNegative = Field(
        2.0,
        description="Cost of disturbing a genuine customer with a flag, reporting currency.",
    )
    review_minutes: NotNegative = Field(10.0, description="Minutes that one review takes.")
    clearing_miss_rate: Share = Field(
        0.02,
        description="Share of the frauds among legacy's flags that clearing them automatically "
        "may miss.",
    )
    cpu_hour_cost: NotNegative = Field(
        0.05, description="Cost of one hour of one core, reporting currency."
    )
    scoring_us: NotNegative = Field(
        100.0,
        description="CPU time a transaction takes from topic to ledger, microseconds; "
        "`make bars` measures it on your machine.",
    )
    comparison_max_rows: Annotated[int, Field(ge=1000)] = Field(
        500_000,
        description="The API makes intervals for windows of at most so many payments; "
        "`penumbra evidence` makes them for any.",
    )
