"""What is asked of the queue, as it stands in the address: filters, order, page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from models.transaction import LEGACY_DECISIONS
from service.ledger.case_reads import Asked, Sort, View

PER_PAGE = 50

Legacy = Literal["approve", "challenge", "review", "decline", ""]


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """A queue and a page of it; `text` is its query string, empty for the usual queue."""

    asked: Asked
    page: int = 1

    @property
    def text(self) -> str:
        """The query string that asks for this again."""
        return self.with_(page=self.page)

    def with_(self, **changed: str | int | bool | None) -> str:
        """Return the query string of this queue with something changed, from its first page on."""
        asked = self.asked
        usual = Asked()
        legacy = None if asked.legacy is None else LEGACY_DECISIONS[asked.legacy]
        values = {
            "view": asked.view,
            "sort": asked.sort,
            "ascending": asked.ascending,
            "min_risk": asked.min_risk,
            "legacy": legacy,
            "customer": asked.customer,
            "assignee": asked.assignee,
            "page": 1,
        } | changed
        defaults = {
            "view": usual.view,
            "sort": usual.sort,
            "ascending": usual.ascending,
            "min_risk": 0,
            "page": 1,
        }
        kept = {
            name: "1" if value is True else value
            for name, value in values.items()
            if value not in {None, "", False} and value != defaults.get(name)
        }
        return urlencode(kept)

    def sorted_by(self, sort: str) -> str:
        """Return the query string of this queue in another order, or turned round."""
        turned = sort == self.asked.sort and not self.asked.ascending
        return self.with_(sort=sort, ascending=turned)


def _address(
    view: View = "open",
    sort: Sort = "risk",
    ascending: bool = False,  # noqa: FBT001, FBT002 - a field of the address
    min_risk: Annotated[str, Query(max_length=3, pattern="^[0-9]*$")] = "",
    legacy: Legacy = "",
    customer: Annotated[str, Query(max_length=128)] = "",
    assignee: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> QueueAddress:
    return QueueAddress(
        Asked(
            view=view,
            sort=sort,
            ascending=ascending,
            min_risk=int(min_risk or 0),
            legacy=LEGACY_DECISIONS.index(legacy) if legacy else None,
            customer=customer.replace("\0", "").strip() or None,
            assignee=assignee.replace("\0", "").strip() or None,
        ),
        page,
    )


InQueue = Annotated[QueueAddress, Depends(_address)]
"""The queue an address asks for, as an argument of a page's function."""
