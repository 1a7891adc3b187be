"""The line-up as the ledger has it now: who is champion may change while a process runs.

Each process follows by itself: it asks the ledger between two batches, holds what it finds
against the rules again, and puts another of its loaded bundles first. What was scored before
keeps its role, so nothing is scored twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.ledger.promotion import PROMOTE
from service.promotion.acts import champion_before
from service.promotion.errors import ChampionMissing, PromotionUnproven
from service.promotion.signers import NEEDED, current, those_who_signed

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.ledger.promotion import Promotion
    from service.pipeline.lineup import Lineup

log = structlog.get_logger(__name__)


class Standing:
    """The bundles of one process, led by the champion of its ledger. Safe between threads.

    `loaded` is led by the first champion, that of the settings. Raises as `follow` does.
    """

    def __init__(self, ledger: Ledger, loaded: Lineup) -> None:
        self._ledger = ledger
        self._loaded = loaded
        self._followed: tuple[int, Lineup] = (0, loaded)  # one reference: threads see both or none
        self.follow()

    @property
    def lineup(self) -> Lineup:
        """The line-up as last followed."""
        return self._followed[1]

    @property
    def first_champion(self) -> str:
        """The bundle that leads until there is a promotion."""
        return self._loaded.champion.bundle.bundle_id

    def follow(self) -> bool:
        """Take up the newest change of champion; return whether there was one.

        Raises ChampionMissing if its bundle is not loaded here, PromotionUnproven if it was not
        signed by two people, LedgerUnavailable.
        """
        newest = self._ledger.newest_promotion()
        if newest is None or newest.number == self._followed[0]:
            return False
        missing = unproven(self._ledger, newest)
        if missing:
            raise PromotionUnproven(newest.number, newest.bundle_id, missing)
        if newest.bundle_id not in self._loaded.bundle_ids:
            raise ChampionMissing(newest.bundle_id, newest.number, self._loaded.bundle_ids)
        self._followed = (newest.number, self._loaded.led_by(newest.bundle_id))
        log.info(
            "champion_changed",
            champion=newest.bundle_id,
            before=newest.previous_id,
            promotion=newest.number,
            kind=newest.kind,
        )
        return True


def unproven(ledger: Ledger, one: Promotion) -> list[str]:
    """Return why a change of champion is not what it must be, nothing if it is.

    Whoever can write the ledger's database could add a row; nobody can add two signatures.
    Signers count as they stood when it happened: one who left since did sign.
    """
    if one.kind != PROMOTE:
        earlier = [each for each in ledger.promotions() if each.number < one.number]
        if champion_before(earlier) != one.bundle_id:
            return ["it goes back to a bundle that was not champion before"]
        return []
    if one.pack_sha256 is None:
        return ["it names no evidence pack"]
    events = [each for each in ledger.signer_events() if each.at_ms <= one.at_ms]
    signed_by = those_who_signed(
        ledger.signatures(one.pack_sha256), current(events, {}), bundle_id=one.bundle_id
    )
    if len(signed_by) < NEEDED:
        return [f"it carries {len(signed_by)} valid signatures, not {NEEDED}"]
    return []
