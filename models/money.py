"""Currencies, minor units, and amounts in the reporting currency."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
    "LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
    "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR "
    "ZMW ZWG"
)
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}
"""Decimal places of each ISO 4217 currency."""

MOST_MINOR = 10**15
"""Amounts above this are not taken: sums of them would leave 64 bits."""
_EPOCH = date(1970, 1, 1).toordinal()


def major_units(reporting_minor: NDArray[np.int64], currency: str) -> NDArray[np.float64]:
    """Return amounts in units of the reporting currency, NaN where there is no exchange rate."""
    major = reporting_minor / 10.0 ** EXPONENTS[currency]
    return np.where(reporting_minor < 0, np.nan, major)


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of the reporting currency for one unit of another, by day.

    `days` (m,) are days since the epoch, ascending; `rates[code]` (m,) are positive or NaN.
    A payment uses the newest rate of its day or before; `version` names the file.
    """

    reporting_currency: str
    version: str
    days: NDArray[np.int64]
    rates: dict[str, NDArray[np.float64]]

    @staticmethod
    def none(reporting_currency: str) -> Rates:
        """Return rates under which only the reporting currency itself has a value."""
        if reporting_currency not in EXPONENTS:
            raise BadInput(f"reporting currency {reporting_currency!r} is not an ISO 4217 code")
        return Rates(reporting_currency, "none", np.empty(0, np.int64), {})

    @staticmethod
    def load(path: Path, reporting_currency: str) -> Rates:
        """Read a CSV of `date,currency,rate` rows. Raises BadInput with the line at fault."""
        if reporting_currency not in EXPONENTS:
            raise BadInput(f"reporting currency {reporting_currency!r} is not an ISO 4217 code")
        try:
            lines = path.read_text().splitlines()[1:]
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"rate file {path} cannot be read ({error}); give a CSV file") from error
        found: dict[str, dict[int, float]] = {}
        for number, line in enumerate(lines, start=2):
            try:
                day_text, code, rate = line.split(",")
                day = date.fromisoformat(day_text).toordinal() - _EPOCH
                value = float(rate)
            except ValueError as error:
                raise BadInput(
                    f"rate file {path}, line {number}: {line!r} is not date,currency,rate ({error})"
                ) from error
            if code not in EXPONENTS or not 0 < value < math.inf:
                raise BadInput(
                    f"rate file {path}, line {number}: unknown currency, or no positive rate"
                )
            found.setdefault(code, {})[day] = value
        days = np.array(sorted({day for by_day in found.values() for day in by_day}), np.int64)
        rates = {
            code: np.array([by_day.get(int(day), np.nan) for day in days])
            for code, by_day in found.items()
        }
        return Rates(reporting_currency, path.stem, days, rates)

    def reporting_minor(
        self,
        amount_minor: NDArray[np.int64],
        currency: NDArray[np.object_],
        billing_minor: NDArray[np.int64],
        billing_currency: NDArray[np.object_],
        occurred_ms: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return amounts in minor units of the reporting currency, -1 where there is no rate.

        The billing amount is used if it is in the reporting currency; else the payment's own
        amount, converted with the day's rate unless it already is.
        """
        home = self.reporting_currency
        out = np.where(currency == home, amount_minor, -1)
        billed = (billing_minor >= 0) & (billing_currency == home)
        out = np.where(billed, billing_minor, out)
        for code in set(currency[out < 0]):
            if code in self.rates:
                rows = (out < 0) & (currency == code)
                out[rows] = self._converted(code, amount_minor[rows], occurred_ms[rows])
        return out.astype(np.int64)

    def _converted(self, code: Any, minor: NDArray[np.int64], at_ms: NDArray[np.int64]) -> Any:
        series = self.rates[code]
        have = np.flatnonzero(~np.isnan(series))
        place = np.searchsorted(self.days[have], at_ms // 86_400_000, side="right") - 1
        rate = np.where(place >= 0, series[have][np.maximum(place, 0)], np.nan)
        scale = 10.0 ** (EXPONENTS[self.reporting_currency] - EXPONENTS[code])
        value = np.rint(minor * rate * scale)
        return np.where(value <= MOST_MINOR, value, -1).astype(np.int64)
