"""Tables as other people keep them: headers and values of well-known shapes, made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS = 1500


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _fraud() -> np.ndarray[Any, np.dtype[np.bool_]]:
    fraud: np.ndarray[Any, np.dtype[np.bool_]] = np.arange(ROWS) % 37 == 5
    return fraud


def _money(middle: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.round(_rng().gamma(2.0, middle / 2, ROWS), 2)


def _some(*values: str | None) -> list[str | None]:
    """Return values drawn at random, None among them."""
    return [values[place] for place in _rng().integers(0, len(values), ROWS)]


def _moments() -> pl.Series:
    """Return ninety days of moments from 2026-01-01 on, in order."""
    return pl.Series(1_767_225_600_000 + np.arange(ROWS) * (90 * 86_400_000 // ROWS)).cast(
        pl.Datetime("ms")
    )


def handbook() -> pl.DataFrame:
    """Return the header of the Fraud Detection Handbook's data."""
    rng = _rng()
    return pl.DataFrame(
        {
            "TRANSACTION_ID": np.arange(ROWS),
            "TX_DATETIME": _moments(),
            "CUSTOMER_ID": rng.integers(0, 200, ROWS),
            "TERMINAL_ID": rng.integers(0, 300, ROWS),
            "TX_AMOUNT": _money(50),
            "TX_FRAUD": _fraud().astype(int),
            "TX_FRAUD_SCENARIO": _fraud() * (1 + np.arange(ROWS) % 3),
        }
    )


def ulb() -> pl.DataFrame:
    """Return the header of the Université Libre de Bruxelles' data: two days, no customers."""
    rng = _rng()
    return pl.DataFrame(
        {"Time": np.sort(rng.integers(0, 172_792, ROWS)).astype(float)}
        | {f"V{number}": rng.normal(size=ROWS) for number in range(1, 29)}
        | {"Amount": _money(80), "Class": _fraud().astype(int)}
    )


def paysim() -> pl.DataFrame:
    """Return the header of PaySim: mobile money, hours as steps."""
    rng = _rng()
    kinds = ["CASH_IN", "CASH_OUT", "DEBIT", "PAYMENT", "TRANSFER"]
    return pl.DataFrame(
        {
            "step": np.sort(rng.integers(1, 744, ROWS)),
            "type": rng.choice(kinds, ROWS),
            "amount": _money(9000),
            "nameOrig": [f"C{number}" for number in rng.permutation(ROWS) + 10**8],
            "oldbalanceOrg": _money(80_000),
            "newbalanceOrig": _money(80_000),
            "nameDest": [f"M{number}" for number in rng.integers(0, 90, ROWS)],
            "oldbalanceDest": _money(90_000),
            "newbalanceDest": _money(90_000),
            "isFraud": _fraud().astype(int),
            "isFlaggedFraud": (_fraud() & (np.arange(ROWS) < 50)).astype(int),
        }
    )


def ieee_cis() -> pl.DataFrame:
    """Return a header like IEEE-CIS': seconds from somewhere, many unnamed columns."""
    rng = _rng()
    return pl.DataFrame(
        {
            "TransactionID": np.arange(2_987_000, 2_987_000 + ROWS),
            "isFraud": _fraud().astype(int),
            "TransactionDT": np.sort(rng.integers(86_400, 15_811_131, ROWS)),
            "TransactionAmt": _money(120),
            "ProductCD": rng.choice(list("WCRHS"), ROWS),
            "card1": rng.integers(1000, 1100, ROWS),
            "card2": rng.integers(100, 600, ROWS).astype(float),
            "card4": rng.choice(["visa", "mastercard"], ROWS),
            "addr1": rng.integers(100, 540, ROWS).astype(float),
            "P_emaildomain": _some("mail.example", "post.example", None),
            "C1": rng.integers(0, 50, ROWS).astype(float),
            "D1": rng.integers(0, 600, ROWS).astype(float),
            "M1": _some("T", "F", None),
            "V1": rng.random(ROWS),
            "DeviceType": _some("mobile", "desktop", None),
            "DeviceInfo": _some("Windows", "iOS Device", None),
        }
    )


def german() -> pl.DataFrame:
    """Return German names, as text of a spreadsheet: decimal commas, day first."""
    rng = _rng()
    told = _moments().dt.offset_by("9d").dt.strftime("%Y-%m-%d").to_list()
    return pl.DataFrame(
        {
            "Umsatz-ID": [f"U{number:06d}" for number in range(ROWS)],
            "Buchungszeit": _moments().dt.strftime("%d.%m.%Y %H:%M"),
            "Kundennummer": rng.integers(10_000, 10_200, ROWS),
            "Händler": [f"H{number}" for number in rng.integers(0, 80, ROWS)],
            "Betrag": [f"{amount:.2f}".replace(".", ",") for amount in _money(60)],
            "Währung": ["EUR"] * ROWS,
            "Land": rng.choice(["DE", "AT", "FR"], ROWS),
            "Kanal": rng.choice(["online", "pos", "atm"], ROWS),
            "Rückbuchung_gemeldet": [
                day if fraud else "" for day, fraud in zip(told, _fraud(), strict=True)
            ],
            "Betrug": np.where(_fraud(), "ja", "nein"),
        }
    )


def little() -> pl.DataFrame:
    """Return a time and an amount, and nothing else."""
    return pl.DataFrame(
        {
            "time": _moments().dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "amount": _rng().integers(100, 9000, ROWS),
        }
    )


TABLES: dict[str, Callable[[], pl.DataFrame]] = {
    one.__name__: one for one in (handbook, ulb, paysim, ieee_cis, german, little)
}


def write(name: str, folder: Path) -> Path:
    """Write a table as such files come: Parquet, a spreadsheet's CSV in Windows' letters, CSV."""
    table = TABLES[name]()
    if name == "handbook":
        path = folder / f"{name}.parquet"
        table.write_parquet(path)
    else:
        path = folder / f"{name}.csv"
        text = table.write_csv(separator=";" if name == "german" else ",")
        path.write_text(text, encoding="cp1252" if name == "german" else "utf-8")
    return path
