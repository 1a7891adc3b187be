"""What can be said of an alert, and which codes give the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["confirmed_fraud", "false_positive", "undetermined"]


@dataclass(frozen=True, slots=True)
class Code:
    """A reason code; `fraud_type` is what a label says of such a fraud."""

    code: str
    says: str
    fraud_type: str | None = None


SAYS: dict[Kind, str] = {
    "confirmed_fraud": "Confirmed fraud",
    "false_positive": "False positive",
    "undetermined": "Undetermined",
}
CODES: dict[Kind, tuple[Code, ...]] = {
    "confirmed_fraud": (
        Code("card_stolen", "Card or card data stolen", "third_party"),
        Code("account_takeover", "Account taken over", "account_takeover"),
        Code("card_testing", "Stolen card being tested", "third_party"),
        Code("scam", "Customer was tricked into paying", "scam"),
        Code("first_party", "Customer's own fraud", "first_party"),
    ),
    "false_positive": (
        Code("customer_confirmed", "Customer confirmed the payment"),
        Code("usual_for_customer", "Usual for this customer"),
        Code("travel", "Customer is travelling"),
        Code("one_off_purchase", "Plausible one-off purchase"),
        Code("known_merchant", "Known and trusted merchant"),
    ),
    "undetermined": (
        Code("customer_unreachable", "Customer could not be reached"),
        Code("not_enough_information", "Not enough information"),
        Code("handled_elsewhere", "Handled in another case"),
    ),
}
IS_FRAUD: dict[str, bool | None] = {
    "confirmed_fraud": True,
    "false_positive": False,
    "undetermined": None,
}
"""The label of each kind; an undetermined alert gets none."""


def code_of(kind: str, code: str) -> Code | None:
    """Return a reason code of a kind, None where the kind has no such code."""
    return next((one for known, codes in CODES.items() if known == kind for one in codes
                 if one.code == code), None)  # fmt: skip


def says(kind: str | None) -> str:
    """Return a kind in words."""
    return next((words for known, words in SAYS.items() if known == kind), "none")


def of_many(kinds: set[str]) -> str:
    """Return what a case is whose alerts were decided so: one fraud makes it a fraud."""
    for kind in ("confirmed_fraud", "undetermined"):
        if kind in kinds:
            return kind
    return "false_positive"
