"""What can stop a promotion.

PenumbraError
├── BadInput
│   ├── ApprovalRefused     a text is no signature of a pack, or is another person's
│   ├── KeyRefused          a signer's key file cannot be made, opened, or is another's
│   ├── PackRefused         an evidence pack is not whole, or was touched
│   └── PromotionRefused    what is missing before a bundle may become or cease to be champion
├── ChampionMissing         the ledger's champion is a bundle that this process does not have
└── PromotionUnproven       the ledger names a champion without two valid signatures
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import BadInput, PenumbraError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ApprovalRefused(BadInput):
    """A text is not a signature of a pack, or not of the person who hands it over."""


class KeyRefused(BadInput):
    """A key file is not there, is in the way, or does not open with this passphrase."""


class PackRefused(BadInput):
    """A folder is not the evidence pack that was built."""


class PromotionRefused(BadInput):
    """The champion stays; `missing` holds a sentence for each thing that is not there."""

    def __init__(self, what: str, missing: Sequence[str]) -> None:
        super().__init__(f"{what} refused: {'; '.join(missing)}")
        self.missing = tuple(missing)


class ChampionMissing(PenumbraError):
    """Another bundle was made champion, and it is not among those loaded here."""

    def __init__(self, bundle_id: str, number: int, loaded: Sequence[str]) -> None:
        super().__init__(
            f"the champion is {bundle_id} since promotion {number}, and this process has only "
            f"{', '.join(loaded)}; add its folder to PENUMBRA_CHALLENGER_PATHS and start again"
        )
        self.bundle_id = bundle_id


class PromotionUnproven(PenumbraError):
    """A promotion in the ledger does not carry what every promotion must."""

    def __init__(self, number: int, bundle_id: str, missing: Sequence[str]) -> None:
        super().__init__(
            f"promotion {number} to {bundle_id} is not followed: {'; '.join(missing)}; find out "
            "who wrote it, and roll back to the bundle before it"
        )
        self.missing = tuple(missing)
