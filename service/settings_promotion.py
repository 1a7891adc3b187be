"""The settings of promotion: where recommendations go, where packs lie, whose keys count."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from service.stream.shadow import is_shadow_topic

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PromotionSettings(BaseSettings):
    """What can be set about promotion; a part of `Settings`."""

    topic_recommendations: str = Field(
        "penumbra.recommendations",
        description="Output: one record a promotion or rollback, for those who run the live rules.",
    )
    evidence_dir: Path | None = Field(
        None,
        description="Folder in which the API looks for evidence packs. Empty: `VAR_DIR/evidence`.",
    )
    signers: dict[str, Fingerprint] = Field(
        default_factory=dict,
        description="Whose signatures count for a promotion: names and fingerprints of their keys "
        '(JSON, `{"alice": "9f86…"}`), kept where another team approves changes. Empty: all '
        "signers that the ledger knows.",
    )

    @field_validator("topic_recommendations")
    @classmethod
    def _recommendations_are_ours(cls, topic: str) -> str:
        if not is_shadow_topic(topic):
            raise ValueError("a shadow writes to penumbra.* only; name it penumbra.something")
        return topic
