"""Sentences that an analyst reads: both sides of a comparison, in their own units."""

import pytest
from builders.facts import sentences_of

from models.attributes import Attribute


def said(name: str, features: dict[str, float] | None = None, **given: object) -> str:
    """Return the sentence of a feature of the usual payment, changed."""
    return sentences_of(features, **given).of(name)[0]  # type: ignore[arg-type]


def test_an_amount_is_told_beside_what_the_customer_pays() -> None:
    """The payment's own amount, how many times, and the average it is compared with."""
    text = said("amount_ratio_30d")
    assert text == "Amount 940.00 EUR is 8.2 times this customer's 30-day average of 114.63 EUR"
    assert said("amount") == "Amount 940.00 EUR; this customer pays 114.63 EUR on average"
    low = said("amount_ratio_all", {"amount_ratio_all": 0.05})
    assert low == (
        "Amount 940.00 EUR is only 5 % of this customer's long-term average of 18,800.00 EUR"
    )


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (94_000, "EUR", "940.00 EUR"),
        (94_000, "JPY", "94,000 JPY"),
        (94_000, "KWD", "94.000 KWD"),
        (5, "USD", "0.05 USD"),
        (123_456_789, "ISK", "123,456,789 ISK"),
    ],
)
def test_minor_units_have_the_decimals_of_their_currency(
    minor: int, currency: str, told: str
) -> None:
    """By the exponents of ISO 4217."""
    own = sentences_of(amount_minor=[minor], reporting_minor=[94_000], currency=[currency]).amount()
    assert own.startswith(told)


def test_an_amount_in_another_currency_is_told_in_both() -> None:
    """As it was made, and as it was compared."""
    text = said("amount", {"amount": 870.12}, amount_minor=[94_000], reporting_minor=[87_012],
                currency=["USD"])  # fmt: skip
    assert text.startswith("Amount 940.00 USD (870.12 EUR); this customer pays ")
    nothing = said("amount_ratio_7d", {"amount_known": 0, "amount": 0}, reporting_minor=[-1],
                   currency=["USD"])  # fmt: skip
    assert nothing == "Amount 940.00 USD has no exchange rate, so it was compared with nothing"


def test_of_an_unknown_customer_the_typical_payment_is_told_and_said_so() -> None:
    """Only there the background set stands for what is usual."""
    new = {"history_known": 0.0, "history_count": 0, "amount_ratio_30d": 1, "spend_ratio_1d": 1}
    assert said("amount", new) == (
        "Amount 940.00 EUR; nothing is known of this customer, and half of all genuine payments "
        "are below 30.00 EUR"
    )
    assert said("device_new", new).startswith("First payment known of this customer")
    assert sentences_of(new).of("amount")[1] is None
    assert sentences_of().of("amount")[1] == pytest.approx(114.63, abs=0.01)


@pytest.mark.parametrize(
    ("name", "features", "text"),
    [
        ("count_1h", {"count_1h": 6}, ("6 payments within an hour, this one included; this "
         "customer makes 0.50 a day on average")),
        ("count_1h", {}, ("No other payment within an hour; this customer makes 0.50 a day on "
         "average")),
        ("since_last_s", {}, ("10 minutes since the last payment; this customer usually waits "
         "100 minutes")),
        ("since_last_s", {"since_last_s": 180, "gap_ratio": 1}, ("3 minutes since the last "
         "payment; this customer usually waits 3 minutes")),
        ("small_before_1d", {"small_before_1d": 1}, ("One payment under a tenth of this amount "
         "came within the 24 hours before")),
        ("night", {"night": 1, "hour_share": 0.004}, ("Paid at night, between 16:00 and 17:00 "
         "local time; 0.4 % of this customer's payments are made around then")),
        ("merchant_new", {"merchant_new": 1}, "This customer never paid at merchant m1 before"),
        ("merchant_frauds_7d", {"merchant_frauds_7d": 3},
         "3 frauds at merchant m1 became known within 7 days"),
        ("country_new", {"country_new": 1}, "This customer never paid in FR before"),
        ("ip_country_differs", {"ip_country_differs": 1},
         "The network address is in DE, the payment in FR"),
        ("travel_speed_kmh", {"distance_km": 900, "travel_speed_kmh": 2700}, ("900 km from where "
         "this customer last paid would have taken 2,700 km/h: faster than an aircraft")),
        ("device_new", {"device_new": 1}, "The device is new to this customer"),
        ("device_new", {"device_known": 0}, "From which device the payment came is not given"),
        ("mcc_new", {"mcc_new": 1},
         "This customer never paid at a merchant of category 0742 before"),
        ("is_atm", {}, "No cash from a machine: web"),
        ("hour", {"local_time_known": 0}, "The local time of this payment is not known"),
    ],
)  # fmt: skip
def test_a_sentence_says_what_was_and_what_is_usual(
    name: str, features: dict[str, float], text: str
) -> None:
    """Singular and plural, high and low, known and unknown."""
    assert said(name, features) == text


def test_an_account_verification_has_no_amount_to_compare() -> None:
    """Of 0.00 nothing is said."""
    none = {"is_verification": 1.0, "amount": 0.0}
    assert said("amount_ratio_30d", none) == "This is an account verification, not a payment"


def test_declared_attributes_are_told_by_their_own_names() -> None:
    """A number with what is typical, a category with its level, and what is not given."""
    given = (
        Attribute("basket {items}", "number"),
        Attribute("plan_known", "category", ("gold", "a=b")),
    )
    features = {"basket {items}": 12.0, "basket {items}_known": 1.0, "plan_known=gold": 1.0,
                "plan_known=a=b": 0.0, "plan_known=other": 0.0,
                "plan_known_known": 1.0}  # fmt: skip
    words = sentences_of(features, attributes=given)
    assert words.of("basket {items}")[0] == (
        "basket {items} is 12; 1 is typical of genuine payments"
    )
    assert words.of("plan_known=gold")[0] == "plan_known is gold"
    assert words.of("plan_known=a=b")[0] == "plan_known is not a=b"
    gone = sentences_of(features | {"basket {items}_known": 0.0}, attributes=given)
    assert gone.of("basket {items}")[0] == "basket {items} is not given"
