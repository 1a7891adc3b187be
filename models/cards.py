"""Card numbers never enter: found in any text, refused, and masked wherever bytes are kept.

A card number is 13 to 19 digits in an issuer range of a card scheme, of a length the scheme
issues, that pass the Luhn check. Its digits may stand in groups, parted by single spaces or
hyphens; it starts and ends where a group does, and no letter touches it. The decimals of a
number are not one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from models.joined import Joined, joined
from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_DIGITS, MOST_DIGITS = 13, 19

# Issuer ranges of the card schemes: first and last prefix, shortest and longest number.
_RANGES: tuple[tuple[int, int, int, int], ...] = (
    (4, 4, 13, 19),  # Visa
    (51, 55, 16, 16),  # Mastercard
    (2221, 2720, 16, 16),
    (34, 34, 15, 15),  # American Express
    (37, 37, 15, 15),
    (300, 305, 14, 19),  # Diners Club
    (36, 36, 14, 19),
    (38, 39, 14, 19),
    (6011, 6011, 16, 19),  # Discover
    (644, 659, 16, 19),
    (3528, 3589, 16, 19),  # JCB
    (62, 62, 16, 19),  # UnionPay
    (2200, 2204, 16, 19),  # Mir
    (60, 60, 16, 16),  # RuPay
    (81, 82, 16, 16),
    (9792, 9792, 16, 16),  # Troy
    (50, 50, 13, 19),  # Maestro and domestic schemes
    (56, 58, 13, 19),
    (6304, 6304, 13, 19),
    (6759, 6763, 13, 19),
)
_SCHEMES = np.array([(len(str(low)), low, *rest) for low, *rest in _RANGES], np.int64)

# JSON may write an ASCII character by its number: digits, space and hyphen so written.
_ESCAPED = re.compile(rb"\\u00(3[0-9]|2[0dD])")


def is_card_number(text: str) -> bool:
    """Whether the text holds a card number: scheme range, length and Luhn check all fit."""
    return len(_found(joined([text]))) > 0


def rows_with_card_numbers(column: NDArray[np.object_] | Joined) -> NDArray[np.int64]:
    """Return the rows of a text column (None allowed) that hold a card number."""
    texts = column if isinstance(column, Joined) else joined(column)
    return np.unique(_found(texts)[:, 0])


def masked(payload: bytes) -> bytes:
    """Return the bytes with every card number cut to its BIN and last four digits."""
    plain = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), payload)
    data = np.frombuffer(plain, np.uint8)
    found = _found(Joined(data, np.array([len(data)], np.int64)))
    if not len(found):
        return payload
    pieces, at = [], 0
    for _, start, end in found.tolist():
        digits = re.sub(rb"[ -]", b"", plain[start:end])
        pieces += [plain[at:start], digits[:6], b"*" * (len(digits) - 10), digits[-4:]]
        at = end
    return b"".join((*pieces, plain[at:]))


def masked_text(text: str) -> str:
    """Return the text with every card number cut to its BIN and last four digits."""
    return masked(text.encode("utf-8", "replace")).decode()


def _found(texts: Joined) -> NDArray[np.int64]:
    """Return (row, start, end) of each card number, (m, 3); positions are those in `data`."""
    if len(texts.data) < LEAST_DIGITS:
        return np.empty((0, 3), np.int64)
    found: NDArray[np.int64] = _scan(texts.data, texts.ends, _SCHEMES)
    return found


@kernel
def _is_digit(byte: Any) -> bool:
    return bool(48 <= byte <= 57)


@kernel
def _is_word(byte: Any) -> bool:
    return bool(_is_digit(byte) or 65 <= byte <= 90 or 97 <= byte <= 122)


@kernel
def _scan(
    data: NDArray[Any], ends: NDArray[np.int64], schemes: NDArray[np.int64]
) -> NDArray[np.int64]:
    found = np.empty((4, 3), np.int64)
    count, at = 0, 0
    for row in range(len(ends)):
        first, stop = at, ends[row]
        while at < stop:
            end = _card_end(data, at, stop, schemes) if _starts(data, first, at) else 0
            if end > 0:
                if count == len(found):
                    more = np.empty((2 * count, 3), np.int64)
                    more[:count] = found
                    found = more
                found[count, 0], found[count, 1], found[count, 2] = row, at, end
                count += 1
            at = max(end, at + 1)
    return found[:count]


@kernel
def _starts(data: NDArray[Any], first: int, at: int) -> bool:
    """Whether a group of digits starts here that is not the decimals of a number."""
    if not _is_digit(data[at]):
        return False
    if at == first:
        return True
    last = data[at - 1]
    decimals = last == 46 and at - 1 > first and _is_digit(data[at - 2])
    return not decimals and not _is_word(last)


@kernel
def _card_end(data: NDArray[Any], start: int, stop: int, schemes: NDArray[np.int64]) -> int:
    """Return where the longest card number that starts here ends, 0 if none does."""
    digits = np.empty(MOST_DIGITS, np.int64)
    count, end, at = 0, 0, start
    while at < stop and count < MOST_DIGITS:
        following = np.int64(data[at + 1]) if at + 1 < stop else np.int64(0)
        if _is_digit(data[at]):
            digits[count] = np.int64(data[at]) - 48
            count += 1
            if count >= LEAST_DIGITS and not _is_word(following) and _fits(digits, count, schemes):
                end = at + 1
        elif not (data[at] == 32 or data[at] == 45) or not _is_digit(following):
            break
        at += 1
    return end


@kernel
def _fits(digits: NDArray[np.int64], count: int, schemes: NDArray[np.int64]) -> bool:
    """Whether a scheme issues such numbers, and the mod-10 check of ISO/IEC 7812-1, annex B."""
    total = 0
    for place in range(count):
        value = digits[count - 1 - place] * (1 + place % 2)
        total += value - 9 if value > 9 else value
    if total % 10 != 0:
        return False
    for scheme in range(len(schemes)):
        prefix = 0
        for place in range(schemes[scheme, 0]):
            prefix = 10 * prefix + digits[place]
        of_scheme = schemes[scheme, 1] <= prefix <= schemes[scheme, 2]
        if of_scheme and schemes[scheme, 3] <= count <= schemes[scheme, 4]:
            return True
    return False
