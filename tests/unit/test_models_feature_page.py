"""The page of features says what the catalogue says."""

from pathlib import Path

from models.catalogue import NAMES
from models.feature_page import MEANINGS, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_the_page_of_features_is_up_to_date() -> None:
    """`python -m models.feature_page > docs/features.md` was run after the last change."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_feature_and_no_other_has_a_meaning() -> None:
    """In the order of the catalogue, so that a new feature is explained where it stands."""
    assert tuple(MEANINGS) == NAMES
