"""Kinds of merchant: code, price level, hours, the way prices end, how common they are."""

from __future__ import annotations

import numpy as np

# hours of the day at which such a place is busy, 0 to 23
_HOURS = {
    "shop": [0, 0, 0, 0, 0, 0, 1, 4, 7, 9, 10, 10, 10, 9, 9, 9, 10, 10, 9, 6, 3, 1, 0, 0],
    "food": [1, 0, 0, 0, 0, 0, 2, 4, 5, 4, 5, 8, 10, 9, 5, 4, 4, 5, 8, 10, 9, 6, 3, 2],
    "night": [6, 4, 2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 6, 8, 9, 10, 10, 9, 8],
    "commute": [1, 0, 0, 0, 1, 3, 7, 10, 9, 6, 5, 5, 6, 5, 5, 6, 8, 10, 9, 6, 4, 3, 3, 2],
    "office": [0, 0, 0, 0, 0, 0, 0, 2, 7, 10, 10, 9, 7, 8, 10, 9, 8, 5, 2, 0, 0, 0, 0, 0],
    "always": [10] * 24,
}
# the way an amount ends: exact cents, charm price (.99), halves, whole units, notes
ENDINGS = ("exact", "charm", "half", "whole", "note")
_STYLES = {
    "till": (0.82, 0.06, 0.06, 0.06, 0.0),
    "retail": (0.38, 0.40, 0.08, 0.14, 0.0),
    "service": (0.40, 0.05, 0.22, 0.33, 0.0),
    "invoice": (0.74, 0.08, 0.04, 0.14, 0.0),
    "cash": (0.0, 0.0, 0.0, 0.0, 1.0),
    "person": (0.30, 0.0, 0.10, 0.60, 0.0),
}
# name, MCC, weight in town, weight online, median euros, sigma of its logarithm, hours, ending
_CATEGORIES = (
    ("grocery", "5411", 22.0, 2.0, 40.0, 0.70, "shop", "till"),
    ("restaurant", "5812", 10.0, 0.0, 40.0, 0.55, "food", "service"),
    ("fast food", "5814", 9.0, 2.5, 15.0, 0.50, "food", "till"),
    ("fuel", "5541", 8.0, 0.0, 58.0, 0.40, "commute", "till"),
    ("transit", "4111", 5.0, 1.5, 9.0, 0.80, "commute", "service"),
    ("pharmacy", "5912", 5.0, 1.0, 25.0, 0.70, "shop", "till"),
    ("clothing", "5651", 6.0, 9.0, 62.0, 0.65, "shop", "retail"),
    ("electronics", "5732", 1.6, 7.0, 130.0, 1.00, "shop", "retail"),
    ("department store", "5311", 5.0, 10.0, 52.0, 0.80, "shop", "retail"),
    ("taxi", "4121", 3.0, 2.0, 22.0, 0.55, "night", "service"),
    ("books", "5942", 2.0, 4.0, 26.0, 0.60, "shop", "retail"),
    ("games", "5816", 0.0, 6.0, 14.0, 0.90, "always", "retail"),
    ("digital media", "5815", 0.0, 5.0, 11.0, 0.60, "always", "retail"),
    ("telecom", "4814", 1.0, 3.0, 35.0, 0.50, "office", "invoice"),
    ("hotel", "7011", 1.5, 4.0, 150.0, 0.65, "food", "invoice"),
    ("airline", "4511", 0.0, 3.0, 200.0, 0.75, "always", "invoice"),
    ("bar", "5813", 4.0, 0.0, 22.0, 0.60, "night", "service"),
    ("hairdresser", "7230", 2.0, 0.0, 38.0, 0.45, "shop", "service"),
    ("home supply", "5200", 3.0, 3.0, 60.0, 0.80, "shop", "retail"),
    ("furniture", "5712", 1.0, 2.0, 170.0, 0.85, "shop", "retail"),
    ("utilities", "4900", 0.5, 2.5, 85.0, 0.50, "office", "invoice"),
    ("gambling", "7995", 0.4, 2.0, 40.0, 0.85, "night", "person"),
    ("jewellery", "5944", 0.6, 1.2, 150.0, 0.90, "shop", "retail"),
    ("quasi cash", "6051", 0.3, 1.5, 110.0, 0.95, "always", "person"),
    ("parking", "7523", 4.0, 1.0, 7.0, 0.70, "commute", "service"),
    ("health", "8062", 2.0, 0.5, 60.0, 0.70, "office", "service"),
    ("tickets", "7922", 1.0, 3.0, 68.0, 0.60, "always", "service"),
    ("charity", "8398", 0.2, 1.2, 18.0, 0.90, "always", "person"),
    ("gift cards", "5947", 0.8, 2.5, 50.0, 0.60, "shop", "person"),
    ("subscriptions", "5968", 0.0, 4.0, 15.0, 0.50, "always", "retail"),
    ("cash machine", "6011", 0.0, 0.0, 70.0, 0.70, "always", "cash"),
    ("transfer", "4829", 0.0, 0.0, 90.0, 1.00, "always", "person"),
)
NAMES = tuple(row[0] for row in _CATEGORIES)
MCC = tuple(row[1] for row in _CATEGORIES)
IN_TOWN = np.array([row[2] for row in _CATEGORIES])
ONLINE = np.array([row[3] for row in _CATEGORIES])
MEDIAN_EUR = np.array([row[4] for row in _CATEGORIES])
SIGMA = np.array([row[5] for row in _CATEGORIES])
BUSY = np.array([_HOURS[row[6]] for row in _CATEGORIES], np.float64)
"""(categories, 24): chance, up to 10, that a customer about to pay at that hour goes there."""
STYLE = np.cumsum(np.array([_STYLES[row[7]] for row in _CATEGORIES]), axis=1)


def index(name: str) -> int:
    """Return the number of the category of that name."""
    return NAMES.index(name)


CASH = index("cash machine")
TRANSFER = index("transfer")
