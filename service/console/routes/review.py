"""The random review: payments drawn by chance, judged by somebody who sees no system's word."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from models.errors import BadInput
from models.transaction import CHANNELS
from service.api.labelling import LabelPosted, labels_of
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, OurForm, SentForm, Who, needs
from service.console.pages import page

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/review"
PER_PAGE = 50
VERDICTS = {"fraud": True, "genuine": False}


@router.get("/review")
def review(parts: Given, who: Who, by: Acting, done: str = "") -> Response:
    """List what was drawn and nobody has judged; neither score nor legacy decision is shown."""
    rows = parts.ledger.review_sample(limit=PER_PAGE)
    parts.ledger.note_action(by, "view random review")
    return page(
        "review.html",
        who,
        here=HERE,
        rows=rows,
        rate=parts.settings.review_sample_rate,
        channels=CHANNELS,
        done=done[:80],
    )


@router.post("/review/{transaction_id}", dependencies=[needs("work"), OurForm])
def judge(parts: Given, by: Acting, sent: SentForm, transaction_id: str) -> Response:
    """Send the label of one drawn payment. Raises BadInput where it is none of them."""
    verdict = VERDICTS.get(sent.text("verdict"))
    drawn = {row.transaction_id for row in parts.ledger.review_sample(limit=PER_PAGE)}
    if verdict is None or transaction_id not in drawn:
        raise BadInput("this payment was judged meanwhile, or not drawn; go back to the list")
    posted = LabelPosted(
        transaction_id=transaction_id,
        is_fraud=verdict,
        source="sample",
        labelled_at=datetime.now(UTC).isoformat(),
    )
    parts.labels.send(labels_of([msgspec.json.encode(posted)], parts.source.intake))
    word = sent.text("verdict")
    parts.ledger.note_action(by, "judge random payment", detail=f"{transaction_id}: {word}")
    return RedirectResponse(f"{HERE}?done={transaction_id}", HTTPStatus.SEE_OTHER)
